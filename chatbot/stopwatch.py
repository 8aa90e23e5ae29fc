"""Seconds by stage of one answer."""

from __future__ import annotations

import time


class Stopwatch:
    """Runs from its making; each lap is the time since the one before."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.laps[stage] = now - self._last
        self._last = now

    def first_token(self) -> None:
        """The first of several calls counts, from the start rather than from the last lap."""
        self.laps.setdefault("first_token", time.perf_counter() - self._start)

    def timings(self) -> dict[str, float]:
        """The laps, and the whole time up to now."""
        return {**self.laps, "total": time.perf_counter() - self._start}
