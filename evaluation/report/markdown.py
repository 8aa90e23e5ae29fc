"""The same report as Markdown: its tables, without plots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evaluation.measures import is_detail, measure, say_seconds
from evaluation.report.brief import describe, measures_in
from evaluation.report.figures import said_interval
from evaluation.report.latency import Latency, is_percentile, latencies
from evaluation.runs import Run


def markdown_page(runs: Sequence[Run], title: str) -> str:
    """The report about `runs`, in their order."""
    parts = [f"# {_text(title)}", *(part for run in runs for part in _section(run))]
    return "\n\n".join(parts) + "\n"


def _section(run: Run) -> Iterable[str]:
    content = run.content
    yield f"## {_text(run.name)}"
    yield _text(describe(run))
    if content.get("command"):
        yield f"    {content['command']}"
    yield from (f"> {_text(note)}" for note in content.get("notes", ()))
    yield _figures(run)
    if any(content.get("comparisons", {}).values()):
        yield "### Paired differences"
        yield _differences(content["comparisons"])
    for leg, latency in latencies(run).items():
        yield f"### Latency, {_text(leg)}" if leg else "### Latency"
        yield _latency(latency)


def _figures(run: Run) -> str:
    several = len(run.legs) > 1
    rows = [
        [
            measure(name).label,
            *([leg] if several else []),
            measure(name).say(figures[name].value),
            said_interval(measure(name), figures[name]),
            str(figures[name].n or ""),
        ]
        for name in measures_in(run)
        if not is_percentile(name)
        for leg, figures in run.legs.items()
        if name in figures
    ]
    return _table(["measure", *(["leg"] if several else []), "value", "95 % interval", "n"], rows)


def _differences(comparisons: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for pair, measures in comparisons.items():
        for name, found in measures.items():
            said, change = measure(name), found["difference"]
            if not is_detail(name):
                spread = f"{said.say_change(change['low'])} … {said.say_change(change['high'])}"
                value = said.say_change(change["value"])
                rows.append([pair, said.label, value, spread, f"{found['p']:.4f}"])
    return _table(["pair", "measure", "difference", "95 % interval", "p"], rows)


def _latency(latency: Latency) -> str:
    percentiles = list(dict.fromkeys(p for taken in latency.values() for p in taken if p[0] == "p"))
    rows = [
        [stage, *(say_seconds(taken[p]) if p in taken else "" for p in percentiles)]
        for stage, taken in latency.items()
    ]
    return _table(["stage", *percentiles], rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_text, line))} |" for line in lines)


def _text(said: str) -> str:
    """One line of text that is no markup."""
    escaped = said.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return " ".join(escaped.split())
