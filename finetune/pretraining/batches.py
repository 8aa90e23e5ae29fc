"""The batches of pre-training: a function of (seed, step) alone, and nothing in them is padding."""

from __future__ import annotations

import numpy as np
import torch

from finetune.data.collate import Batch
from finetune.pretraining.span_corruption import Corruption, Ids, corrupt
from finetune.pretraining.windows import Windows

PAD, END = 0, 1
"""T5's own ids; decoding starts from the padding mark."""


class SpanBatches:
    """Corrupted windows; `first_sentinel` is the id of `<extra_id_0>`."""

    def __init__(
        self, windows: Windows, corruption: Corruption, *, first_sentinel: int, seed: int = 0
    ) -> None:
        self._windows = windows
        self._corruption = corruption
        self._sentinel = first_sentinel
        self._seed = seed

    def at(self, first: int, count: int) -> Batch:
        """Windows `first` … `first + count` of the run: sources (count, source), targets alike."""
        pairs = [self._pair(number) for number in range(first, first + count)]
        sources, targets = (torch.from_numpy(np.stack(side)) for side in zip(*pairs, strict=True))
        before = targets.roll(1, dims=1)
        before[:, 0] = PAD
        return Batch(sources, torch.ones_like(sources), before, targets)

    def _pair(self, number: int) -> tuple[Ids, Ids]:
        draw = np.random.default_rng([self._seed, 4, number])
        return corrupt(
            self._windows.at(number), self._corruption, draw,
            first_sentinel=self._sentinel, end=END,
        )  # fmt: skip
