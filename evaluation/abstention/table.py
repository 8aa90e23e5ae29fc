"""A report of `evaluate_abstention` as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from evaluation.measures import measure
from evaluation.runs import is_figure


def abstention_table(report: Mapping[str, Any]) -> Table:
    """Every figure; before and after calibration side by side where a calibrator was fitted."""
    counts, figures = report["counts"], report["figures"]
    single = any(is_figure(value) for value in figures.values())
    legs = {"value": figures} if single else figures
    table = Table(
        "measure",
        *(name.replace("_", " ") for name in legs),
        title=f"{counts['questions']} answerable questions, {counts['unanswerable']} unanswerable",
    )
    for name in next(iter(legs.values())):
        named = measure(name)
        cells = (
            f"{named.say(leg[name]['value'])} "
            f"({named.say(leg[name]['low'])}–{named.say(leg[name]['high'])})"
            if name in leg
            else ""
            for leg in legs.values()
        )
        table.add_row(named.label, *cells)
    return table
