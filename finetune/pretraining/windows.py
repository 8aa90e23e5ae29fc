"""Which windows of which text make up which optimizer step: a function of (seed, step) alone.

The documents of a source stand one after another, each closed by the end mark, and are cut into
windows of one length. An epoch takes `rate` times the windows of each source, shuffled together; a
source seen less than whole goes on in the next epoch where it stopped. Every epoch begins its first
window elsewhere, so that no two cut a sentence at the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from finetune.pretraining.token_file import Tokens
from ingestion.errors import LecternError

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class TextSource:
    """The tokens of one source, and how often an epoch goes through them."""

    name: str
    tokens: Tokens
    rate: float = 1.0


class Windows:
    """An endless sequence of windows of `length` tokens.

    Raises `LecternError` for a source shorter than two windows.
    """

    def __init__(self, sources: Sequence[TextSource], length: int, seed: int = 0) -> None:
        self._sources = sources
        self._length = length
        self._seed = seed
        for source in sources:
            if len(source.tokens) < 2 * length:
                raise LecternError(
                    f"{source.name}: {len(source.tokens)} tokens, fewer than two windows of "
                    f"{length}.",
                    "Give it more text, take it out of the corpus, or raise --held-out if it is "
                    "the held documents.",
                )
        # One window less than fit: what the shift of an epoch needs.
        self._counts = [len(source.tokens) // length - 1 for source in sources]
        self._shares = [
            max(1, round(source.rate * count))
            for source, count in zip(sources, self._counts, strict=True)
        ]
        self._made: tuple[int, Ids] | None = None

    @property
    def per_epoch(self) -> int:
        return sum(self._shares)

    @property
    def shares(self) -> dict[str, float]:
        """The part of all windows that each source gives."""
        return {
            source.name: share / self.per_epoch
            for source, share in zip(self._sources, self._shares, strict=True)
        }

    def at(self, number: int) -> Ids:
        """Window `number` (from 0) of the run: (length,) token ids."""
        epoch, place = divmod(number, self.per_epoch)
        source, start = self._epoch(epoch)[place]
        return np.asarray(self._sources[source].tokens[start : start + self._length], np.int64)

    def _epoch(self, epoch: int) -> Ids:
        """(windows, 2) of (source, first token), in their order."""
        if self._made is None or self._made[0] != epoch:
            self._made = epoch, self._make(epoch)
        return self._made[1]

    def _make(self, epoch: int) -> Ids:
        rows = []
        for place, (count, share) in enumerate(zip(self._counts, self._shares, strict=True)):
            windows = self._endless(place, count, epoch * share, share)
            shift = int(np.random.default_rng([self._seed, 1, place, epoch]).integers(self._length))
            starts = windows * self._length + shift
            rows.append(np.stack([np.full_like(starts, place), starts], axis=1))
        order = np.random.default_rng([self._seed, 2, epoch])
        return order.permutation(np.concatenate(rows), axis=0)

    def _endless(self, place: int, count: int, start: int, length: int) -> Ids:
        """Positions start … start + length of the source's endless sequence of permutations."""
        first, last = start // count, (start + length - 1) // count
        every = [
            np.random.default_rng([self._seed, 0, place, number]).permutation(count)
            for number in range(first, last + 1)
        ]
        return np.concatenate(every)[start - first * count :][:length].astype(np.int64)
