"""The lexical leg: BM25 over stemmed words, held as bm25s does and changed a file at a time.

bm25s (Lù 2024) scores a query by adding up columns of a term × chunk matrix whose entries are BM25
weights computed in advance. Its own indexer starts from all texts; a course changes one file at a
time, so this one keeps the term counts beside the weights: adding and removing chunks edits the
counts and recomputes the weights with array operations. `BM25(method="lucene")` of bm25s run on the
same tokens gives the same scores, which a test holds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.errors import DamagedIndex
from ingestion.stores.base import Hit, Ids, Selection
from ingestion.words import Stemmed

K1 = 1.5
B = 0.75

Ints = NDArray[np.int32]
Scores = NDArray[np.float32]


class LexicalIndex:
    """BM25 over chunks. Immutable: `updated` gives a new index.

    `ids` has the chunk id of every row; `scores` and `search` answer in terms of them.
    """

    def __init__(self, ids: Ids, vocabulary: dict[str, int], counts: Any, weights: Any) -> None:
        self.ids = ids
        self._vocabulary = vocabulary
        self._counts = counts  # scipy CSR, chunks × terms, term frequencies
        self._weights = weights  # scipy CSC, chunks × terms, BM25 weights
        self._words = Stemmed()
        self._row = {int(chunk_id): row for row, chunk_id in enumerate(ids)}

    def __contains__(self, chunk_id: int) -> bool:
        return chunk_id in self._row

    def row(self, chunk_id: int) -> int:
        """The place of a chunk in `ids` and `scores`."""
        return self._row[chunk_id]

    @classmethod
    def build(cls, ids: Sequence[int], texts: Sequence[str]) -> LexicalIndex:
        """Index `texts[i]` as chunk `ids[i]`."""
        from scipy.sparse import csr_matrix

        nothing = csr_matrix((0, 0), dtype=np.float32)
        empty = cls(np.zeros(0, dtype=np.int64), {}, nothing, nothing.tocsc())
        return empty.updated(ids, texts, removed=())

    def updated(
        self, ids: Sequence[int], texts: Sequence[str], removed: Sequence[int]
    ) -> LexicalIndex:
        """This index without the chunks `removed` and with `texts[i]` as chunk `ids[i]`."""
        from scipy.sparse import csr_matrix, vstack

        vocabulary = dict(self._vocabulary)
        terms: list[int] = []
        ends = [0]
        for words in self._words.batch(texts):
            terms.extend(vocabulary.setdefault(word, len(vocabulary)) for word in words)
            ends.append(len(terms))
        new = csr_matrix(
            (np.ones(len(terms), dtype=np.float32), np.array(terms, dtype=np.int32), ends),
            shape=(len(texts), len(vocabulary)),
        )
        new.sum_duplicates()
        keep = ~np.isin(self.ids, np.asarray(removed, dtype=np.int64))
        old = self._counts if keep.all() else self._counts[keep]
        old = csr_matrix((old.data, old.indices, old.indptr), (old.shape[0], len(vocabulary)))
        counts = vstack([old, new], format="csr") if len(texts) else old
        all_ids = np.concatenate([self.ids[keep], np.asarray(ids, dtype=np.int64)])
        return LexicalIndex(all_ids, vocabulary, counts, _bm25(counts))

    def scores(self, query: str) -> Scores:
        """BM25 of the query against every chunk, in the order of `ids`."""
        terms = [self._vocabulary[w] for w in self._words.of(query) if w in self._vocabulary]
        if not terms or not len(self.ids):
            return np.zeros(len(self.ids), dtype=np.float32)
        return np.asarray(self._ranker().get_scores_from_ids(terms), dtype=np.float32)

    def search(self, query: str, k: int, selection: Selection | None = None) -> list[Hit]:
        """The k best chunks that share a word with the query, best first."""
        return self.best(self.scores(query), k, selection)

    def best(self, scores: Scores, k: int, selection: Selection | None = None) -> list[Hit]:
        """The k largest of `scores`, as `search` gives them."""
        if selection is not None:
            scores = np.where(selection.admits(self.ids), scores, 0.0)
        return [Hit(int(self.ids[row]), float(scores[row])) for row in top(scores, k)]

    def coverage(self, query: str, chunk_ids: Sequence[int]) -> list[float]:
        """The share of the query's different words that each chunk holds, rare words weighing more.

        A word that d of n chunks hold weighs log(1 + n / (1 + d)): one that none holds weighs most,
        so that a question of something the documents never mention is covered badly. 0 for a query
        without words.
        """
        words = dict.fromkeys(self._words.of(query))
        terms = np.array([self._vocabulary.get(word, -1) for word in words], dtype=np.int64)
        frequency = np.append(np.diff(self._weights.indptr), 0)[terms]
        weights = np.log1p(len(self.ids) / (1 + frequency))
        total = float(weights.sum()) or 1.0
        starts, held = self._counts.indptr, self._counts.indices
        rows = [self._row[chunk_id] for chunk_id in chunk_ids]
        return [
            float(weights[np.isin(terms, held[starts[row] : starts[row + 1]])].sum()) / total
            for row in rows
        ]

    def save(self, folder: Path) -> None:
        """Write the index into a new folder, durably."""
        folder.mkdir(parents=True)
        arrays = {
            "ids": self.ids,
            "counts.data": self._counts.data.astype(np.uint16),
            "counts.indices": self._counts.indices.astype(np.int32),
            "counts.indptr": self._counts.indptr.astype(np.int64),
            "weights.data": self._weights.data,
            "weights.indices": self._weights.indices.astype(np.int32),
            "weights.indptr": self._weights.indptr.astype(np.int64),
        }
        for name, array in arrays.items():
            with (folder / f"{name}.npy").open("wb") as file:
                np.save(file, array, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
        with (folder / "vocabulary.json").open("w", encoding="utf-8") as text:
            json.dump(list(self._vocabulary), text)
            text.flush()
            os.fsync(text.fileno())

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Read what `save` wrote. Raises `DamagedIndex` when it is missing or damaged."""
        from scipy.sparse import csc_matrix, csr_matrix

        def array(name: str) -> NDArray[Any]:
            return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False))

        try:
            ids = np.array(array("ids"))
            terms = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
            shape = (len(ids), len(terms))
            parts = ("data", "indices", "indptr")
            weights = csc_matrix(tuple(array(f"weights.{p}") for p in parts), shape=shape)
            counts = csr_matrix(tuple(array(f"counts.{p}") for p in parts), shape=shape)
        except (OSError, EOFError, ValueError) as error:
            raise DamagedIndex(
                f"The lexical index {folder} cannot be read ({error}).",
                "Run `lectern ingest` again to rebuild it.",
            ) from error
        return cls(ids, {term: i for i, term in enumerate(terms)}, counts, weights)

    def _ranker(self) -> Any:
        """A bm25s searcher over our weights."""
        from bm25s import BM25

        ranker = BM25(k1=K1, b=B, method="lucene")
        ranker.scores = {
            "data": self._weights.data,
            "indices": self._weights.indices,
            "indptr": self._weights.indptr,
            "num_docs": len(self.ids),
        }
        ranker.nonoccurrence_array = None
        return ranker


def top(scores: Scores, k: int) -> list[int]:
    """Rows of the k largest positive scores, best first; ties by row."""
    positive = np.flatnonzero(scores > 0)
    if len(positive) > k:
        best = np.argpartition(-scores[positive], k - 1)[:k]
        positive = np.sort(positive[best])
    order = np.argsort(-scores[positive], kind="stable")
    return [int(row) for row in positive[order]]


def _bm25(counts: Any) -> Any:
    """Term counts (chunks × terms) → BM25 weights, Lucene's variant (Kamphuis et al. 2020)."""
    weights = counts.tocsc().astype(np.float32)
    chunks = counts.shape[0]
    if chunks == 0:
        return weights
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    frequency = np.diff(weights.indptr)
    idf = np.log(1 + (chunks - frequency + 0.5) / (frequency + 0.5))
    norm = K1 * (1 - B + B * lengths / max(lengths.mean(), 1e-9))
    tf = weights.data
    weights.data = (np.repeat(idf, frequency) * tf / (norm[weights.indices] + tf)).astype(
        np.float32
    )
    return weights
