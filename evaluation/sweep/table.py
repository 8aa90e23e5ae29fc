"""A sweep as a table: its points, best first, each held against the default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

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
    table = Table(
        "point",
        escape(said.label),
        "95 % interval",
        "− default",
        "95 % interval",
        "p",
        "seconds",
        title=f"{len(report['figures'])} points, {len(report['not_run'])} not run",
    )
    seconds = {point["id"]: point["seconds"] for point in report["points"]}
    for point in ranking(report):
        figure = report["figures"][point][name]
        against = report["comparisons"].get(f"{point} − default", {}).get(name)
        table.add_row(
            escape(point),
            said.say(figure["value"]),
            f"{said.say(figure['low'])}–{said.say(figure['high'])}",
            *(_against(said, against) if against else ("", "", "")),
            f"{seconds[point]:.0f}",
        )
    for point, why in report["not_run"].items():
        table.add_row(escape(point), "not run", escape(why), "", "", "", "")
    return table


def _against(said: Any, comparison: Mapping[str, Any]) -> tuple[str, str, str]:
    difference = comparison["difference"]
    low, high = (said.say_change(difference[end]) for end in ("low", "high"))
    return said.say_change(difference["value"]), f"{low} … {high}", f"{comparison['p']:.4f}"
