"""Ingestion against a plain LangChain pipeline: source characters a second, evidence not lower.

Both read the Markdown of hf_course, ml_engineering and d2l with the same encoder weights on the
same machine, as fresh processes, start-up included, in turns (Lectern, baseline, Lectern, …), so
that a busy machine slows both; a ratio is the median of its pairs. A random third of the files
gives the pairs, all of the files one more pair, whose indexes are then asked the course questions
(not the follow-ups, which mean nothing alone). About twelve minutes on two cores:

    python -m benchmarks.ingestion_vs_langchain --data ../shared/data --out docs/results
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fresh_process import LECTERN, REPOSITORY, timed
from benchmarks.langchain_baseline import SUFFIXES, open_store
from benchmarks.record import Figure, data_argument, median_of, out_argument, record
from chatbot.retrieval.hybrid import Retriever
from chatbot.settings import ChatSettings
from evaluation.assistant_subject import retrieved
from evaluation.bootstrap import compare, interval
from evaluation.evidence import BUDGET, Retrieved, evidence_within, holds_all
from evaluation.questions import Question, load_questions
from ingestion.index import Index

COURSES = ("hf_course", "ml_engineering", "d2l")
QUESTIONS = REPOSITORY / "benchmarks" / "course_questions" / "answerable.jsonl"
DEPTH = 5
_ENOUGH = 40
"""Passages that surely hold 5,000 characters."""

Search = Callable[[str], list[Retrieved]]


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    chunks: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Both pipelines on the same files, one after the other."""

    ours: Run
    baseline: Run

    @property
    def ratio(self) -> float:
        """Of source characters a second: both read the same characters."""
        return self.baseline.seconds / self.ours.seconds

    @property
    def chunk_ratio(self) -> float:
        """Of chunks a second; ours are as long as the encoder's window lets them be."""
        return self.ratio * self.ours.chunks / self.baseline.chunks


def copy_markdown(data: Path, to: Path, share: float, seed: int) -> int:
    """Copy a share of the courses' Markdown files, drawn at random; returns their characters."""
    files = [
        path
        for course in COURSES
        for path in sorted((data / "courses" / course).rglob("*"))
        if path.suffix in SUFFIXES
    ]
    chosen = random.Random(seed).sample(files, max(1, round(share * len(files))))
    characters = 0
    for path in chosen:
        copy = to / path.relative_to(data / "courses")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        characters += len(path.read_text(encoding="utf-8"))
    return characters


def run_pair(source: Path, work: Path) -> Pair:
    """Both pipelines into new folders `work/ours` and `work/baseline`."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    courses = [str(folder.resolve()) for folder in sorted(source.iterdir())]
    lectern = [LECTERN, "ingest", *courses, "--index", str(work / "ours"), "--json"]
    plain = [sys.executable, "-m", "benchmarks.langchain_baseline", *courses]
    report, ours = timed(lectern, work)
    printed, baseline = timed([*plain, "--store", str(work / "baseline")], work)
    chunks = int(json.loads(report)["chunks"]), int(printed.split()[-1])
    pair = Pair(Run(ours, chunks[0]), Run(baseline, chunks[1]))
    print(f"Lectern {ours:.1f} s, baseline {baseline:.1f} s: {pair.ratio:.2f}×", file=sys.stderr)
    return pair


def evidence_of(search: Search, questions: Sequence[Question]) -> tuple[list[float], list[float]]:
    """Per question: evidence within 5,000 characters, and within 5 passages."""
    within, raw = [], []
    for question in questions:
        found = search(question.question)
        within.append(float(evidence_within(found, question.evidence, DEPTH * BUDGET)))
        raw.append(float(holds_all([f.text for f in found[:DEPTH]], question.evidence)))
    return within, raw


def compare_evidence(work: Path) -> dict[str, Figure]:
    """Evidence of three searches: the product's, its dense leg alone, and the baseline's."""
    held = [q for q in load_questions(QUESTIONS) if q.course in COURSES and not q.history]
    index = Index(work / "ours")
    store = open_store(work / "baseline")

    def product(weight: float) -> Search:
        retriever = Retriever(index, weight)
        return lambda question: [retrieved(p) for p in retriever.search(question, _ENOUGH)]

    def baseline(question: str) -> list[Retrieved]:
        return [
            Retrieved(
                found.metadata["course"],
                found.metadata["file"],
                found.metadata["ordinal"],
                found.metadata["ordinal"],
                found.page_content,
            )
            for found in store.similarity_search(question, _ENOUGH)
        ]

    searches = {
        "fusion": product(ChatSettings().fusion_weight),
        "dense": product(1.0),
        "baseline": baseline,
    }
    measured = {name: evidence_of(search, held) for name, search in searches.items()}
    figures: dict[str, Figure] = {}
    for name, kinds in measured.items():
        for kind, values in zip(("evidence@5", "raw_evidence@5"), kinds, strict=True):
            found = interval(values)
            assert found is not None
            figures[f"{name}_{kind}"] = dict(found.as_json())
    for name in ("fusion", "dense"):
        difference = compare(measured[name][0], measured["baseline"][0]).difference
        figures[f"{name}_minus_baseline_evidence@5"] = dict(difference.as_json())
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--pairs", type=int, default=3, help="pairs over the share of the files")
    parser.add_argument("--share", type=float, default=1 / 3)
    parser.add_argument("--whole", type=float, default=1.0, help="share that stands for all files")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        some = copy_markdown(asked.data, folder / "some", asked.share, asked.seed)
        all_of_it = copy_markdown(asked.data, folder / "all", asked.whole, asked.seed)
        pairs = [run_pair(folder / "some", folder / "work") for _ in range(asked.pairs)]
        whole = run_pair(folder / "all", folder / "work")
        figures = compare_evidence(folder / "work")
    figures |= {
        "ratio": {"value": whole.ratio},
        "chunk_ratio": {"value": whole.chunk_ratio},
        "share_ratio": median_of([pair.ratio for pair in pairs]),
        "share_chunk_ratio": median_of([pair.chunk_ratio for pair in pairs]),
        "characters_per_second": {"value": all_of_it / whole.ours.seconds},
        "baseline_characters_per_second": {"value": all_of_it / whole.baseline.seconds},
    }
    record(
        asked.out,
        "ingestion_vs_langchain",
        figures,
        characters={"all": all_of_it, "share": some},
        seconds={
            "ours": [pair.ours.seconds for pair in (*pairs, whole)],
            "baseline": [pair.baseline.seconds for pair in (*pairs, whole)],
        },
        chunks={"ours": whole.ours.chunks, "baseline": whole.baseline.chunks},
        seed=asked.seed,
    )


if __name__ == "__main__":
    main()
