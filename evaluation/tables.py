"""The report on answers as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Column, Table

from evaluation.attribution import ATTRIBUTION
from evaluation.measures import measure

_SHOWN = (
    *("right", "wrong", "crag", "em", "f1", "recall@1", "recall@5", "recall@10"),
    *("evidence@1", "evidence@5", "evidence@10", "raw_evidence@5", "passage_characters@5"),
    *("evidence@prompt", *ATTRIBUTION, "faithfulness"),
    *("abstained", "abstention_precision", "abstention_recall"),
)


def answers_table(report: Mapping[str, Any]) -> Table:
    """The headline figures of `evaluate_answers`, and the latency of each stage."""
    counts = report["counts"]
    table = Table(
        "measure",
        "value",
        "95 % interval",
        "n",
        title=f"{counts['questions']} questions, {counts['unanswerable']} unanswerable",
    )
    for name in _SHOWN:
        if name in report["figures"]:
            figure = report["figures"][name]
            named = measure(name)
            spread = f"{named.say(figure['low'])}–{named.say(figure['high'])}"
            table.add_row(named.label, named.say(figure["value"]), spread, str(figure["n"]))
    for stage, taken in report["latency_seconds"].items():
        spread = f"p95 {taken['p95']:.3f}, p99 {taken['p99']:.3f}"
        table.add_row(f"seconds: {stage}", f"p50 {taken['p50']:.3f}", spread, str(taken["n"]))
    return table


_GROUPED = {
    "right": "right",
    "crag": "CRAG",
    "f1": "F1",
    "evidence@5": "evid. 5",
    "citation_in_source": "place",
    "faithfulness": "support",
}
"""Short, so that a terminal of 80 columns shows the names of the groups whole."""


def groups_table(report: Mapping[str, Any]) -> Table:
    """A line for each kind of question, format and course."""
    table = Table(Column("group", no_wrap=True), "n", *_GROUPED.values())
    for group, figures in report["groups"].items():
        cells = (
            measure(name).say(figures[name]["value"]) if name in figures else ""
            for name in _GROUPED
        )
        table.add_row(group, str(figures["abstained"]["n"]), *cells)
    return table
