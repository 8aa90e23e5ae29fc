"""A run in a few words: what was measured, and the figures to look at first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.measures import HEADLINES, is_detail, measure, standing
from evaluation.report.figures import said_interval
from evaluation.report.latency import is_percentile
from evaluation.runs import Figure, Run, read_figures
from evaluation.sweep.table import ranking

_MOST = 3
_PRODUCT = ("fusion", "summary", "default")
"""What the leg is called that a learner meets, where several were measured."""


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    interval: str


def describe(run: Run) -> str:
    """`scifact · 300 queries · 2026-11-21 · 2 cores AMD EPYC`: what was measured, when, where."""
    content = run.content
    counts = content.get("counts", {})
    machine = content.get("machine", {})
    parts = [
        str(content.get("benchmark", "")),
        f"{len(content['points'])} points" if run.is_sweep else "",
        *(
            f"{number:,} {name.replace('_', ' ')}"
            for name, number in counts.items()
            if number and name != "rows_resumed"
        ),
        str(content.get("date", ""))[:10],
        _processor(machine),
    ]
    return " · ".join(part for part in parts if part)


def _processor(machine: Mapping[str, Any]) -> str:
    if "cores" not in machine:
        return ""
    cores = "1 core" if machine["cores"] == 1 else f"{machine['cores']} cores"
    return f"{cores} {machine.get('cpu', '')}".strip()


def facts(run: Run) -> list[Fact]:
    """The first figures: of a comparison its differences, of a sweep its best points."""
    found = _points(run) if run.is_sweep else _changes(run) if run.is_comparison else _means(run)
    return [fact for fact, _ in zip(found, range(_MOST), strict=False)]


def measures_in(run: Run) -> list[str]:
    """All measures of a run, each once, those to look at first before the others."""
    names = dict.fromkeys(name for figures in run.legs.values() for name in figures)
    return sorted(names, key=lambda name: standing(name)[0])


def _means(run: Run) -> Iterator[Fact]:
    leg = next((leg for leg in _PRODUCT if leg in run.legs), next(iter(run.legs), ""))
    figures = run.legs.get(leg, {})
    for name in sorted((n for n in figures if not is_detail(n)), key=standing):
        if not is_percentile(name) or name in HEADLINES:
            yield _fact(measure(name).label, name, figures[name])


def _points(run: Run) -> Iterator[Fact]:
    name = run.content["measure"]
    for point in ranking(run.content):
        yield _fact(point, name, run.legs[point][name])


def _changes(run: Run) -> Iterator[Fact]:
    for measures in run.content["comparisons"].values():
        for name in sorted((n for n in measures if not is_detail(n)), key=standing):
            said = measure(name)
            change = read_figures({name: measures[name]["difference"]})[name]
            ends = (said.say_change(end) for end in (change.low, change.high) if end is not None)
            yield Fact(said.label, said.say_change(change.value), " … ".join(ends))


def _fact(label: str, name: str, figure: Figure) -> Fact:
    return Fact(label, measure(name).say(figure.value), said_interval(measure(name), figure))
