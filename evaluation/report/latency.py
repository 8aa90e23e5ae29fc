"""Percentiles of the time each stage takes, on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from evaluation.measures import say_seconds
from evaluation.report.intervals import axis_cell, percentile_cell, plot_scale
from evaluation.report.tables import Cell, number, row, table

_SHORTEST = 1e-4
"""Seconds at which the axis begins at the earliest; reports round to that."""


def latency_table(latency: Mapping[str, Mapping[str, float]]) -> Markup:
    """`latency` is stage → `p50`, `p95`, … in seconds, and `n`."""
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
                    number(f"{taken['n']:,}" if "n" in taken else "", "quiet"),
                    Cell(drawn, "drawn"),
                ],
            )
        )
    axis = Cell(axis_cell(scale, say_seconds), "drawn")
    return table(["stage", *map(number, percentiles), number("n"), axis], rows)
