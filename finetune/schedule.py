"""Learning-rate schedules: a linear warm-up, then one of four ways on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from torch.optim import Optimizer

Shape = Literal["linear", "cosine", "constant", "inverse-sqrt"]


@dataclass(frozen=True)
class Schedule:
    """Peak rate `lr`, reached after `warmup` steps; `total` steps in all.

    linear and cosine end at 0. inverse-sqrt is T5's and "Attention Is All You Need"'s: the rate
    falls with √(warmup / step), so a run may be prolonged without a change to its past.
    """

    shape: Shape
    lr: float
    warmup: int
    total: int

    def rate(self, step: int) -> float:
        """The learning rate of optimizer step `step`, counted from 0."""
        if step < self.warmup:
            return self.lr * (step + 1) / self.warmup
        if self.shape == "constant":
            return self.lr
        if self.shape == "inverse-sqrt":
            return self.lr * math.sqrt(max(self.warmup, 1) / max(step + 1, 1))
        done = min(1.0, (step - self.warmup) / max(self.total - self.warmup, 1))
        return self.lr * (
            1 - done if self.shape == "linear" else (1 + math.cos(math.pi * done)) / 2
        )

    def apply(self, optimizer: Optimizer, step: int) -> float:
        """Set the rate of `step` in all groups of the optimizer, and return it."""
        rate = self.rate(step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        return rate
