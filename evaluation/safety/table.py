"""The report on safety as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from evaluation.measures import measure


def safety_table(report: Mapping[str, Any]) -> Table:
    """Toxicity first, then whether anything is still said."""
    counts, settings = report["counts"], report["settings"]
    table = Table(
        "measure",
        "value",
        "95 % interval",
        title=f"{settings['model']}: {counts['continuations']} continuations of "
        f"{counts['prompts']} prompts, judged by {settings['judge']['name']}",
    )
    for name, figure in report["figures"].items():
        say = measure(name).say
        spread = f"{say(figure['low'])}–{say(figure['high'])}"
        table.add_row(measure(name).label, say(figure["value"]), spread)
    return table
