"""Intervals drawn in the cells of a table: a forest plot whose rows are table rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evaluation.report.markup import element
from evaluation.report.scale import Scale

WIDTH, HEIGHT, PAD = 330, 28, 20
_AXIS = 22


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with its interval; `color` is a number of the palette, `hollow` one not certain."""

    value: float
    low: float
    high: float
    color: int = 0
    title: str = ""
    hollow: bool = False


def plot_scale(bounds: tuple[float, float], log: bool = False) -> Scale:
    return Scale(*bounds, PAD, WIDTH - PAD, log)


def interval_cell(mark: Mark, scale: Scale, *, zero: bool = False) -> Markup:
    """The plot of one row; `zero` draws the line that a difference must not cross."""
    middle = HEIGHT / 2
    left, right, at = scale(mark.low), scale(mark.high), scale(mark.value)
    shapes = [_line(left, middle, right, middle, "interval")]
    shapes += [_line(end, middle - 4, end, middle + 4, "interval") for end in (left, right)]
    return _svg(
        HEIGHT,
        [*_grid(scale, HEIGHT, zero), element("g", *shapes), _dot(mark, at, middle)],
        class_=f"plot series-{mark.color}",
        title=mark.title,
    )


def percentile_cell(points: Sequence[float], scale: Scale, title: str) -> Markup:
    """A median with its way to the higher percentiles: dot, line, and a stroke at the last."""
    middle = HEIGHT / 2
    places = [scale(point) for point in points]
    shapes = [
        *_grid(scale, HEIGHT, False),
        _line(places[0], middle, places[-1], middle, "interval"),
        *(_line(place, middle - 5, place, middle + 5, "interval") for place in places[1:]),
        element("circle", cx=places[0], cy=middle, r=4.5, class_="dot"),
    ]
    return _svg(HEIGHT, shapes, class_="plot series-0", title=title)


def axis_cell(scale: Scale, say: Callable[[float], str], *, zero: bool = False) -> Markup:
    """The numbers over the plots, for the table's head; `say` writes one."""
    labels = [
        element("text", say(tick), x=scale(tick), y=14, text_anchor="middle")
        for tick in scale.ticks()
    ]
    return _svg(_AXIS, [*labels, *_grid(scale, _AXIS, zero, top=18)], class_="plot axis")


def _grid(scale: Scale, height: float, zero: bool, top: float = 0) -> list[Markup]:
    lines = [_line(scale(tick), top, scale(tick), height, "grid") for tick in scale.ticks()]
    return [*lines, _line(scale(0), top, scale(0), height, "zero")] if zero else lines


def _dot(mark: Mark, x: float, y: float) -> Markup:
    return element("circle", cx=x, cy=y, r=4.5, class_="dot hollow" if mark.hollow else "dot")


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def _svg(height: float, shapes: Sequence[Markup], *, class_: str, title: str = "") -> Markup:
    return element(
        "svg",
        element("title", title) if title else None,
        shapes,
        viewBox=f"0 0 {WIDTH} {height}",
        width=WIDTH,
        height=height,
        role="img" if title else None,
        aria_hidden=None if title else "true",
        class_=class_,
    )
