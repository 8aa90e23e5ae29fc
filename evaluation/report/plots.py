"""The curves that a report holds, found by their keys.

`risk_coverage` is name → `coverage` and `risk`, lists of equal length; `reliability` is name →
`confidence` and `answerable`; `fit.curve` is fusion weight → measure on the development split.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from evaluation.report.curves import Chart, Series


def charts(content: Mapping[str, Any]) -> list[Markup]:
    """A figure of every kind of curve in the report."""
    found = []
    if "risk_coverage" in content:
        lines = _lines(content["risk_coverage"], "coverage", "risk")
        worst = max((risk for line in lines for _, risk in line.points), default=1.0)
        chart = Chart(
            "Risk of the answers given, the surest first",
            "share of the questions answered",
            "risk",
            y=(0.0, min(1.0, worst * 1.1) or 1.0),
        )
        found.append(chart.draw(lines))
    if "reliability" in content:
        lines = _lines(content["reliability"], "confidence", "answerable", dots=True)
        chart = Chart(
            "Confidence against what came true",
            "mean confidence",
            "share answerable",
            diagonal=True,
        )
        found.append(chart.draw(lines))
    return found


def _lines(
    curves: Mapping[str, Mapping[str, Any]], x: str, y: str, dots: bool = False
) -> list[Series]:
    return [
        Series(name, sorted(zip(curve[x], curve[y], strict=True)), dots)
        for name, curve in curves.items()
    ]
