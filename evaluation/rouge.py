"""ROUGE-1, -2, -L and -Lsum of a summary against one or several references (Lin 2004).

The scores are those of Google's `rouge-score`: F1 over lower-cased, Porter-stemmed words. With
several references the headline is the mean over them, which is what a table over (dialogue,
reference) pairs shows; the best of them stands beside it, as `rouge-score`'s `score_multi` has it.
ROUGE-Lsum wants a sentence a line: the split is `ingestion.sentences`, as nltk's needs a download.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from evaluation.bootstrap import interval
from ingestion.sentences import sentences

MEASURES = ("rouge1", "rouge2", "rougeL", "rougeLsum")

Scores = dict[str, float]


@dataclass(frozen=True, slots=True)
class Rouge:
    """F1 in [0, 1] by measure of one summary: mean over its references, and the best of them."""

    mean: Scores
    best: Scores


def rouge(summary: str, references: Sequence[str]) -> Rouge:
    """Scores of one summary. An empty summary scores 0; raises `ValueError` without a reference."""
    if not references:
        raise ValueError("ROUGE needs a reference to compare with")
    lines = _a_sentence_a_line(summary)
    scores = [_scorer().score(_a_sentence_a_line(reference), lines) for reference in references]
    by_measure = {name: [float(score[name].fmeasure) for score in scores] for name in MEASURES}
    return Rouge(
        mean={name: sum(values) / len(values) for name, values in by_measure.items()},
        best={name: max(values) for name, values in by_measure.items()},
    )


def rouge_figures(
    scored: Sequence[Rouge], *, clusters: Sequence[Hashable] | None = None, seed: int = 0
) -> dict[str, dict[str, float | int]]:
    """Mean over the summaries with its bootstrap interval: `rouge1`…, and `rouge1_best`…"""
    values = {name: [score.mean[name] for score in scored] for name in MEASURES}
    values |= {f"{name}_best": [score.best[name] for score in scored] for name in MEASURES}
    found = {
        name: interval(column, clusters=clusters, seed=seed) for name, column in values.items()
    }
    return {name: figure.as_json() for name, figure in found.items() if figure}


def _a_sentence_a_line(text: str) -> str:
    return "\n".join(sentences(text))


@cache
def _scorer() -> Any:
    # Here, because it imports nltk, which takes a second.
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(list(MEASURES), use_stemmer=True)
