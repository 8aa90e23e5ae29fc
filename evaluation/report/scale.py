"""A number's place on an axis, and the round numbers to write beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_ROUND = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps `low`…`high` to `start`…`end` (pixels), by the logarithm where `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value; what lies outside is put at the border."""
        kept = min(max(value, self.low), self.high)
        low, high, at = (
            (math.log(v) for v in (self.low, self.high, kept))
            if self.log
            else (self.low, self.high, kept)
        )
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """Round numbers within the scale: about `most`, or the powers of ten where logarithmic."""
        if self.log:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            return [10.0**power for power in range(first, last + 1)]
        step = _round_up((self.high - self.low) / most)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(number * step, 10) for number in range(first, last + 1)]


def domain(values: Iterable[float]) -> tuple[float, float]:
    """A range that holds the values: 0 to 1 where they are shares, else their own with a margin."""
    found = list(values)
    low, high = min(found, default=0.0), max(found, default=1.0)
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    margin = (high - low) * 0.06 or 1.0
    return (0.0 if 0 <= low < 2 * margin else low - margin), high + margin


def centred(values: Iterable[float]) -> tuple[float, float]:
    """A range about zero that holds the values, for differences."""
    most = max((abs(value) for value in values), default=0.0) * 1.08 or 0.1
    return -most, most


def _round_up(step: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in _ROUND if factor * power >= step * (1 - 1e-9))
