"""Figures of a run: each measure with its interval written and drawn, and by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from evaluation.measures import Measure, measure
from evaluation.report.curves import PALETTE, key
from evaluation.report.intervals import Mark, axis_cell, interval_cell, plot_scale
from evaluation.report.markup import element
from evaluation.report.scale import Scale, domain
from evaluation.report.tables import Cell, number, row, table
from evaluation.runs import Figure, Figures, read_figures


def figures_table(legs: Mapping[str, Figures], names: Sequence[str]) -> Markup:
    """The measures `names` of every leg; shares are plotted on one axis, counts are not."""
    several = len(legs) > 1
    scale = _scale(legs.values(), names)
    rows = []
    for name in names:
        having = [(leg, found) for leg, found in enumerate(legs.items()) if name in found[1]]
        for position, (leg, (called, figures)) in enumerate(having):
            color = leg % PALETTE
            rows.append(
                row(
                    measure(name).label if position == 0 else "",
                    [
                        *([Cell([key(color), called])] if several else []),
                        *figure_cells(name, figures[name], scale, color),
                    ],
                    first=position == 0,
                )
            )
    return table(["measure", *(["leg"] if several else []), *figure_heads(scale)], rows)


def points_table(points: Mapping[str, Figures], name: str) -> Markup:
    """One measure of each point of a sweep, in the order given."""
    scale = _scale(points.values(), [name])
    rows = [
        row(point, figure_cells(name, figures[name], scale, 1 if point == "default" else 0))
        for point, figures in points.items()
    ]
    return table(["point", *figure_heads(scale)], rows)


def groups_table(groups: Mapping[str, object], names: Sequence[str]) -> Markup:
    """A row for each group and a column for each measure, shaded by the value."""
    rows = []
    for group, measured in groups.items():
        figures = read_figures(measured)
        n = max((figure.n for figure in figures.values() if figure.n), default=0)
        cells = [number(f"{n:,}", "quiet"), *(_shaded(name, figures.get(name)) for name in names)]
        rows.append(row(group, cells))
    return table(["group", number("n"), *(number(measure(name).label) for name in names)], rows)


def figure_heads(scale: Scale | None) -> list[Cell]:
    axis = axis_cell(scale, lambda tick: f"{tick:g}") if scale else None
    return [number("value"), number("95 % interval"), number("n"), Cell(axis, "drawn")]


def figure_cells(name: str, figure: Figure, scale: Scale | None, color: int) -> list[Cell]:
    """Value, interval, n and plot."""
    said = measure(name)
    drawn = None
    if scale and said.plotted:
        told = f"{said.label}: {said.say(figure.value)} ({said_interval(said, figure)})"
        drawn = interval_cell(Mark(figure.value, _low(figure), _high(figure), color, told), scale)
    return [
        number(said.say(figure.value), "value"),
        number(said_interval(said, figure)),
        number(f"{figure.n:,}" if figure.n else "", "quiet"),
        Cell(drawn, "drawn"),
    ]


def said_interval(said: Measure, figure: Figure) -> str:
    """`0.282 – 0.486`, or nothing where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    return f"{said.say(figure.low)} – {said.say(figure.high)}"


def _scale(legs: Iterable[Figures], names: Sequence[str]) -> Scale | None:
    """One axis for every share and score among the measures; None where there are none."""
    plotted = [name for name in names if measure(name).plotted]
    found = [figures[name] for figures in legs for name in plotted if name in figures]
    ends = [end for figure in found for end in (_low(figure), _high(figure))]
    return plot_scale(domain(ends)) if ends else None


def _shaded(name: str, figure: Figure | None) -> Cell:
    if figure is None:
        return number("–", "quiet")
    said = measure(name)
    share = min(max(figure.value, 0.0), 1.0)
    shown = element(
        "div",
        element("span", said.say(figure.value), class_="value"),
        element("small", said_interval(said, figure)),
        style=f"--share: {share * 100:.0f}%",
        class_="shaded",
    )
    return Cell(shown, "number")


def _low(figure: Figure) -> float:
    return figure.value if figure.low is None else figure.low


def _high(figure: Figure) -> float:
    return figure.value if figure.high is None else figure.high
