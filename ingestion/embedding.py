"""Chunks to vectors, each text once: from the index, from an unfinished ingest, or computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingestion.catalog import Catalog
from ingestion.encoders.base import Encoder
from ingestion.passage import Chunk
from ingestion.pending import PendingVectors
from ingestion.progress import OnProgress, StageClock
from ingestion.stores.base import Store, Vectors

_GROUP = 1024
"""Texts between two writes to disk; a killed ingest loses at most one group."""


def embed_chunks(
    chunks: Sequence[Chunk],
    encoder: Encoder,
    catalog: Catalog,
    store: Store | None,
    pending: PendingVectors,
    progress: OnProgress | None,
) -> tuple[dict[str, Vectors], int]:
    """Chunk hash → unit vector for all `chunks`, and how many of them were computed.

    `store` is the open generation whose vectors may be taken over, None under another pipeline.
    """
    texts = {chunk.hash: chunk.embedded_text for chunk in chunks}
    vectors: dict[str, Vectors] = {}
    if store is not None:
        held = catalog.ids_by_hash(texts)
        vectors.update(zip(held, store.vectors(list(held.values())), strict=True))
    vectors.update(pending.get(digest for digest in texts if digest not in vectors))
    missing = [digest for digest in texts if digest not in vectors]
    # Long texts first: equal lengths share batches, and the estimate errs on the safe side.
    missing.sort(key=lambda digest: -len(texts[digest]))
    clock = StageClock("embed", len(missing), sum(len(texts[d]) for d in missing), progress)
    for start in range(0, len(missing), _GROUP):
        group = missing[start : start + _GROUP]
        seen = iter(group)

        def finished(count: int, seen: object = seen) -> None:
            batch = [next(seen) for _ in range(count)]  # type: ignore[call-overload]
            clock.step(count, sum(len(texts[digest]) for digest in batch))

        computed = encoder.encode([texts[digest] for digest in group], finished)
        pending.put(group, computed)
        vectors.update(zip(group, computed, strict=True))
    return vectors, len(missing)


def stack(vectors: dict[str, Vectors], chunks: Sequence[Chunk], dimension: int) -> Vectors:
    """The vectors of `chunks`, shape (len(chunks), dimension)."""
    if not chunks:
        return np.zeros((0, dimension), dtype=np.float32)
    return np.stack([vectors[chunk.hash] for chunk in chunks]).astype(np.float32, copy=False)
