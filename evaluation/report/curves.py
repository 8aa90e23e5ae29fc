"""Line charts as SVG: risk over coverage, reliability, a measure over a setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evaluation.report.markup import element
from evaluation.report.scale import Scale

WIDTH, HEIGHT = 520, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 12, 44
_MOST_POINTS = 200

PALETTE = 6
"""Colors of the style sheet; further series begin again."""


@dataclass(frozen=True, slots=True)
class Series:
    """A line through (x, y) points, x rising."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """`x` and `y` are the ranges of the axes; `diagonal` draws where both are equal."""

    title: str
    x_label: str
    y_label: str
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)
    diagonal: bool = False

    def draw(self, series: Sequence[Series]) -> Markup:
        """The chart with its legend, as a figure."""
        across = Scale(*self.x, _LEFT, WIDTH - _RIGHT)
        up = Scale(*self.y, HEIGHT - _BOTTOM, _TOP)
        drawn = [_series(number, one, across, up) for number, one in enumerate(series)]
        svg = element(
            "svg",
            element("title", self.title),
            _axes(across, up),
            self._diagonal(across, up),
            drawn,
            self._labels(),
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            role="img",
            class_="chart",
        )
        return element("figure", element("figcaption", self.title), svg, _legend(series))

    def _diagonal(self, across: Scale, up: Scale) -> Markup | None:
        if not self.diagonal:
            return None
        low, high = max(self.x[0], self.y[0]), min(self.x[1], self.y[1])
        ends = {"x1": across(low), "y1": up(low), "x2": across(high), "y2": up(high)}
        return element("line", **ends, class_="zero")

    def _labels(self) -> list[Markup]:
        middle = (_TOP + HEIGHT - _BOTTOM) / 2
        return [
            element("text", self.x_label, x=(_LEFT + WIDTH) / 2, y=HEIGHT - 8, class_="label"),
            element(
                "text",
                self.y_label,
                transform=f"translate(13 {middle}) rotate(-90)",
                class_="label",
            ),
        ]


def _axes(across: Scale, up: Scale) -> list[Markup]:
    shapes = []
    for tick in across.ticks():
        x = across(tick)
        shapes.append(element("line", x1=x, y1=_TOP, x2=x, y2=HEIGHT - _BOTTOM, class_="grid"))
        shapes.append(element("text", f"{tick:g}", x=x, y=HEIGHT - _BOTTOM + 17, class_="tick"))
    for tick in up.ticks():
        y = up(tick)
        shapes.append(element("line", x1=_LEFT, y1=y, x2=WIDTH - _RIGHT, y2=y, class_="grid"))
        shapes.append(element("text", f"{tick:g}", x=_LEFT - 8, y=y + 4, class_="tick side"))
    return shapes


def _series(number: int, series: Series, across: Scale, up: Scale) -> Markup:
    points = [(across(x), up(y)) for x, y in _thinned(series.points)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [element("circle", cx=x, cy=y, r=3.5, class_="dot") for x, y in points]
    return element(
        "g",
        element("polyline", points=path, class_="curve"),
        dots if series.dots else None,
        class_=f"series-{number % PALETTE}",
    )


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most 200 of the points, the first and the last among them."""
    if len(points) <= _MOST_POINTS:
        return list(points)
    step = (len(points) - 1) / (_MOST_POINTS - 1)
    return [points[round(number * step)] for number in range(_MOST_POINTS)]


def _legend(series: Sequence[Series]) -> Markup | None:
    if len(series) < 2:
        return None
    return element(
        "ul",
        (element("li", key(number), one.name) for number, one in enumerate(series)),
        class_="legend",
    )


def key(number: int) -> Markup:
    """The dot of a color beside a name."""
    return element("i", class_=f"key series-{number % PALETTE}")
