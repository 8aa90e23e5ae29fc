"""The curves that a report holds, found by their keys.

`curves` has `risk_coverage`, points with `coverage` and `risk`, and `reliability`, points with
`confidence` and `answerable`; or leg → these, where several were measured. `fit.curve` is fusion
weight → measure on the split that the weight was fitted on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from evaluation.measures import measure
from evaluation.report.curves import Chart, Series

Points = Sequence[Mapping[str, float]]


def charts(content: Mapping[str, Any]) -> list[Markup]:
    """A figure of every kind of curve in the report."""
    found = []
    curves = content.get("curves", {})
    legs = {"": curves} if isinstance(curves.get("risk_coverage"), list) else curves
    risks = _series(legs, "risk_coverage", "coverage", "risk")
    if risks:
        worst = max(risk for line in risks for _, risk in line.points)
        chart = Chart(
            "Risk of the answers given, the surest first",
            "share of the questions answered",
            "share of them that have no answer",
            y=(0.0, min(1.0, worst * 1.1) or 1.0),
        )
        found.append(chart.draw(risks))
    bins = _series(legs, "reliability", "confidence", "answerable", dots=True)
    if bins:
        chart = Chart(
            "Confidence against what came true",
            "mean confidence",
            "share answerable",
            diagonal=True,
        )
        found.append(chart.draw(bins))
    if "fit" in content:
        found.append(_fit(content["fit"]))
    return found


def _series(
    legs: Mapping[str, Mapping[str, Points]], kind: str, x: str, y: str, dots: bool = False
) -> list[Series]:
    return [
        Series(leg.replace("_", " "), sorted((p[x], p[y]) for p in curves[kind]), dots)
        for leg, curves in legs.items()
        if curves.get(kind)
    ]


def _fit(fit: Mapping[str, Any]) -> Markup:
    """How the measure that the fusion weight was fitted by depends on it."""
    points = sorted((float(weight), value) for weight, value in fit["curve"].items())
    values = [value for _, value in points]
    margin = (max(values) - min(values)) * 0.1 or 0.01
    chart = Chart(
        f"Fitting the fusion weight on {fit['queries']:,} other queries: {fit['weight']:g}",
        "fusion weight (0 lexical, 1 dense)",
        measure(fit["measure"]).label,
        y=(min(values) - margin, max(values) + margin),
    )
    return chart.draw([Series("", points)])
