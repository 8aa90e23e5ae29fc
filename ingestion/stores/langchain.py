"""Lectern's stores as LangChain vector stores, and its encoders as LangChain embeddings.

    store = FaissVectorStore(EncoderEmbeddings(encoder), Path("notes"))
    store.add_texts(["Adam keeps two moments per weight."], [{"week": 3}])
    store.similarity_search("optimizers", k=1, filter={"week": 3})

Each `add_*` or `delete` is one generation of the store contract, so add documents in batches. They
are all or nothing: a process killed half-way leaves what was there before.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from ingestion.encoders.base import Encoder
from ingestion.errors import IndexProblem
from ingestion.stores.base import Hit, Row, Selection, Store, Vectors
from ingestion.stores.documents import Documents
from ingestion.stores.factory import open_store

FILE = "documents.sqlite3"
Filter = dict[str, str | int | float | bool | None]
"""Metadata values that a document must have, all of them."""


class EncoderEmbeddings(Embeddings):
    """An `Encoder` as LangChain's `Embeddings`."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        embedded: list[list[float]] = self.encoder.encode(texts).tolist()
        return embedded

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


class LecternVectorStore(VectorStore):
    """Any `Store`, with its documents in the SQLite file `path`. Scores are cosines."""

    def __init__(self, embedding: Embeddings, store: Store, path: Path) -> None:
        self._embedding = embedding
        self._store = store
        self._documents = Documents(path)
        self._lock = RLock()
        self._opened = -1
        self._refresh()

    @property
    def embeddings(self) -> Embeddings:
        return self._embedding

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts; one whose id is already there is replaced. Returns the ids."""
        texts = list(texts)
        for name, given in (("metadatas", metadatas), ("ids", ids)):
            if given is not None and len(given) != len(texts):
                raise ValueError(f"{len(texts)} texts were given with {len(given)} {name}")
        documents = [
            Document(id=identity or str(uuid.uuid4()), page_content=text, metadata=metadata)
            for text, metadata, identity in zip(
                texts, metadatas or [{} for _ in texts], ids or [None] * len(texts), strict=True
            )
        ]
        last = list({document.id: document for document in documents}.values())
        vectors = self._embed([document.page_content for document in last])
        self._change([str(document.id) for document in last], last, vectors)
        return [str(document.id) for document in documents]

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Remove documents by id, or all of them; ids that are not there are passed over."""
        self._change(ids, [], self._embed([]))
        return True

    def _change(
        self, removed: Sequence[str] | None, added: Sequence[Document], vectors: Vectors
    ) -> None:
        with self._lock:
            with self._documents.writing() as writer:
                self._refresh()
                before = writer.generation()
                self._store.settle(before, writer.live())
                gone = writer.remove(removed)
                if not gone and not added:
                    return
                chunk_ids = [writer.add(document) for document in added]
                rows = [Row(i, file_id=i, course="", file="", format="") for i in chunk_ids]
                self._store.stage(before + 1, rows, vectors, gone)
                writer.commit_generation(before + 1)
            self._refresh()
            self._store.settle(before + 1, self._documents.live())

    def _refresh(self) -> None:
        """Open what is committed now, by whichever process."""
        with self._lock:
            while (generation := self._documents.generation()) != self._opened:
                try:
                    self._store.open(generation)
                except IndexProblem:
                    if generation == self._documents.generation():
                        raise
                    continue  # the next generation was committed and this one cleared away
                self._opened = generation

    def _embed(self, texts: list[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimension)."""
        if not texts:
            return np.empty((0, self._store.dimension), np.float32)
        return _unit(np.asarray(self._embedding.embed_documents(texts), np.float32))

    def _nearest(self, vector: Sequence[float], k: int, filter: Filter | None) -> list[Hit]:
        self._refresh()
        selection = None
        if filter:
            chunk_ids = self._documents.matching(filter)
            selection = Selection(chunk_ids, tuple(chunk_ids.tolist()))
        query = _unit(np.asarray([vector], np.float32))[0]
        return self._store.search(query, k, selection)

    def _read(self, hits: Sequence[Hit]) -> list[tuple[Document, float]]:
        held = self._documents.by_chunk([hit.chunk_id for hit in hits])
        return [(held[hit.chunk_id], hit.score) for hit in hits if hit.chunk_id in held]

    def similarity_search(
        self, query: str, k: int = 4, filter: Filter | None = None, **kwargs: Any
    ) -> list[Document]:
        return self.similarity_search_by_vector(self._embedding.embed_query(query), k, filter)

    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: Filter | None = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        return self._read(self._nearest(self._embedding.embed_query(query), k, filter))

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, filter: Filter | None = None, **kwargs: Any
    ) -> list[Document]:
        return [document for document, _ in self._read(self._nearest(embedding, k, filter))]

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: Filter | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        embedding = self._embedding.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(
            embedding, k, fetch_k, lambda_mult, filter
        )

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: Filter | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """Near the query and unlike each other (Carbonell & Goldstein, SIGIR 1998)."""
        with self._lock:
            hits = self._nearest(embedding, fetch_k, filter)
            vectors = self._store.vectors([hit.chunk_id for hit in hits])
        chosen = maximal_marginal_relevance(
            np.asarray(embedding, np.float32), list(vectors), lambda_mult, k
        )
        return [document for document, _ in self._read([hits[i] for i in chosen])]

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        return self._documents.by_id(ids)

    def _select_relevance_score_fn(self) -> Any:
        return lambda cosine: min(max(cosine, 0.0), 1.0)

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> LecternVectorStore:
        """A store holding `texts`; `kwargs` are the constructor's."""
        made = cls(embedding, **kwargs)
        made.add_texts(texts, metadatas, ids=ids)
        return made

    def close(self) -> None:
        self._store.close()


class FaissVectorStore(LecternVectorStore):
    """Vectors in FAISS and documents in SQLite, both in `folder`."""

    def __init__(self, embedding: Embeddings, folder: Path) -> None:
        super().__init__(
            embedding, open_store("faiss", folder, _dimension(embedding)), folder / FILE
        )


class ChromaVectorStore(LecternVectorStore):
    """Vectors in Chroma (in `folder`, or on the server at `url`), documents in `folder`."""

    def __init__(
        self,
        embedding: Embeddings,
        folder: Path,
        url: str | None = None,
        collection: str = "langchain",
    ) -> None:
        store = open_store("chroma", folder, _dimension(embedding), url, collection)
        super().__init__(embedding, store, folder / FILE)


def _dimension(embedding: Embeddings) -> int:
    if isinstance(embedding, EncoderEmbeddings):
        return embedding.encoder.dimension
    return len(embedding.embed_query("How long is a vector?"))


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
