"""The store contract: vectors by chunk id, changed only from one committed generation to the next.

The SQLite catalog is the only truth. A store holds `chunk id → unit vector` for a *generation*; an
ingest makes generation g+1 in three steps:

1. `stage(g+1, …)` makes the new generation durable without disturbing generation g. A process
   killed here leaves g as it was, plus files or rows nobody refers to.
2. the catalog commits g+1 (one SQLite transaction, not the store's business).
3. `settle(g+1, live)` removes whatever g+1 does not use. Called again at the start of every ingest,
   so a process killed between 2 and 3 leaves nothing behind for long.

`open(g)` is what a searcher calls; it must not see anything staged later than g, or must be told
what is live: the index drops every hit the catalog does not hold at g.

Vectors are float32, unit length, shape (n, dimension); scores are inner products (cosines), larger
is better. Every store passes `tests/ingestion/stores/contract.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Row:
    """What a store may keep beside a vector, so that a server can filter without the catalog."""

    chunk_id: int
    file_id: int
    course: str
    file: str
    format: str


@dataclass(frozen=True)
class Selection:
    """The chunks a filter admits, said in the ways a store may want: by chunk and by file."""

    chunk_ids: Ids
    file_ids: tuple[int, ...]

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """`mask[i]`: is chunk i admitted? As long as the largest admitted id asks for."""
        mask = np.zeros(int(self.chunk_ids.max(initial=0)) + 1, np.bool_)
        mask[self.chunk_ids] = True
        return mask

    @cached_property
    def bits(self) -> NDArray[np.uint8]:
        """`mask` with eight chunks to a byte, the first in the lowest bit."""
        return np.packbits(self.mask, bitorder="little")

    def admits(self, chunk_ids: Ids) -> NDArray[np.bool_]:
        """Which of `chunk_ids` are admitted, in their order."""
        return (chunk_ids < len(self.mask)) & self.mask.take(chunk_ids, mode="clip")


@dataclass(frozen=True, slots=True)
class Hit:
    chunk_id: int
    score: float


class Store(Protocol):
    """See the module docstring for the contract."""

    dimension: int

    def open(self, generation: int) -> None:
        """Make `generation` the one that reads answer from; 0 is the empty index.

        Raises `DamagedIndex` when its data are missing or damaged.
        """
        ...

    def stage(
        self, generation: int, rows: Sequence[Row], vectors: Vectors, removed: Sequence[int]
    ) -> None:
        """Durably write the open generation − `removed` + `rows`; `vectors[i]` is `rows[i]`'s."""
        ...

    def settle(self, generation: int, live: Ids) -> None:
        """Remove everything that `generation` (whose chunk ids are `live`) does not use."""
        ...

    def search(self, vector: Vectors, k: int, selection: Selection | None = None) -> list[Hit]:
        """The k nearest of the open generation, best first; `vector` has shape (dimension,)."""
        ...

    def vectors(self, chunk_ids: Sequence[int]) -> Vectors:
        """The stored vectors, in the order asked; `KeyError` names a chunk id that is not there."""
        ...

    def count(self) -> int:
        """Vectors in the open generation."""
        ...

    def close(self) -> None: ...
