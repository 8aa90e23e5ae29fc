"""Every figure of a set of questions, each with its cluster bootstrap interval."""

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.abstention.intervals import Measure, Outcomes, measured
from evaluation.abstention.measures import (
    Bools,
    aurc,
    auroc,
    calibration_error,
    refused_at,
    reliability,
    risk_coverage,
)
from evaluation.bootstrap import Interval, interval

OF_CONFIDENCE: dict[str, Measure] = {
    "auroc": auroc,
    "refused_at_10": refused_at,
    "aurc": aurc,
    "calibration_error": calibration_error,
}
POINTS = 20
"""Points of the risk-coverage curve that a report keeps."""

Figures = dict[str, dict[str, float | int]]


def confidence_figures(outcomes: Outcomes, seed: int = 0) -> Figures:
    """What the confidence is worth, whatever the threshold: AUROC, the share of unanswerable
    questions refused where a tenth of the answerable ones is, AURC, and the calibration error.

    Empty where all questions are answerable, or none is.
    """
    found = measured(outcomes, OF_CONFIDENCE, seed=seed)
    return {name: figure.as_json() for name, figure in found.items()}


def decision_figures(outcomes: Outcomes, abstained: Bools, seed: int = 0) -> Figures:
    """What was decided; `abstained` has shape (n,).

    `answered`: share of the answerable questions that were answered; `abstention_recall`: share of
    the unanswerable ones refused; `abstention_precision`: share of unanswerable ones among the
    refused; `abstained`: share refused of all. One without a denominator is left out.
    """
    yes, silent = outcomes.answerable, abstained
    ratios = {
        "answered": (yes & ~silent, yes),
        "abstention_recall": (~yes & silent, ~yes),
        "abstention_precision": (~yes & silent, silent),
        "abstained": (silent, np.ones_like(silent)),
    }
    found: dict[str, Interval | None] = {
        name: interval(
            over.astype(np.float64), under.astype(np.float64), clusters=outcomes.clusters, seed=seed
        )
        for name, (over, under) in ratios.items()
    }
    return {name: figure.as_json() for name, figure in found.items() if figure}


def curves(outcomes: Outcomes) -> dict[str, Any]:
    """The risk-coverage curve at twenty coverages, and each bin of the calibration error."""
    counted = outcomes.tally()
    coverage, risk = risk_coverage(counted)
    places = np.unique(np.linspace(0, len(coverage) - 1, POINTS + 1).round().astype(int)[1:])
    return {
        "risk_coverage": [
            {"coverage": round(float(coverage[at]), 4), "risk": round(float(risk[at]), 4)}
            for at in places
        ],
        "reliability": [
            {"confidence": round(said, 4), "answerable": round(held, 4), "share": round(share, 4)}
            for said, held, share in reliability(counted).tolist()
        ],
    }
