"""Retrieval on a benchmark: BM25 alone, the encoder alone, and their fusion as the search does it.

Each leg proposes its `depth` best documents; every candidate gets its real score in both legs; the
product's own `fuse` weighs them. So what is measured is what a learner's question goes through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.retrieval.fusion import fuse
from chatbot.retrieval.rerank import Reranker
from evaluation.beir import Benchmark
from evaluation.bootstrap import compare, interval
from evaluation.provenance import provenance
from evaluation.ranking import MEASURES, Run, measure_run, ranked
from ingestion.encoders.base import Encoder
from ingestion.lexical import LexicalIndex, top
from ingestion.passage import Passage
from ingestion.stores.base import Hit

DEPTH = 100
"""Candidates of each leg: as many as the search takes."""

_RERANKED = 50

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
    """Candidates of every query; `Hit.chunk_id` is a position in `documents`."""

    documents: list[str]
    candidates: dict[str, Candidates]

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
        return {
            query: {self.documents[row]: score for row, score in ranking(candidates)}
            for query, candidates in self.candidates.items()
        }


def score_legs(
    benchmark: Benchmark,
    encoder: Encoder,
    depth: int = DEPTH,
    progress: Progress | None = None,
) -> Legs:
    """Index the benchmark's documents and score all its queries in both legs."""
    documents = list(benchmark.texts)
    texts = list(benchmark.texts.values())
    index = LexicalIndex.build(range(len(texts)), texts)
    vectors = encoder.encode(texts, _counter(progress, "documents", len(texts)))
    queries = list(benchmark.queries)
    asked = [benchmark.queries[query] for query in queries]
    cosines = encoder.encode(asked, _counter(progress, "queries", len(asked))) @ vectors.T
    groups = np.array([benchmark.groups.get(document, "") for document in documents])
    found = {}
    for number, (query, text) in enumerate(zip(queries, asked, strict=True), start=1):
        allowed = groups == benchmark.asked_in.get(query, "")
        found[query] = _candidates(index.scores(text), cosines[number - 1], allowed, depth)
        if progress:
            progress("search", number, len(queries))
    return Legs(documents, found)


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
    """The first 50 documents of each query, in the reranker's order."""
    reranked = {}
    for number, (query, scores) in enumerate(run.items(), start=1):
        first = ranked(scores)[:_RERANKED]
        passages = [
            Passage(row, "", document, "", "", (), benchmark.texts[document], ())
            for row, document in enumerate(first)
        ]
        ordered = reranker.rerank(benchmark.queries[query], passages)
        reranked[query] = {passage.file: passage.score for passage in ordered}
        if progress:
            progress("rerank", number, len(run))
    return reranked


def evaluate_retrieval(
    benchmark: Benchmark,
    encoder: Encoder,
    weight: float,
    *,
    depth: int = DEPTH,
    reranker: Reranker | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Every measure of lexical, dense and fusion (and reranked) with its interval, and how they
    compare by a paired bootstrap on nDCG@10 and MRR@10."""
    legs = score_legs(benchmark, encoder, depth, progress)
    runs = {"lexical": legs.lexical(), "dense": legs.dense(), "fusion": legs.fused(weight)}
    if reranker is not None:
        runs["rerank"] = rerank(runs["fusion"], benchmark, reranker, progress)
    measured = {name: measure_run(benchmark.qrels, run) for name, run in runs.items()}
    against = [("fusion", "lexical"), ("fusion", "dense"), ("rerank", "fusion")]
    return {
        "benchmark": benchmark.name,
        "counts": {"documents": len(benchmark.texts), "queries": len(benchmark.queries)},
        "figures": {name: summarize(found, benchmark, seed) for name, found in measured.items()},
        "comparisons": {
            f"{better} − {worse}": {
                measure: _compare(measured[better], measured[worse], measure, benchmark, seed)
                for measure in ("ndcg@10", "hit@5", "mrr@10")
            }
            for better, worse in against
            if better in measured
        },
        "settings": {
            "encoder": encoder.name,
            "encoder_signature": encoder.signature,
            "weight": weight,
            "depth": depth,
            "reranked": _RERANKED if reranker is not None else 0,
        },
        "data": benchmark.hashes,
        "seed": seed,
        **provenance(),
    }


def summarize(
    measured: Mapping[str, Mapping[str, float]], benchmark: Benchmark, seed: int
) -> dict[str, Any]:
    """Measure → mean over the queries with its bootstrap interval, clusters resampled whole."""
    summary = {}
    for name in MEASURES:
        values = [measured[query][name] for query in benchmark.qrels]
        found = interval(values, clusters=_clusters(benchmark), seed=seed)
        if found:
            summary[name] = found.as_json()
    return summary


def _compare(
    first: Mapping[str, Mapping[str, float]],
    second: Mapping[str, Mapping[str, float]],
    measure: str,
    benchmark: Benchmark,
    seed: int,
) -> dict[str, Any]:
    return compare(
        [first[query][measure] for query in benchmark.qrels],
        [second[query][measure] for query in benchmark.qrels],
        clusters=_clusters(benchmark),
        seed=seed,
    ).as_json()


def _clusters(benchmark: Benchmark) -> list[str]:
    return [benchmark.clusters.get(query, query) for query in benchmark.qrels]


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
