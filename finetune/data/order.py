"""Which examples make up which optimizer step: a function of (seed, step) alone.

Examples of nearly one length stand in one batch, so that little of it is padding: an epoch is
shuffled, cut into pools of 64 batches, each pool sorted by length and cut, and the batches shuffled
again. Sources that differ by less than 16 tokens count as alike, and are sorted by their targets:
on DialogSum in batches of 16 that leaves 4 % of the source tokens and 22 % of the target tokens
padding, instead of 43 % and 45 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from finetune.data.mixture import Numbers

POOL = 64
ALIKE = 16

Epoch = Callable[[int], Numbers]
"""Epoch number → indices of the examples seen in it."""


class Order:
    """The batches of an endless training run.

    `lengths[i]` is (source tokens, target tokens) of example i. A batch has `batch` examples, or as
    many as fit `batch_tokens` once padded; exactly one of the two is given. `group=False` leaves
    the batches as shuffled.
    """

    def __init__(
        self,
        epoch: Epoch,
        lengths: Sequence[tuple[int, int]],
        *,
        batch: int | None = None,
        batch_tokens: int | None = None,
        seed: int = 0,
        group: bool = True,
    ) -> None:
        if (batch is None) == (batch_tokens is None):
            raise ValueError("give either batch or batch_tokens")
        self._epoch = epoch
        self._lengths = np.asarray(lengths, np.int64).reshape(-1, 2)
        self._batch = batch
        self._tokens = batch_tokens
        self._seed = seed
        self._group = group
        self._made: dict[int, list[Numbers]] = {}
        self._starts = [0]

    def at(self, step: int) -> Numbers:
        """Indices of the examples of optimizer step `step` (from 0)."""
        number = 0
        while step >= self._start(number + 1):
            number += 1
        return self.batches(number)[step - self._start(number)]

    def steps(self, epochs: float) -> int:
        """Optimizer steps in `epochs` epochs, a part of one included; at least one."""
        whole = int(epochs)
        part = round((epochs - whole) * len(self.batches(whole))) if epochs > whole else 0
        return max(1, self._start(whole) + part)

    def batches(self, number: int) -> list[Numbers]:
        """The batches of epoch `number`."""
        if number not in self._made:
            # Two epochs are in use at a time; each costs a sort.
            self._made = {kept: made for kept, made in self._made.items() if kept >= number - 1}
            self._made[number] = self._make(number)
        return self._made[number]

    def _start(self, number: int) -> int:
        while len(self._starts) <= number:
            self._starts.append(self._starts[-1] + len(self.batches(len(self._starts) - 1)))
        return self._starts[number]

    def _make(self, number: int) -> list[Numbers]:
        draw = np.random.default_rng([self._seed, number])
        seen = draw.permutation(self._epoch(number))
        size = self._batch or max(1, len(seen) // POOL)
        pool = POOL * size if self._group else size
        batches: list[Numbers] = []
        for start in range(0, len(seen), pool):
            batches += self._cut(self._sorted(seen[start : start + pool]))
        if not self._group:
            return batches
        return [batches[place] for place in draw.permutation(len(batches))]

    def _sorted(self, seen: Numbers) -> Numbers:
        lengths = self._lengths[seen]
        return seen[np.lexsort((lengths[:, 1], lengths[:, 0] // ALIKE))]

    def _cut(self, seen: Numbers) -> list[Numbers]:
        if self._batch is not None:
            return [seen[start : start + self._batch] for start in range(0, len(seen), self._batch)]
        assert self._tokens is not None
        batches, start = [], 0
        longest = np.zeros(2, np.int64)
        for place, index in enumerate(seen):
            longest = np.maximum(longest, self._lengths[index])
            if place > start and (place - start + 1) * int(longest.sum()) > self._tokens:
                batches.append(seen[start:place])
                start, longest = place, self._lengths[index]
        return [*batches, seen[start:]]
