"""Vectors in Chroma, embedded (a folder) or on a `chroma run` server (a URL).

Chroma has no transactions over many rows, so every row carries the generations in which it counts:
generation g reads the rows with `generation <= g < until`. An ingest adds rows of g+1 and sets
`until` of the removed ones to g+1; neither changes what g reads, however much of it a killed writer
got done. `settle` deletes what the committed generation does not read and takes back the marks of
later ones. Row ids are `<generation>-<chunk id>`: a row of g+1 never overwrites one of g.

The index is HNSW with a wide beam; tests/ingestion/stores/test_chroma_store.py holds its recall
against exact search. A `where` that all rows pass costs far more than the search itself, so the
generations are sorted out here, from a few hits more than were asked for.

Embedded Chroma belongs to one process: several writers corrupt its folder (chroma issue 7090), and
nothing but Lectern's own writer lock keeps them apart. Processes that share an index need a server.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from ingestion.errors import DamagedIndex, IndexProblem
from ingestion.stores.base import Hit, Ids, Row, Selection, Vectors

FOREVER = 2**53 - 1
"""`until` of a row nobody has removed: the largest integer every JSON parser keeps exact."""
BATCH = 1_000
"""Rows in one request: 384 dimensions make it some 8 MB of JSON."""
LONGEST_LIST = 10_000
"""Values in one `$in`: SQLite inside Chroma refuses a statement with more than some 16,000."""
SPARE = 10
"""Hits asked for beyond k, so that a few rows of other generations do not cost a second search."""
HNSW = {"space": "ip", "ef_construction": 400, "ef_search": 400, "max_neighbors": 32}


class ChromaStore:
    """A `Store` over one Chroma collection; give `url` for a server, else `folder`."""

    def __init__(
        self, folder: Path | None, url: str | None, dimension: int, collection: str = "lectern"
    ) -> None:
        if (folder is None) == (url is None):
            raise ValueError("give either a folder or the URL of a Chroma server")
        self.dimension = dimension
        self._name = collection
        self._place = folder or url
        self._generation = 0
        self._rows: Any = None
        with _explained(self._place):
            self._client = _connect(folder, url)

    def open(self, generation: int) -> None:
        from chromadb.errors import NotFoundError

        rows = None
        if generation:
            with _explained(self._place):
                try:
                    rows = self._client.get_collection(self._name, embedding_function=None)
                except NotFoundError as error:
                    raise DamagedIndex(
                        f"The Chroma at {self._place} has no collection {self._name!r}.",
                        "Run `lectern ingest` again to rebuild it.",
                    ) from error
            self._check(rows)
        self._rows, self._generation = rows, generation

    def _check(self, rows: Any) -> None:
        held = (rows.metadata or {}).get("dimension")
        if held != self.dimension:
            raise DamagedIndex(
                f"The collection {self._name!r} holds vectors of {held} dimensions, "
                f"not {self.dimension}.",
                "Use the encoder it was made with, or another collection.",
            )

    def stage(
        self, generation: int, rows: Sequence[Row], vectors: Vectors, removed: Sequence[int]
    ) -> None:
        """Add the next generation's rows; a row whose chunk id is already there replaces it."""
        if generation <= self._generation:
            raise ValueError(f"generation {generation} is not later than {self._generation}")
        if vectors.shape != (len(rows), self.dimension):
            raise ValueError(
                f"{len(rows)} rows need shape {(len(rows), self.dimension)}, not {vectors.shape}"
            )
        with _explained(self._place):
            target = self._client.get_or_create_collection(
                self._name,
                configuration={"hnsw": HNSW},
                metadata={"dimension": self.dimension},
                embedding_function=None,
            )
            self._check(target)
            self._rows = target
            if self._generation:
                replaced = [*removed, *(row.chunk_id for row in rows)]
                self._mark(list(self._visible(replaced).values()), generation)
            for start in range(0, len(rows), BATCH):
                part = rows[start : start + BATCH]
                target.upsert(
                    ids=[f"{generation}-{row.chunk_id}" for row in part],
                    embeddings=np.asarray(vectors[start : start + BATCH], np.float32),
                    metadatas=[_metadata(row, generation) for row in part],
                )

    def settle(self, generation: int, live: Ids) -> None:
        """Delete the rows `generation` does not read; take back removals that never happened.

        Generation 0 reads none, so the collection goes, and the next may have another dimension.
        """
        from chromadb.errors import NotFoundError

        with _explained(self._place):
            try:
                rows = self._client.get_collection(self._name, embedding_function=None)
            except NotFoundError:
                return
            if generation == 0 and "dimension" in (rows.metadata or {}):
                self._client.delete_collection(self._name)
                return
            self._check(rows)
            rows.delete(where=_unread(generation))
            self._rows = rows
            marked = {"$and": [{"until": {"$gt": generation}}, {"until": {"$lt": FOREVER}}]}
            self._mark(rows.get(where=marked, include=[])["ids"], FOREVER)
            if rows.count() > len(live):
                wanted = set(live.tolist())
                held = rows.get(include=["metadatas"])
                stray = [
                    row_id
                    for row_id, metadata in zip(held["ids"], held["metadatas"], strict=True)
                    if metadata["chunk_id"] not in wanted
                ]
                for start in range(0, len(stray), BATCH):
                    rows.delete(ids=stray[start : start + BATCH])

    def _mark(self, row_ids: Sequence[str], until: int) -> None:
        for start in range(0, len(row_ids), BATCH):
            part = list(row_ids[start : start + BATCH])
            self._rows.update(ids=part, metadatas=[{"until": until}] * len(part))

    def _visible(self, chunk_ids: Sequence[int]) -> dict[int, str]:
        """Row id of every chunk that the open generation holds."""
        found: dict[int, str] = {}
        for start in range(0, len(chunk_ids), BATCH):
            where = {"chunk_id": {"$in": [int(i) for i in chunk_ids[start : start + BATCH]]}}
            rows = self._rows.get(where=where, include=["metadatas"])
            for row_id, metadata in zip(rows["ids"], rows["metadatas"], strict=True):
                if _counts(metadata, self._generation):
                    found[metadata["chunk_id"]] = row_id
        return found

    def search(self, vector: Vectors, k: int, selection: Selection | None = None) -> list[Hit]:
        """See `Store.search`; a few hundred identical vectors can hide others from HNSW."""
        generation = self._generation
        if not generation or k < 1 or (selection is not None and not len(selection.chunk_ids)):
            return []
        chosen = None if selection is None else _where(selection)
        by_hand = None
        if selection is not None and chosen is None:
            by_hand = set(selection.chunk_ids.tolist())
        query = np.asarray(vector, np.float32).reshape(1, self.dimension)
        asked, where, hidden_left_out = k + SPARE, chosen, False
        while True:
            with _explained(self._place):
                found = self._rows.query(
                    query_embeddings=query,
                    n_results=asked,
                    where=where,
                    include=["metadatas", "distances"],
                )
            metadatas, distances = found["metadatas"][0], found["distances"][0]
            seen = [
                Hit(metadata["chunk_id"], 1.0 - float(distance))
                for metadata, distance in zip(metadatas, distances, strict=True)
                if _counts(metadata, generation)
            ]
            hits = [hit for hit in seen if by_hand is None or hit.chunk_id in by_hand]
            complete = hidden_left_out or len(seen) == len(metadatas)
            if len(hits) >= k or (complete and len(metadatas) < asked):
                return hits[:k]
            where, hidden_left_out = _read(generation, chosen), True
            asked *= 4

    def vectors(self, chunk_ids: Sequence[int]) -> Vectors:
        found = np.empty((len(chunk_ids), self.dimension), np.float32)
        if not len(chunk_ids):
            return found
        with _explained(self._place):
            rows = self._visible(chunk_ids) if self._generation else {}
            for chunk_id in chunk_ids:
                if int(chunk_id) not in rows:
                    raise KeyError(int(chunk_id))
            for start in range(0, len(chunk_ids), BATCH):
                wanted = [rows[int(i)] for i in chunk_ids[start : start + BATCH]]
                got = self._rows.get(ids=sorted(set(wanted)), include=["embeddings"])
                place = {row_id: at for at, row_id in enumerate(got["ids"])}
                found[start : start + len(wanted)] = np.asarray(got["embeddings"])[
                    [place[row_id] for row_id in wanted]
                ]
        return found

    def count(self) -> int:
        if not self._generation:
            return 0
        with _explained(self._place):
            hidden = self._rows.get(where=_unread(self._generation), include=[])["ids"]
            return int(self._rows.count()) - len(hidden)

    def close(self) -> None:
        self._client.close()
        self._rows, self._generation = None, 0


def drop_collections(url: str, prefix: str, keep: str) -> None:
    """Delete the server's collections called `prefix…`, except `keep`. Raises `IndexProblem`."""
    with _explained(url):
        client = _connect(None, url)
        try:
            for collection in client.list_collections():
                if collection.name.startswith(prefix) and collection.name != keep:
                    client.delete_collection(collection.name)
        finally:
            client.close()


@contextmanager
def _explained(place: Path | str | None) -> Iterator[None]:
    """Say which folder or server failed, and what to do about it."""
    import httpx
    from chromadb.errors import ChromaError

    try:
        yield
    except (ChromaError, httpx.HTTPError, ConnectionError) as error:
        if isinstance(place, str):
            raise IndexProblem(
                f"The Chroma server at {place} failed: {error}.",
                f"Start it (`chroma run --port {_address(place)[1]} --path FOLDER`), "
                "then try again.",
            ) from error
        raise DamagedIndex(
            f"The Chroma folder {place} failed: {error}.",
            "Run `lectern ingest` again to rebuild it.",
        ) from error


def _counts(metadata: Any, generation: int) -> bool:
    return bool(metadata["generation"] <= generation < metadata["until"])


def _unread(generation: int) -> Any:
    return {"$or": [{"generation": {"$gt": generation}}, {"until": {"$lte": generation}}]}


def _read(generation: int, chosen: Any) -> Any:
    both = [{"generation": {"$lte": generation}}, {"until": {"$gt": generation}}]
    return {"$and": both if chosen is None else [*both, chosen]}


def _metadata(row: Row, generation: int) -> dict[str, int | str]:
    return {
        "generation": generation,
        "until": FOREVER,
        "chunk_id": row.chunk_id,
        "file_id": row.file_id,
        "course": row.course,
        "file": row.file,
        "format": row.format,
    }


def _where(selection: Selection) -> Any:
    """The selection by whichever list is shorter; None where even that is too long to send."""
    files, chunks = len(selection.file_ids), len(selection.chunk_ids)
    if min(files, chunks) > LONGEST_LIST:
        return None
    if files <= chunks:
        return {"file_id": {"$in": [int(i) for i in selection.file_ids]}}
    return {"chunk_id": {"$in": selection.chunk_ids.tolist()}}


def _address(url: str) -> tuple[str, int, bool]:
    """Host, port and whether TLS is used."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"{url!r} is not the address of a Chroma server, like http://localhost:8000"
        )
    return parts.hostname, parts.port or (443 if secure else 8000), secure


def _connect(folder: Path | None, url: str | None) -> Any:
    """A client that reports nothing to anybody."""
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if url is None:
        assert folder is not None
        folder.mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(folder, settings=settings)
    host, port, secure = _address(url)
    try:
        return chromadb.HttpClient(host=host, port=port, ssl=secure, settings=settings)
    except ValueError as error:  # what Chroma raises when nobody answers
        raise ConnectionError(str(error)) from error
