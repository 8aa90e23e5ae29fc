"""The speed of answers as a table for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from evaluation.measures import say_seconds
from evaluation.speed import PERCENTILES, STAGES

_LABELS = {
    "generate": "generate (all tokens)",
    "attribute": "attribute and score",
    "answer": "answerer as a whole",
    "first_token": "until the first token",
    "total": "whole answer",
}
_ONCE = {
    "tokens_per_second": ("tokens a second", "{:.1f}"),
    "peak_memory_mb": ("peak memory", "{:,.0f} MB"),
    "cold_first_word_seconds": ("cold start: first word", "{:.2f} s"),
    "cold_exit_seconds": ("cold start: exit", "{:.2f} s"),
    "cold_peak_memory_mb": ("cold start: peak memory", "{:,.0f} MB"),
}


def speed_tables(report: Mapping[str, Any]) -> list[Table]:
    """One for each answerer: percentiles by stage, then what was measured once."""
    before, after = (report["load_average"][when][0] for when in ("before", "after"))
    cpu = report["machine"]["cpu"]
    met = f"{cpu}, load {before:.1f}–{after:.1f}"
    return [
        _table(escape(f"{name}: {report['counts'][name]} questions, {met}"), figures)
        for name, figures in report["figures"].items()
    ]


def _table(title: str, figures: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table("", *(f"p{percentile}" for percentile in PERCENTILES), "n", title=title)
    for stage in STAGES:
        names = [f"{stage}_seconds_p{percentile}" for percentile in PERCENTILES]
        if names[0] in figures:
            cells = [say_seconds(figures[name]["value"]) for name in names]
            table.add_row(_LABELS.get(stage, stage), *cells, str(figures[names[0]]["n"]))
    table.add_section()
    for name, (label, form) in _ONCE.items():
        if name in figures:
            figure = figures[name]
            spread = [form.format(figure[end]) for end in ("low", "high") if end in figure]
            shown = f"{form.format(figure['value'])}"
            table.add_row(label, shown, "–".join(spread), "", "", str(figure.get("n", "")))
    return table
