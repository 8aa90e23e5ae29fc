"""Fit the weights in `chatbot/confidence.py`, and the confidence under which to be silent.

On the development half of the course FAQ's entries and on eight of SQuAD 2's articles, nothing
else. Each question is asked where its answer stands, where its subject is missing (another course,
no such article), and where only its document is missing (the entry, the paragraph): four sets of
equal weight, in each three of four questions answerable, as learners mostly ask what a course
treats. The questions are a sample, drawn with a seed. Cross-validation by document says what each
signal is good for. The threshold is the one that refuses a twentieth of the FAQ's answerable
questions, rounded to the nearest .05.

With a reader the weights are those of `READ` and belong to that reader; `benchmarks/fit_reading.py`
comes before. With `LECTERN_READER=` in the environment, which does without, they are those of
`PICKED`. About eight minutes:

    python -m benchmarks.fit_confidence --data ../shared/data --work build/bench --out docs/results
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from benchmarks.abstention_asks import Ask, Asked, ask_all, join
from benchmarks.faq_asks import faq_asks
from benchmarks.record import data_argument, out_argument, record
from benchmarks.squad_asks import squad_asks
from chatbot.confidence import Evidence, ReadEvidence
from chatbot.remembering import RememberingEncoder
from evaluation.abstention.calibration import Calibrator, fit, folds, log_loss, mixed
from evaluation.abstention.measures import Floats, auroc, tally, threshold_at
from evaluation.progress import progress_bar
from ingestion.encoders.factory import load_encoder

ANSWERABLE_SHARE = 0.75
SPARED = 0.05
"""Share of the answerable questions that the threshold may refuse."""
STEP = 0.05
FOLDS = 5
SAMPLE = 500
"""Questions of the FAQ, and of the articles."""
PICKED = tuple(field.name for field in fields(Evidence))
SIGNALS = tuple(field.name for field in fields(ReadEvidence))
SUBSETS = (
    ("sense",),
    ("coverage",),
    ("sense", "coverage"),
    ("sense", "coverage", "dense_margin"),
    ("sense", "coverage", "lexical_margin"),
    ("sense", "dense_margin", "lexical_margin"),
    ("coverage", "dense_margin", "lexical_margin"),
    PICKED,
    ("span",),
    ("sense", "span"),
    ("coverage", "span"),
    SIGNALS,
)
Sets = Mapping[str, Asked]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder for documents and indexes")
    parser.add_argument("--sample", type=int, default=SAMPLE)
    parser.add_argument("--limit", type=int, help="first N questions, paragraphs of an article")
    asked = parser.parse_args()

    sets = fitting_sets(asked.data, asked.work, asked.limit, asked.sample)
    read = all(one.signals.shape[1] == len(SIGNALS) for one in sets.values())
    signals = SIGNALS if read else PICKED
    figures = {}
    for names in SUBSETS:
        if not set(names) <= set(signals):
            continue
        probabilities = cross_fitted(sets, names)
        losses, areas = [], []
        for name, one in sets.items():
            weights = mixed(one.answerable, ANSWERABLE_SHARE)
            losses.append(log_loss(probabilities[name], one.answerable, weights))
            areas.append(auroc(tally(probabilities[name], one.answerable)))
        key = "_".join(names)
        figures[f"log_loss_{key}"] = {"value": float(np.mean(losses))}
        figures[f"auroc_{key}"] = {"value": float(np.mean(areas))}
        spread = ", ".join(f"{n} {a:.3f}" for n, a in zip(sets, areas, strict=True))
        print(f"{' + '.join(names)}: log loss {np.mean(losses):.4f}, AUROC {spread}")

    fitted = fit_on(list(sets.values()), signals)
    faq = sets["faq other course"]
    exact = threshold_at(
        tally(cross_fitted(sets, signals)["faq other course"], faq.answerable), SPARED
    )
    threshold = round(round(exact / STEP) * STEP, 2)
    weights = dict(zip(signals, np.round(fitted.weights, 2).tolist(), strict=True))
    said = ", ".join(f"{name}={weight}" for name, weight in weights.items())
    print(f"{'READ' if read else 'PICKED'} = Calibration({fitted.bias:.2f}, {said})")
    print(f"abstain_below = {threshold:.2f} ({exact:.4f})")
    record(
        asked.out,
        "confidence_fit" if read else "confidence_fit_without_reader",
        {**figures, "threshold": {"value": threshold}, "exact_threshold": {"value": exact}},
        bias=round(fitted.bias, 2),
        weights=weights,
        questions={name: len(one.asks) for name, one in sets.items()},
    )


def fitting_sets(data: Path, work: Path, limit: int | None, sample: int) -> dict[str, Asked]:
    """The four sets, each answerable and unanswerable questions."""

    def drawn(*parallel: list[Ask]) -> list[list[Ask]]:
        size = len(parallel[0])
        chosen = sorted(random.Random(0).sample(range(size), min(sample, size)))
        return [[asks[number] for number in chosen] for asks in parallel]

    encoder = RememberingEncoder(load_encoder())
    faq = faq_asks(data, work, "development", encoder, limit)
    squad = squad_asks(data, work, "fit", encoder, limit)
    asks = (
        *drawn(faq.own, faq.other, faq.left_out),
        *drawn(squad.whole, squad.without_article, squad.without_paragraph),
    )
    names = ("own", "other course", "entry left out", "whole", "article left out", "left out")
    with progress_bar() as progress:
        own, other, entry, whole, article, paragraph = (
            ask_all(part, encoder, progress, name) for part, name in zip(asks, names, strict=True)
        )
    return {
        "faq other course": join(own, other),
        "faq entry left out": join(own, entry),
        "squad article left out": join(whole, article),
        "squad paragraph left out": join(whole, paragraph),
    }


def fit_on(sets: Sequence[Asked], names: Sequence[str]) -> Calibrator:
    """A calibrator over the signals `names`, the sets weighing alike."""
    weights = [mixed(one.answerable, ANSWERABLE_SHARE) / len(one.asks) for one in sets]
    together = join(*sets)
    size = len(together.asks) / len(sets)
    return fit(_columns(together, names), together.answerable, np.concatenate(weights) * size)


def cross_fitted(sets: Sets, names: Sequence[str]) -> dict[str, Floats]:
    """For each set the probabilities by calibrators that saw none of the example's document."""
    held = {name: folds(one.documents, FOLDS) for name, one in sets.items()}
    found = {name: np.zeros(len(one.asks)) for name, one in sets.items()}
    for fold in range(FOLDS):
        calibrator = fit_on([one.where(held[n] != fold) for n, one in sets.items()], names)
        for name, one in sets.items():
            inside = held[name] == fold
            found[name][inside] = calibrator(_columns(one, names)[inside])
    return found


def _columns(one: Asked, names: Sequence[str]) -> Floats:
    return one.signals[:, [SIGNALS.index(name) for name in names]]


if __name__ == "__main__":
    main()
