"""The legs of the search on a benchmark: BM25, the encoder, their fusion, and a reranking of it.

Each leg proposes its `depth` best texts; every candidate gets its real score in both legs; the
product's own `fuse` weighs them. So what is measured is what a learner's question goes through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chatbot.retrieval.fusion import fuse
from chatbot.retrieval.rerank import Reranker
from evaluation.beir import Benchmark
from evaluation.ranking import Run, ranked
from ingestion.encoders.base import Encoder
from ingestion.lexical import LexicalIndex, top
from ingestion.passage import Passage
from ingestion.stores.base import Hit

DEPTH = 100
"""Candidates of each leg: as many as the search takes."""

RERANKED = 50

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total)."""


@dataclass(frozen=True)
class Candidates:
    """One query's candidates: each leg's own ranking, and both real scores of their union."""

    lexical: list[Hit]
    dense: list[Hit]
    lexical_of_all: list[Hit]
    dense_of_all: list[Hit]


@dataclass(frozen=True)
class Legs:
    """Candidates of every query; `Hit.chunk_id` is a position in `documents`.

    A document that stands there several times was indexed in parts: its best part is its score.
    """

    documents: list[str]
    candidates: dict[str, Candidates]

    def of(self, queries: Collection[str]) -> Legs:
        """The candidates of these queries alone."""
        return replace(self, candidates={query: self.candidates[query] for query in queries})

    def lexical(self) -> Run:
        return self._run(lambda c: [(hit.chunk_id, hit.score) for hit in c.lexical])

    def dense(self) -> Run:
        return self._run(lambda c: [(hit.chunk_id, hit.score) for hit in c.dense])

    def fused(self, weight: float) -> Run:
        def ranking(c: Candidates) -> list[tuple[int, float]]:
            fused = fuse(c.lexical_of_all, c.dense_of_all, weight, len(c.dense_of_all))
            return [(candidate.chunk_id, candidate.score) for candidate in fused]

        return self._run(ranking)

    def _run(self, ranking: Callable[[Candidates], list[tuple[int, float]]]) -> Run:
        run: dict[str, dict[str, float]] = {}
        for query, candidates in self.candidates.items():
            best: dict[str, float] = {}
            for row, score in ranking(candidates):
                document = self.documents[row]
                best[document] = max(score, best.get(document, score))
            run[query] = best
        return run


def score_legs(
    benchmark: Benchmark,
    encoder: Encoder,
    depth: int = DEPTH,
    progress: Progress | None = None,
) -> Legs:
    """Index the benchmark's documents and score all its queries in both legs."""
    identifiers = list(benchmark.texts)
    texts = list(benchmark.texts.values())
    index = LexicalIndex.build(range(len(texts)), texts)
    vectors = encoder.encode(texts, _counter(progress, "documents", len(texts)))
    queries = list(benchmark.queries)
    asked = [benchmark.queries[query] for query in queries]
    question_vectors = encoder.encode(asked, _counter(progress, "queries", len(asked)))
    groups = np.array([benchmark.groups.get(identifier, "") for identifier in identifiers])
    found = {}
    for number, (query, text) in enumerate(zip(queries, asked, strict=True), start=1):
        allowed = groups == benchmark.asked_in.get(query, "")
        cosines = np.asarray(vectors @ question_vectors[number - 1], np.float32)
        found[query] = _candidates(index.scores(text), cosines, allowed, depth)
        if progress:
            progress("search", number, len(queries))
    return Legs([benchmark.part_of.get(part, part) for part in identifiers], found)


def _candidates(
    lexical: NDArray[np.float32],
    dense: NDArray[np.float32],
    allowed: NDArray[np.bool_],
    depth: int,
) -> Candidates:
    def hits(scores: NDArray[np.float32], rows: Sequence[int]) -> list[Hit]:
        return [Hit(row, float(scores[row])) for row in rows]

    by_words = top(np.where(allowed, lexical, 0), depth)
    order = np.argsort(-np.where(allowed, dense, -np.inf), kind="stable")
    by_sense = [int(row) for row in order[: min(depth, np.count_nonzero(allowed))]]
    union = list(dict.fromkeys([*by_words, *by_sense]))
    return Candidates(
        hits(lexical, by_words), hits(dense, by_sense), hits(lexical, union), hits(dense, union)
    )


def rerank(
    run: Run,
    benchmark: Benchmark,
    reranker: Reranker,
    progress: Progress | None = None,
) -> Run:
    """The first 50 documents of each query, in the reranker's order.

    For benchmarks whose documents were indexed whole: a reranker reads the document's text.
    """
    reranked = {}
    for number, (query, scores) in enumerate(run.items(), start=1):
        first = ranked(scores)[:RERANKED]
        passages = [
            Passage(row, "", document, "", "", (), benchmark.texts[document], ())
            for row, document in enumerate(first)
        ]
        ordered = reranker.rerank(benchmark.queries[query], passages)
        reranked[query] = {passage.file: passage.score for passage in ordered}
        if progress:
            progress("rerank", number, len(run))
    return reranked


def _counter(progress: Progress | None, stage: str, total: int) -> Callable[[int], None] | None:
    """An encoder's progress (texts since the last call) as ours (stage, done, total)."""
    if progress is None:
        return None
    done = 0

    def count(finished: int) -> None:
        nonlocal done
        done += finished
        progress(stage, done, total)

    return count
