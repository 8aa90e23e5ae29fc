"""How far a long run is, and how long it will still take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["scan", "parse", "embed", "commit"]


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of a stage (files for scan and parse, chunks for embed).

    `eta_seconds` is None until it can be told; `file` is the file just finished.
    """

    stage: Stage
    done: int
    total: int
    eta_seconds: float | None = None
    file: str = ""


OnProgress = Callable[[Progress], None]


class StageClock:
    """Reports one stage's progress with an ETA from the work done so far.

    `cost` is in any unit that grows with the time a step takes (characters, tokens, files).
    """

    def __init__(self, stage: Stage, total: int, cost: float, report: OnProgress | None) -> None:
        self._stage: Stage = stage
        self._total = total
        self._cost = cost
        self._report = report
        self._done = 0
        self._spent = 0.0
        self._start = time.monotonic()
        self.step(0, 0.0)

    def step(self, units: int, cost: float, file: str = "") -> None:
        """`units` more are done, which took `cost` of the stage's whole."""
        self._done += units
        self._spent += cost
        if self._report is None:
            return
        eta = None
        if self._spent > 0:
            elapsed = time.monotonic() - self._start
            eta = elapsed * max(self._cost - self._spent, 0.0) / self._spent
        self._report(Progress(self._stage, self._done, self._total, eta, file))
