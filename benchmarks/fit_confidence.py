"""Hold the extractive answerer's confidence against a fitted one: when is the answer in there?

Natural Questions with their paragraphs (QED's development file). Every paragraph of one half of the
articles is a document of an index; the questions of that half can be answered from it, those of the
other half had their document left out. Three signals of the evidence go into a logistic regression
by Newton's method; on a fifth of the questions, held back, it is compared with the weights in
`chatbot/confidence.py`. About five minutes on a quiet machine:

    python -m benchmarks.fit_confidence --data ../shared/data --out docs/results
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.record import data_argument, out_argument, record
from chatbot.confidence import BIAS, PASSAGE, SENSE, WORDS
from chatbot.extractive import ExtractiveAnswerer, evidence
from chatbot.retrieval.hybrid import Retriever
from evaluation.abstention.measures import auroc, tally
from ingestion.index import Index
from ingestion.pipeline import ingest

Floats = NDArray[np.float64]
_RIDGE = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--questions", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    rows = load_qed(asked.data / "qa" / "qed_nq" / "qed-dev.jsonlines.gz")
    rows = random.Random(asked.seed).sample(rows, min(asked.questions, len(rows)))
    with tempfile.TemporaryDirectory() as folder:
        signals, held = signals_of(rows, Path(folder))
    fitted_on = np.arange(len(rows)) % 5 != 0
    weights = logistic(signals[fitted_on], held[fitted_on])
    in_force = np.array([BIAS, SENSE, WORDS, PASSAGE])
    figures = {
        "questions": {"value": float(len(rows))},
        "answerable_share": {"value": float(held.mean())},
    }
    for name, chosen in (("fitted", weights), ("in_force", in_force)):
        probability = predict(signals[~fitted_on], chosen)
        truth = held[~fitted_on]
        figures[f"{name}_auroc"] = {"value": auroc(tally(probability, truth))}
        figures[f"{name}_refused_answerable"] = {"value": float((probability < 0.5)[truth].mean())}
        figures[f"{name}_refused_unanswerable"] = {
            "value": float((probability < 0.5)[~truth].mean())
        }
    names = ("BIAS", "SENSE", "WORDS", "PASSAGE")
    print(", ".join(names), "=", ", ".join(f"{weight:.2f}" for weight in weights))
    record(
        asked.out,
        "confidence",
        figures,
        weights=dict(zip(names, weights.round(2).tolist(), strict=True)),
        seed=asked.seed,
    )


def load_qed(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def signals_of(rows: list[dict[str, Any]], folder: Path) -> tuple[Floats, NDArray[np.bool_]]:
    """A row (1, sense, words, passage) per question, and whether its document is in the index."""
    course = folder / "nq"
    course.mkdir()
    held = np.array([in_index(row["title_text"]) for row in rows])
    for number, (row, inside) in enumerate(zip(rows, held, strict=True)):
        if inside:
            text = f"# {row['title_text']}\n\n{row['paragraph_text']}\n"
            (course / f"{number}.md").write_text(text, encoding="utf-8")
    ingest([course], folder / "index")
    index = Index(folder / "index")
    retriever, answerer = Retriever(index), ExtractiveAnswerer(index.encoder)
    signals = np.zeros((len(rows), 4))
    for number, row in enumerate(rows):
        passages = retriever.search(row["question_text"], 6)
        chosen = answerer.choose(row["question_text"], passages)
        if chosen:
            found = evidence(chosen[0], passages)
            signals[number] = (1.0, found.sense, found.words, found.passage)
    index.close()
    return signals, held


def in_index(title: str) -> bool:
    """Half of the articles, by the parity of the title's hash: no article is on both sides."""
    return hashlib.sha256(title.encode()).digest()[0] % 2 == 0


def logistic(x: Floats, y: NDArray[np.bool_], steps: int = 30) -> Floats:
    """Weights of a logistic regression, lightly ridged, by Newton's method."""
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        p = predict(x, weights)
        gradient = x.T @ (p - y) + _RIDGE * weights
        curvature = (x * (p * (1 - p))[:, None]).T @ x + _RIDGE * np.eye(x.shape[1])
        weights = weights - np.linalg.solve(curvature, gradient)
    return weights


def predict(x: Floats, weights: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-x @ weights)))


if __name__ == "__main__":
    main()
