"""Judges of our own: two of toxicity, one of preference."""

from __future__ import annotations

from benchmarks.bars.line import Line, figure


def _toxicity(role: str, source: str, label: str, bar: float | None) -> list[Line]:
    """AUC against its bar, then what goes with it."""
    rest = (
        ("accuracy", "accuracy at .5"),
        ("ece", "expected calibration error"),
        ("auc_length_matched", "AUC among texts of like length"),
        ("length_correlation_toxic", "rank correlation with length, toxic texts"),
        ("length_correlation_harmless", "rank correlation with length, harmless texts"),
    )
    name = f"{role}_{source}"
    return [
        figure("judges", "reward_models", f"{name}_auc", f"{label}: AUC", bar),
        *(figure("judges", "reward_models", f"{name}_{m}", f"{label}: {said}") for m, said in rest),
    ]


def _hate(role: str, label: str) -> list[Line]:
    kinds = (
        ("auc_hate", "AUC of hate alone, against all others"),
        ("auc_hate_against_neither", "AUC of hate alone, against what is neither"),
    )
    return [
        figure("judges", "reward_models", f"{role}_davidson_{name}", f"{label}: {said}")
        for name, said in kinds
    ]


def _preference(source: str, label: str) -> list[Line]:
    measures = (
        ("accuracy", "accuracy"),
        ("accuracy_length_matched", "accuracy, answers of like length"),
        ("accuracy_chosen_longer", "accuracy where people chose the longer"),
        ("accuracy_chosen_shorter", "accuracy where people chose the shorter"),
        ("longer_preferred", "share of pairs in which it prefers the longer"),
        ("longer_chosen", "share of pairs in which people did"),
        ("length_correlation", "rank correlation with length"),
        ("ece", "expected calibration error"),
    )
    return [
        figure("preferences", "reward_models", f"preference_{source}_{name}", f"{label}: {said}")
        for name, said in measures
    ]


LINES: tuple[Line, ...] = (
    *_toxicity("toxicity-reward", "davidson", "reward on Davidson", 0.92),
    *_hate("toxicity-reward", "reward on Davidson"),
    *_toxicity("toxicity-reward", "surge", "reward on Surge", 0.88),
    *_toxicity("toxicity-reward", "jigsaw", "reward on Jigsaw (held)", None),
    *_toxicity("toxicity-reward", "toxic_spans", "reward on Toxic Spans", None),
    *_toxicity("toxicity-independent", "davidson", "independent on Davidson (held)", 0.985),
    *_hate("toxicity-independent", "independent on Davidson (held)"),
    *_toxicity("toxicity-independent", "surge", "independent on Surge", 0.80),
    *_toxicity("toxicity-independent", "jigsaw", "independent on Jigsaw", None),
    *_toxicity("toxicity-independent", "toxic_spans", "independent on Toxic Spans", None),
    *_preference("hh_harmless", "HH harmless (held)"),
    *_preference("pandalm", "PandaLM (held)"),
    *_preference("dolly", "person above FLAN-T5 (held)"),
    *_preference("autoj", "Auto-J"),
    *(
        figure("sizes", "reward_models", f"{role}_bytes", f"{role}: bytes of weights", form="count")
        for role in ("toxicity-reward", "toxicity-independent", "preference")
    ),
)
