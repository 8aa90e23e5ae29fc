"""Where in a document a piece of text stands, in a form a person can follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

LocatorKind = Literal["page", "slide", "heading", "cell", "time", "line"]

TRAIL = " > "


@dataclass(frozen=True, slots=True)
class Locator:
    """A place in a document.

    `value` is the machine form: a 1-based number (page, slide, notebook cell, line), whole seconds
    from the start (time), any of these as a range `"3-5"`, or a heading trail `"Week 1 >
    Attention"`. `label` is what a reader is shown.
    """

    kind: LocatorKind
    value: str

    @classmethod
    def number(cls, kind: LocatorKind, first: int, last: int | None = None) -> Locator:
        """A numbered place; `last` (inclusive) makes it a range."""
        return cls(kind, str(first) if last is None or last == first else f"{first}-{last}")

    @classmethod
    def heading(cls, trail: Iterable[str]) -> Locator:
        return cls("heading", TRAIL.join(trail))

    @property
    def bounds(self) -> tuple[int, int] | None:
        """First and last number (inclusive), or None for a heading trail."""
        if self.kind == "heading":
            return None
        first, _, last = self.value.partition("-")
        return int(first), int(last or first)

    @property
    def label(self) -> str:
        bounds = self.bounds
        if bounds is None:
            return " › ".join(self.value.split(TRAIL)) or "start of document"
        first, last = bounds
        if self.kind == "time":
            return clock(first) if first == last else f"{clock(first)}–{clock(last)}"
        return f"{self.kind} {first}" if first == last else f"{self.kind}s {first}–{last}"

    def to(self, other: Locator) -> Locator:
        """The smallest place that holds both: a range of numbers, or the common part of two
        trails.
        """
        mine, theirs = self.bounds, other.bounds
        if mine is not None and theirs is not None and self.kind == other.kind:
            return Locator.number(self.kind, min(mine[0], theirs[0]), max(mine[1], theirs[1]))
        if self.kind != "heading" or other.kind != "heading":
            return self
        common = []
        for left, right in zip(self.value.split(TRAIL), other.value.split(TRAIL), strict=False):
            if left != right:
                break
            common.append(left)
        return Locator.heading(common) if common else self


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start:end` of a text stand at `locator`."""

    start: int
    end: int
    locator: Locator


def clock(seconds: int) -> str:
    """Seconds as `m:ss`, or `h:mm:ss` from one hour on."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
