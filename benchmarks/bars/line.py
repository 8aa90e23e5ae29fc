"""A row of the results page: where its figure stands, how it is called, the bar and the stretch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Results = Mapping[str, Any]
Form = Literal["share", "seconds", "milliseconds", "times", "count", "fewer", "p"]

HEADER = "| measure | figure | spread | bar | stretch | |\n|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of table `table`: the figure at `path` of `FILE.json`.

    Its spread on the page is a 95 % bootstrap interval for shares, the least and the greatest for
    repeated timings. Seconds, milliseconds, p and `fewer` are the better the smaller.
    """

    table: str
    file: str
    path: tuple[str, ...]
    label: str
    bar: float | None = None
    stretch: float | None = None
    form: Form = "share"

    def row(self, results: Results) -> str:
        """The row in Markdown; a figure that nobody measured is said to be missing."""
        found: Any = results.get(self.file)
        for step in self.path:
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is None:
            cells = ["not measured", ""]
            verdict = ""
        else:
            figure = found if isinstance(found, Mapping) else {"value": found}
            value = float(figure["value"])
            cells = [self._say(value), self._spread(figure)]
            verdict = self._verdict(value)
        return f"| {' | '.join([self.label, *cells, *self._bars(), verdict])} |"

    def _spread(self, figure: Mapping[str, float]) -> str:
        if "low" not in figure:
            return ""
        return f"{self._say(figure['low'])}–{self._say(figure['high'])}"

    def _bars(self) -> list[str]:
        sign = "<" if self._less_is_better else "≥"
        return [f"{sign} {self._say(b)}" if b is not None else "" for b in (self.bar, self.stretch)]

    def _verdict(self, value: float) -> str:
        if self.bar is None:
            return ""
        if self.stretch is not None and self._reaches(value, self.stretch):
            return "stretch reached"
        return "reached" if self._reaches(value, self.bar) else "**missed**"

    def _reaches(self, value: float, bar: float) -> bool:
        return value < bar if self._less_is_better else value >= bar

    @property
    def _less_is_better(self) -> bool:
        return self.form in ("seconds", "milliseconds", "fewer", "p")

    def _say(self, value: float) -> str:
        if self.form == "seconds":
            return f"{value:.2f} s"
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
