"""A report of `evaluate_reading` as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from evaluation.measures import measure


def reading_table(report: Mapping[str, Any]) -> Table:
    """Every figure, over all questions and by kind."""
    counts = report["counts"]
    table = Table(
        *("kind", "measure", "value", "95 % interval", "n"),
        title=f"{counts['questions']} questions about {counts['documents']} documents",
    )
    for kind, figures in {"all": report["figures"], **report["groups"]}.items():
        for position, (name, figure) in enumerate(figures.items()):
            named = measure(name)
            spread = f"{named.say(figure['low'])}–{named.say(figure['high'])}"
            shown = "" if position else kind
            table.add_row(shown, named.label, named.say(figure["value"]), spread, str(figure["n"]))
        table.add_section()
    return table
