"""Percentiles of the time each stage takes, on a logarithmic axis."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from evaluation.measures import say_seconds
from evaluation.report.intervals import axis_cell, percentile_cell, plot_scale
from evaluation.report.tables import Cell, number, row, table
from evaluation.runs import Run

_SHORTEST = 1e-3
"""Seconds at which the axis begins at the earliest; what is shorter stands at its border."""
_PERCENTILE = re.compile(r"(?P<stage>.+)_seconds_(?P<percentile>p\d+)")

Latency = Mapping[str, Mapping[str, float]]
"""Stage → `p50`, `p95`, … in seconds, and `n`."""


def is_percentile(name: str) -> bool:
    """Whether a figure is a percentile of the seconds that a stage takes."""
    return _PERCENTILE.fullmatch(name) is not None


def latencies(run: Run) -> dict[str, Latency]:
    """Leg → its latencies, from wherever the verb writes them.

    `latency_seconds` is stage → percentiles, `seconds` those of the one thing that was timed; where
    time is what was measured, figures are called `STAGE_seconds_pNN`.
    """
    content: Mapping[str, Any] = run.content
    if content.get("latency_seconds"):
        return {"": content["latency_seconds"]}
    if isinstance(content.get("seconds"), Mapping) and content["seconds"]:
        return {"": {"total": content["seconds"]}}
    found: dict[str, dict[str, dict[str, float]]] = {}
    for leg, figures in run.legs.items():
        for name, figure in figures.items():
            said = _PERCENTILE.fullmatch(name)
            if said:
                stage = found.setdefault(leg, {}).setdefault(said["stage"], {"n": figure.n or 0})
                stage[said["percentile"]] = figure.value
    return dict(found)


def latency_table(latency: Latency) -> Markup:
    """The percentiles of each stage, written and drawn."""
    percentiles = list(dict.fromkeys(p for taken in latency.values() for p in taken if p[0] == "p"))
    every = [taken[p] for taken in latency.values() for p in percentiles if p in taken]
    shortest = max(min((s for s in every if s > 0), default=_SHORTEST), _SHORTEST)
    scale = plot_scale((shortest / 1.5, max(*every, shortest) * 1.5), log=True)
    rows = []
    for stage, taken in latency.items():
        have = [p for p in percentiles if p in taken]
        told = ", ".join(f"{p} {say_seconds(taken[p])}" for p in have)
        drawn = percentile_cell([max(taken[p], scale.low) for p in have], scale, f"{stage}: {told}")
        rows.append(
            row(
                stage.replace("_", " "),
                [
                    *(number(say_seconds(taken[p]) if p in taken else "") for p in percentiles),
                    number(f"{taken['n']:,}" if taken.get("n") else "", "quiet"),
                    Cell(drawn, "drawn"),
                ],
            )
        )
    axis = Cell(axis_cell(scale, say_seconds), "drawn")
    return table(["stage", *map(number, percentiles), number("n"), axis], rows)
