"""The report on retrieval as tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from evaluation.measures import measure
from evaluation.ranking import MEASURES


def retrieval_tables(report: Mapping[str, Any]) -> list[Table]:
    """Every measure of every leg of `evaluate_retrieval`; what the fusion gains over each leg."""
    return [_legs(report), _comparisons(report)]


def _legs(report: Mapping[str, Any]) -> Table:
    figures, counts, settings = report["figures"], report["counts"], report["settings"]
    weight = f"weight {settings['weight']}"
    if "fit" in report:
        fit = report["fit"]
        weight += f", fitted on {settings['fit_on']} ({fit['queries']} queries"
        weight += f"; {len(fit['left_out'])} that are reported on left out)"
    table = Table(
        "measure",
        *figures,
        title=f"{report['benchmark']}: {counts['queries']} queries, "
        f"{counts['documents']} documents, {weight}",
    )
    for name in MEASURES:
        cells = (leg[name] for leg in figures.values())
        shown = (f"{c['value']:.3f} ({c['low']:.3f}–{c['high']:.3f})" for c in cells)
        table.add_row(name, *shown)
    return table


def _comparisons(report: Mapping[str, Any]) -> Table:
    table = Table(
        "difference",
        "measure",
        "value",
        "95 % interval",
        "p",
        title="Paired bootstrap over the same queries",
    )
    for pair, compared in report["comparisons"].items():
        for name, found in compared.items():
            said, difference = measure(name), found["difference"]
            table.add_row(
                pair,
                said.label,
                said.say_change(difference["value"]),
                f"{said.say_change(difference['low'])} … {said.say_change(difference['high'])}",
                f"{found['p']:.4f}",
            )
    return table
