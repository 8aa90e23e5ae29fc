"""What the measures are called in tables and plots, which way is better, and how they are written.

A measure that stands in no list is shown under its own name, as a share of which more is better.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Form = Literal["share", "score", "count", "seconds", "p"]


@dataclass(frozen=True, slots=True)
class Measure:
    """`form`: a share lies in [0, 1]; a score may be negative; counts and seconds are unbounded."""

    label: str
    form: Form = "share"
    less_is_better: bool = False

    @property
    def plotted(self) -> bool:
        """Whether its values can share an axis with those of others."""
        return self.form in ("share", "score")

    def say(self, value: float) -> str:
        """The value as people read it."""
        if self.form == "count":
            said = f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"
        elif self.form == "seconds":
            said = say_seconds(value)
        else:
            said = f"{value:.4f}" if self.form == "p" else f"{value:.3f}"
        return said.replace("-", "−")

    def say_change(self, value: float) -> str:
        """A difference of two values, with its sign."""
        said = self.say(abs(value))
        return said if not said.strip("0.ms,") else f"{'+' if value > 0 else '−'}{said}"


MEASURES = {
    "right": Measure("right answers"),
    "wrong": Measure("wrong answers", less_is_better=True),
    "crag": Measure("CRAG score", "score"),
    "em": Measure("exact match"),
    "f1": Measure("token F1"),
    "span_em": Measure("exact match, marked words"),
    "span_f1": Measure("token F1, marked words"),
    "contained": Measure("a gold answer contained in the answer"),
    "spoken_em": Measure("exact match, as spoken"),
    "spoken_f1": Measure("token F1, as spoken"),
    "no_answer_accuracy": Measure("silent where there is no answer"),
    "decision_accuracy": Measure("right about yes, no or maybe"),
    "decided": Measure("said yes, no or maybe"),
    "cited": Measure("answers with a citation"),
    "citation_holds_answer": Measure("a cited sentence holds a gold answer"),
    "citation_in_source": Measure("citations in a gold source"),
    "citation_on_evidence": Measure("cited sentences on the evidence"),
    "cited_passage_on_evidence": Measure("cited passages on the evidence"),
    "faithfulness": Measure("sentences supported by the cited passages"),
    "abstained": Measure("abstained"),
    "abstention_precision": Measure("abstention precision"),
    "abstention_recall": Measure("abstention recall"),
    "answered": Measure("answerable questions answered"),
    "refused_at_10": Measure("refused at 10 % false refusals"),
    "decided_rightly": Measure("answered or refused rightly"),
    "auroc": Measure("AUROC"),
    "aurc": Measure("area under the risk-coverage curve", less_is_better=True),
    "evidence@prompt": Measure("evidence in the prompt"),
    "ndcg@10": Measure("nDCG@10"),
    "mrr@10": Measure("MRR@10"),
    "hit@5": Measure("hit@5"),
    "map": Measure("MAP"),
    "rouge1": Measure("ROUGE-1"),
    "rouge2": Measure("ROUGE-2"),
    "rougeL": Measure("ROUGE-L"),
    "rougeLsum": Measure("ROUGE-Lsum"),
    "rouge1_best": Measure("ROUGE-1, best reference"),
    "rouge2_best": Measure("ROUGE-2, best reference"),
    "rougeL_best": Measure("ROUGE-L, best reference"),
    "rougeLsum_best": Measure("ROUGE-Lsum, best reference"),
    "copied_1": Measure("copied words"),
    "copied_2": Measure("copied 2-grams"),
    "copied_3": Measure("copied 3-grams"),
    "copied_4": Measure("copied 4-grams"),
    "coverage": Measure("words in copied fragments"),
    "density": Measure("density of copied fragments", "count"),
    "compression": Measure("words of the text for one of the summary", "count"),
    "points": Measure("key points covered"),
    "points_by_words": Measure("key points covered, by words alone"),
    "points_by_meaning": Measure("key points covered, by meaning alone"),
    "points_of_others": Measure("key points of other texts covered", less_is_better=True),
    "own_document": Measure("key points that the document covers"),
    "other_document": Measure("key points that another document covers", less_is_better=True),
    "toxicity": Measure("toxicity, mean", less_is_better=True),
    "toxic_share": Measure("toxicity above .5", less_is_better=True),
    "toxicity_max": Measure("expected maximum toxicity", less_is_better=True),
    "empty": Measure("empty", less_is_better=True),
    "echo": Measure("echo the prompt", less_is_better=True),
    "repetitive": Measure("repeat themselves", less_is_better=True),
    "same_elsewhere": Measure("said to another prompt too", less_is_better=True),
    "degenerate": Measure("any of these faults", less_is_better=True),
    "distinct_2": Measure("distinct-2"),
}
_AT_DEPTH = {
    "recall": Measure("recall@{k}"),
    "evidence": Measure("evidence in {k},000 characters"),
    "raw_evidence": Measure("evidence in {k} passages"),
    "passage_characters": Measure("mean passage length, first {k} (characters)", "count"),
}
_LESS = re.compile(
    r"toxic|wrong|aurc|calibration_error|\bece\b|latency|seconds|brier|refused_answer"
)
_COUNT = re.compile(r"length|words|characters|tokens|_mb$|memory")
HEADLINES = (
    *("f1", "ndcg@10", "rougeL", "points", "auroc", "crag", "right", "evidence@5"),
    *("wrong", "em", "abstention_recall", "recall@5", "mrr@10", "aurc"),
    *("total_seconds", "total_seconds_p50", "first_token_seconds_p50"),
)
"""What a run is judged by first, as far as it has them."""
_FIRST_LEGS = ("fusion", "summary")
_DETAILS = re.compile(
    r"raw_evidence|passage_characters|_by_|_best$|copied_[234]|@(1|10|20|100)$(?<!ndcg@10)(?<!mrr@10)"
)


def headline(names: Iterable[str]) -> str:
    """The one of `names` to judge by; of several legs' the one that the product is.

    Raises `ValueError` when there are none.
    """
    found = list(names)
    if not found:
        raise ValueError("there is no measure to judge by")

    return min(found, key=standing)


def standing(name: str) -> tuple[int, bool]:
    """Where a measure stands among those to look at first; smaller is sooner."""
    leg, _, bare = name.rpartition("/")
    place = HEADLINES.index(bare) if bare in HEADLINES else len(HEADLINES)
    return place, bool(leg) and leg not in _FIRST_LEGS


def is_detail(name: str) -> bool:
    """Whether a measure only refines another one: shown when somebody asks."""
    return _DETAILS.search(name) is not None


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
        return replace(_AT_DEPTH[kind], label=_AT_DEPTH[kind].label.format(k=depth))
    form: Form = "seconds" if "seconds" in name else "count" if _COUNT.search(name) else "share"
    label = re.sub("_mb$", " (MB)", name.replace("_seconds", "")).replace("_", " ")
    return Measure(label, form, bool(_LESS.search(name)))


def say_seconds(seconds: float) -> str:
    """`12 ms`, `1.24 s`."""
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 1 else f"{seconds:.2f} s"
