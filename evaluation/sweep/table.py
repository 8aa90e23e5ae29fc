"""A sweep as a table: its points, best first, each held against the default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from evaluation.comparison_tables import said_difference
from evaluation.measures import measure


def ranking(report: Mapping[str, Any]) -> list[str]:
    """The points' names, best first by the sweep's measure; none of those that lack it."""
    name = report["measure"]
    have = {
        point: found[name]["value"] for point, found in report["figures"].items() if name in found
    }
    return sorted(have, key=have.__getitem__, reverse=not measure(name).less_is_better)


def sweep_table(report: Mapping[str, Any]) -> Table:
    """The sweep's measure of every point, its paired difference from the default row, and p."""
    name = report["measure"]
    said = measure(name)
    heading = f"{said.label}, {len(report['figures'])} points"
    table = Table(title=heading, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("point", overflow="fold")
    for head in ("value (95 % interval)", "− default (95 % interval)", "p"):
        table.add_column(head, justify="right", no_wrap=True)
    for point in ranking(report):
        figure = report["figures"][point][name]
        low, high = said.say(figure["low"]), said.say(figure["high"])
        against = report["comparisons"].get(f"{point} − default", {}).get(name)
        table.add_row(
            escape(point),
            f"{said.say(figure['value'])} ({low}–{high})",
            said_difference(said, against["difference"]) if against else "",
            f"{against['p']:.4f}" if against else "",
        )
    return table
