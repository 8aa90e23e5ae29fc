"""Vectors in FAISS: exact inner products in memory, one file per generation on disk.

100,000 vectors of 384 dimensions are 150 MB and a search reads them all in milliseconds, so nothing
approximate is needed. A generation is written beside the old one and renamed into place; a searcher
holds its generation in memory, so `settle` may unlink the file it came from. The file format is
FAISS's own (no pickle). https://faiss.ai
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ingestion.errors import DamagedIndex, IndexProblem
from ingestion.stores.base import Hit, Ids, Row, Selection, Vectors

PREFIX, SUFFIX, PARTIAL = "vectors-", ".faiss", ".partial"


class FaissStore:
    """A `Store` over `IndexIDMap2(IndexFlatIP)`; ids are chunk ids. FAISS is imported when used."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self.folder = folder
        self.dimension = dimension
        self._generation = 0
        self._index = self._empty()

    def _empty(self) -> Any:
        import faiss

        return faiss.IndexIDMap2(faiss.IndexFlatIP(self.dimension))

    def path(self, generation: int) -> Path:
        return self.folder / f"{PREFIX}{generation}{SUFFIX}"

    def open(self, generation: int) -> None:
        """Read the generation's file; searches that run meanwhile finish on the old one."""
        self._index = self._read(self.path(generation)) if generation else self._empty()
        self._generation = generation

    def _read(self, path: Path) -> Any:
        import faiss

        remedy = "Run `lectern ingest` again to rebuild it."
        if not path.is_file():
            raise DamagedIndex(f"The vector file {path} is missing.", remedy)
        try:
            index = faiss.read_index(str(path))
        except (RuntimeError, MemoryError) as error:
            raise DamagedIndex(f"The vector file {path} is damaged.", remedy) from error
        if not isinstance(index, faiss.IndexIDMap2) or index.d != self.dimension:
            raise DamagedIndex(
                f"The vector file {path} does not hold vectors of {self.dimension} dimensions.",
                remedy,
            )
        return index

    def stage(
        self, generation: int, rows: Sequence[Row], vectors: Vectors, removed: Sequence[int]
    ) -> None:
        """Write the next generation's file; a row whose chunk id is already there replaces it."""
        import faiss

        if generation <= self._generation:
            raise ValueError(f"generation {generation} is not later than {self._generation}")
        if vectors.shape != (len(rows), self.dimension):
            raise ValueError(
                f"{len(rows)} rows need shape {(len(rows), self.dimension)}, not {vectors.shape}"
            )
        ids = np.array([row.chunk_id for row in rows], np.int64)
        index = faiss.clone_index(self._index)
        gone = np.concatenate([ids, np.array(removed, np.int64)])
        if index.ntotal and len(gone):
            index.remove_ids(faiss.IDSelectorBatch(gone))
        if len(ids):
            index.add_with_ids(np.ascontiguousarray(vectors, np.float32), ids)
        self._write(index, self.path(generation))

    def _write(self, index: Any, path: Path) -> None:
        """Durably: whoever finds `path` finds all of it, even after a power cut."""
        import faiss

        self.folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + PARTIAL)
        try:
            faiss.write_index(index, str(partial))
        except RuntimeError as error:
            raise IndexProblem(
                f"The vector file {partial} cannot be written.",
                "Check the folder's permissions and the free disk space.",
            ) from error
        _flush(partial)
        partial.replace(path)
        _flush(self.folder)

    def settle(self, generation: int, live: Ids) -> None:
        """Unlink every other generation and what killed writers left half done."""
        keep = self.path(generation)
        for path in self.folder.glob(f"{PREFIX}*{SUFFIX}*"):
            if path != keep:
                path.unlink(missing_ok=True)

    def search(self, vector: Vectors, k: int, selection: Selection | None = None) -> list[Hit]:
        import faiss

        index, parameters = self._index, None
        k = min(k, index.ntotal)
        if selection is not None:
            k = min(k, len(selection.chunk_ids))
            # A bit for each id: a set of as many ids takes five times as long at every search.
            allowed = faiss.IDSelectorBitmap(selection.bits)  # type: ignore[call-arg,arg-type]
            parameters = faiss.SearchParameters(sel=allowed)  # type: ignore[call-arg]
        if k < 1:
            return []
        query = np.ascontiguousarray(vector, np.float32).reshape(1, self.dimension)
        with _one_thread():
            scores, ids = index.search(query, k, params=parameters)
        return [
            Hit(int(chunk_id), float(score))
            for chunk_id, score in zip(ids[0], scores[0], strict=True)
            if chunk_id >= 0
        ]

    def vectors(self, chunk_ids: Sequence[int]) -> Vectors:
        index, ids = self._index, np.array(chunk_ids, np.int64)
        if not len(ids):
            return np.empty((0, self.dimension), np.float32)
        try:
            found: Vectors = index.reconstruct_batch(ids)
        except RuntimeError:
            held = set(self._ids(index).tolist())
            missing = next((int(i) for i in ids if int(i) not in held), None)
            if missing is None:
                raise
            raise KeyError(missing) from None
        return found

    def _ids(self, index: Any) -> Ids:
        import faiss

        ids: Ids = faiss.vector_to_array(index.id_map)
        return ids

    def count(self) -> int:
        return int(self._index.ntotal)

    def close(self) -> None:
        self._index = self._empty()
        self._generation = 0


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep FAISS to the calling thread.

    That is as fast for one query, and never waits for a core that something else holds (p95 of 5
    against 33 ms beside one busy process). OpenMP keeps the number per calling thread but shares it
    with PyTorch, so it is put back.
    """
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _flush(path: Path) -> None:
    """fsync a file or, after a rename in it, a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
