"""The report on summaries as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from evaluation.measures import measure


def summaries_table(report: Mapping[str, Any]) -> Table:
    """A row for each measure, a column for the summarizer and each baseline."""
    legs = report["figures"]
    count = report["counts"]["examples"]
    title = f"{report['benchmark']}: {count} texts, {report['settings']['summarizer']}"
    table = Table("measure", *legs, title=title)
    for name in dict.fromkeys(name for figures in legs.values() for name in figures):
        table.add_row(measure(name).label, *(_cell(name, leg.get(name)) for leg in legs.values()))
    for name, figure in report.get("check", {}).items():
        table.add_row(f"check: {measure(name).label}", _cell(name, figure))
    return table


def _cell(name: str, figure: Mapping[str, float] | None) -> str:
    if figure is None:
        return ""
    say = measure(name).say
    return f"{say(figure['value'])} ({say(figure['low'])}–{say(figure['high'])})"
