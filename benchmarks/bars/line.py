"""A row of the results page: where its figure stands, how it is called, the bar and the stretch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Results = Mapping[str, Any]
Form = Literal["share", "seconds", "brief", "milliseconds", "times", "count", "fewer", "p"]

_MISSING, _MISSED = "not measured", "**missed**"
HEADER = "| measure | figure | spread | bar | stretch | |\n|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of table `table`: the figure at `path` of `FILE.json`.

    Its spread on the page is a 95 % bootstrap interval for shares, the least and the greatest for
    repeated timings. Times (`brief`: seconds, written in ms), p and `fewer` are the better the
    smaller. A bar that is worth nothing by itself (refusing the unanswerable is easy for whoever
    refuses all) counts only together with that of `beside`.
    """

    table: str
    file: str
    path: tuple[str, ...]
    label: str
    bar: float | None = None
    stretch: float | None = None
    form: Form = "share"
    beside: Line | None = None

    def row(self, results: Results) -> str:
        """The row in Markdown; a figure that nobody measured is said to be missing."""
        figure = self._figure(results)
        cells = [self._say(figure["value"]), self._spread(figure)] if figure else [_MISSING, ""]
        return f"| {' | '.join([self.label, *cells, *self._bars(), self._verdict(results)])} |"

    def _figure(self, results: Results) -> Mapping[str, float] | None:
        found: Any = results.get(self.file)
        for step in self.path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return found if found is None or isinstance(found, Mapping) else {"value": float(found)}

    def _spread(self, figure: Mapping[str, float]) -> str:
        if "low" not in figure:
            return ""
        between = " … " if figure["low"] < 0 else "–"
        return f"{self._say(figure['low'])}{between}{self._say(figure['high'])}"

    def _bars(self) -> list[str]:
        sign = "<" if self._less_is_better else "≥"
        return [f"{sign} {self._say(b)}" if b is not None else "" for b in (self.bar, self.stretch)]

    def _verdict(self, results: Results) -> str:
        figure = self._figure(results)
        if self.bar is None or figure is None:
            return ""
        if self.beside and self.beside._verdict(results) == _MISSED:
            return f"{_MISSED} with the row above"
        if self.stretch is not None and self._reaches(figure["value"], self.stretch):
            return "stretch reached"
        return "reached" if self._reaches(figure["value"], self.bar) else _MISSED

    def _reaches(self, value: float, bar: float) -> bool:
        return value < bar if self._less_is_better else value >= bar

    @property
    def _less_is_better(self) -> bool:
        return self.form in ("seconds", "brief", "milliseconds", "fewer", "p")

    def _say(self, value: float) -> str:
        """The value as the page has it, with a minus sign rather than a hyphen."""
        return self._written(value).replace("-", "−")

    def _written(self, value: float) -> str:
        if self.form == "seconds":
            return f"{value:.2f} s"
        if self.form == "brief":
            return f"{1000 * value:.1f} ms"
        if self.form == "milliseconds":
            return f"{value:.1f} ms"
        if self.form == "times":
            return f"{value:.2f}×"
        if self.form in ("count", "fewer"):
            return f"{value:,.0f}"
        return f"{value:.4f}" if self.form == "p" else f"{value:.3f}"


def figure(
    table: str,
    file: str,
    name: str,
    label: str,
    bar: float | None = None,
    stretch: float | None = None,
    form: Form = "share",
) -> Line:
    return Line(table, file, ("figures", name), label, bar, stretch, form)
