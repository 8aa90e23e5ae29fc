"""The report on answers as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Column, Table

_LABELS = {
    "right": "right",
    "wrong": "wrong",
    "crag": "CRAG score (right − wrong)",
    "em": "exact match",
    "f1": "token F1",
    "recall@1": "source recall@1",
    "recall@5": "source recall@5",
    "recall@10": "source recall@10",
    "evidence@1": "evidence in 1,000 characters",
    "evidence@5": "evidence in 5,000 characters",
    "evidence@10": "evidence in 10,000 characters",
    "raw_evidence@5": "evidence in 5 passages",
    "passage_characters@5": "mean passage length, first 5",
    "evidence@prompt": "evidence in the prompt",
    "cited": "answers with a citation",
    "citation_holds_answer": "a cited sentence holds a gold answer",
    "citation_in_source": "citations in a gold source",
    "citation_on_evidence": "cited sentences on the evidence",
    "cited_passage_on_evidence": "cited passages on the evidence",
    "faithfulness": "sentences supported by the cited passages",
    "abstained": "abstained",
    "abstention_precision": "abstention precision",
    "abstention_recall": "abstention recall",
}


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
    for name, label in _LABELS.items():
        if name in report["figures"]:
            figure = report["figures"][name]
            table.add_row(label, *_cells(figure), str(figure["n"]))
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
        cells = (_cells(figures[name])[0] if name in figures else "" for name in _GROUPED)
        table.add_row(group, str(figures["abstained"]["n"]), *cells)
    return table


def _cells(figure: Mapping[str, float]) -> tuple[str, str]:
    """Value and interval: three decimals for shares, none for characters."""
    digits = 0 if figure["value"] > 1 else 3
    low, high = figure["low"], figure["high"]
    return f"{figure['value']:.{digits}f}", f"{low:.{digits}f}–{high:.{digits}f}"
