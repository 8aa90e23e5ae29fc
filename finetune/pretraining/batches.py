"""The batches of pre-training: a function of (seed, step) alone, and nothing in them is padding."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import torch

from finetune.data.collate import Batch
from finetune.pretraining.span_corruption import Corruption, Ids, corrupt
from finetune.pretraining.windows import Windows

PAD, END = 0, 1
"""T5's own ids; decoding starts from the padding mark."""


class Batches(Protocol):
    def at(self, first: int, count: int) -> Batch:
        """Windows `first` … `first + count` of the run."""
        ...


class SpanBatches:
    """Corrupted windows, `shown` before their corruption or not; `first_sentinel` is the id of
    `<extra_id_0>`.
    """

    def __init__(
        self,
        windows: Windows,
        corruption: Corruption,
        *,
        first_sentinel: int,
        seed: int = 0,
        shown: bool = False,
    ) -> None:
        self._windows = windows
        self._corruption = corruption
        self._sentinel = first_sentinel
        self._seed = seed
        self._shown = shown

    def at(self, first: int, count: int) -> Batch:
        """Sources and targets of equal lengths, (count, source) and (count, target)."""
        pairs = [self._pair(number) for number in range(first, first + count)]
        sources, targets = (torch.from_numpy(np.stack(side)) for side in zip(*pairs, strict=True))
        before = targets.roll(1, dims=1)
        before[:, 0] = PAD
        return Batch(sources, torch.ones_like(sources), before, targets)

    def _pair(self, number: int) -> tuple[Ids, Ids]:
        draw = np.random.default_rng([self._seed, 4, number])
        window = self._windows.at(number)
        source, target = corrupt(
            window, self._corruption, draw, first_sentinel=self._sentinel, end=END
        )
        return (np.concatenate([window, source]) if self._shown else source), target


class Alternating:
    """A `share` of the steps, `batch` windows each, is from `shown`, the rest from `plain`."""

    def __init__(self, plain: Batches, shown: Batches, share: float, batch: int) -> None:
        self._plain = plain
        self._shown = shown
        self._share = share
        self._batch = batch

    def at(self, first: int, count: int) -> Batch:
        step = first // self._batch
        due = math.floor((step + 1) * self._share) > math.floor(step * self._share)
        return (self._shown if due else self._plain).at(first, count)
