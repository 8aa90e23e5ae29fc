"""What the measures are called in tables and plots, which way is better, and how they are written.

A measure that stands in no list is shown under its own name, as a share of which more is better.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

Form = Literal["share", "score", "count", "seconds", "p"]


@dataclass(frozen=True, slots=True)
class Measure:
    """`form`: a share lies in [0, 1]; a score may be negative; counts and seconds are unbounded."""

    label: str
    form: Form = "share"
    less_is_better: bool = False

    def say(self, value: float) -> str:
        """The value as people read it."""
        if self.form == "count":
            return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"
        if self.form == "seconds":
            return say_seconds(value)
        return f"{value:.4f}" if self.form == "p" else f"{value:.3f}"

    def say_change(self, value: float) -> str:
        """A difference of two values, with its sign."""
        said = self.say(abs(value))
        return said if not said.strip("0.ms,") else f"{'+' if value > 0 else '−'}{said}"


MEASURES = {
    "right": Measure("right answers"),
    "wrong": Measure("wrong answers", less_is_better=True),
    "crag": Measure("CRAG score (right − wrong)", "score"),
    "em": Measure("exact match"),
    "f1": Measure("token F1"),
    "abstained": Measure("abstained"),
    "abstention_precision": Measure("abstention precision"),
    "abstention_recall": Measure("abstention recall"),
    "evidence@prompt": Measure("evidence in the prompt"),
    "ndcg@10": Measure("nDCG@10"),
    "mrr@10": Measure("MRR@10"),
    "hit@5": Measure("hit@5"),
    "map": Measure("MAP"),
}
_AT_DEPTH = {
    "recall": Measure("recall"),
    "evidence": Measure("evidence, thousands of characters"),
    "raw_evidence": Measure("evidence, passages"),
    "passage_characters": Measure("passage length (characters)", "count"),
}
_LESS = re.compile(
    r"toxic|wrong|aurc|calibration_error|\bece\b|latency|seconds|brier|refused_answer"
)
_COUNT = re.compile(r"length|words|characters|tokens|_mb$|memory")


def measure(name: str) -> Measure:
    """The measure called `name`, or `leg/name`, whose label then says the leg."""
    leg, _, bare = name.rpartition("/")
    found = _measure(bare)
    return replace(found, label=f"{leg}: {found.label}") if leg else found


def _measure(name: str) -> Measure:
    if name in MEASURES:
        return MEASURES[name]
    kind, _, depth = name.partition("@")
    if kind in _AT_DEPTH:
        return replace(_AT_DEPTH[kind], label=f"{_AT_DEPTH[kind].label} @{depth}")
    form: Form = "seconds" if "seconds" in name else "count" if _COUNT.search(name) else "share"
    return Measure(name.replace("_", " "), form, bool(_LESS.search(name)))


def say_seconds(seconds: float) -> str:
    """`12 ms`, `1.24 s`."""
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 1 else f"{seconds:.2f} s"
