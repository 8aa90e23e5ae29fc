"""From cells to figures: means with intervals, paired differences, and the trivial floors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.bootstrap import compare, interval
from evaluation.rouge import MEASURES, rouge
from evaluation.summaries.baselines import baselines
from evaluation.summaries.example import SummarySet
from finetune.data.overlap import NEAR_COPY, all_grams, share_seen

Scores = Mapping[str, Sequence[float]]
"""ROUGE measure → its value for each dialogue."""
Figure = dict[str, float]


def floors(measured: SummarySet) -> dict[str, Scores]:
    """What one sentence for all dialogues reaches, and the first three turns."""
    legs: dict[str, dict[str, list[float]]] = {}
    for example in measured.examples:
        for name, text in baselines(measured, example).items():
            scores = rouge(text, example.references).mean
            leg = legs.setdefault(name.replace("-", "_"), {m: [] for m in MEASURES})
            for measure in MEASURES:
                leg[measure].append(scores[measure])
    return dict(legs)


def rouge_of(scores: Scores) -> dict[str, Figure]:
    """Means over the dialogues with their 95 % intervals."""
    found = {measure: interval(scores[measure]) for measure in MEASURES}
    return {measure: figure.as_json() for measure, figure in found.items() if figure}


def near_copies(measured: SummarySet, training: SummarySet) -> list[bool]:
    """Which dialogues share half of their word 8-grams or more with the training split."""
    seen = all_grams(example.text for example in training.examples)
    return [share_seen(example.text, seen) >= NEAR_COPY for example in measured.examples]


def without(legs: Mapping[str, Scores], left_out: Sequence[bool]) -> dict[str, Any]:
    """ROUGE-1 of the other dialogues."""
    found: dict[str, Any] = {"left_out": sum(left_out)}
    for leg, scores in legs.items():
        rest = [score for score, out in zip(scores["rouge1"], left_out, strict=True) if not out]
        found[leg] = figure.as_json() if (figure := interval(rest)) else None
    return found


def compared(legs: Mapping[str, Scores], pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Paired bootstrap of one leg − another over the same dialogues, as far as both are there."""
    return {
        f"{one} − {other}": {
            measure: compare(legs[one][measure], legs[other][measure]).as_json()
            for measure in MEASURES
        }
        for one, other in pairs
        if one in legs and other in legs
    }


def training_figures(cell: Mapping[str, Any]) -> dict[str, Figure]:
    """Without the peak of memory where it is not known."""
    found = {
        "trainable_share": cell["trainable_share"],
        "minutes": cell["seconds"] / 60,
        "tokens_per_second": cell["tokens_per_second"],
        "peak_memory_mb": cell["peak_memory_mb"],
    }
    return {name: {"value": value} for name, value in found.items() if value is not None}


def forgetting_figures(cell: Mapping[str, Any]) -> dict[str, Figure]:
    """`forgotten_TASK`: after − before, so that a loss is negative."""
    return {f"forgotten_{task['task']}": task["difference"] for task in cell["tasks"]}
