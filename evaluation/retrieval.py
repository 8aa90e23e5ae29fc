"""Retrieval on a benchmark: BM25 alone, the encoder alone, and their fusion as the search does it.

The report has every measure of every leg with its interval, and how the fusion compares with each
leg on the same queries. A row for each query says what each leg ranked first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbot.retrieval.rerank import Reranker
from evaluation.beir import Benchmark
from evaluation.bootstrap import compare, interval
from evaluation.fit_weight import Development, Fit, fit_weight
from evaluation.legs import DEPTH, RERANKED, Legs, Progress, rerank, score_legs
from evaluation.provenance import provenance
from evaluation.ranking import MEASURES, Run, measure_run, ranked
from evaluation.rows import Row
from ingestion.encoders.base import Encoder
from ingestion.errors import LecternError

__all__ = ["FITTED_BY", "Progress", "evaluate_retrieval", "retrieval_rows"]

FITTED_BY = "ndcg@10"
"""The measure that a fusion weight is fitted by."""

_COMPARED = ("ndcg@10", "hit@5", "mrr@10")
_SHOWN = 10
"""Documents of each leg in a row: as deep as nDCG and MRR look."""

Measured = Mapping[str, Mapping[str, float]]
"""Query → measure → value."""


def evaluate_retrieval(
    benchmark: Benchmark,
    encoder: Encoder,
    weight: float,
    *,
    fit_on: Benchmark | None = None,
    depth: int = DEPTH,
    reranker: Reranker | None = None,
    reranker_name: str = "",
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[dict[str, Any], list[Row]]:
    """The report, and a row for each query.

    With `fit_on`, another split of the same corpus, the weight is fitted there (by nDCG@10) and
    `weight` is not used. Questions that are reported on have no part in that, as SciFact's splits
    share some. Raises `LecternError` when nothing is left to fit on.
    """
    development = fit_on.without_queries_of(benchmark) if fit_on else None
    if development and not development.queries:
        raise LecternError(
            f"Every question of the split to fit on is among those of {benchmark.name} that are "
            "reported on.",
            "Fit on another split.",
        )
    both = benchmark.with_queries_of(development) if development else benchmark
    every = score_legs(both, encoder, depth, progress)
    fit = _fit(development, every, progress) if development else None
    weight = fit.weight if fit else weight
    legs = every.of(benchmark.queries)
    runs = {"lexical": legs.lexical(), "dense": legs.dense(), "fusion": legs.fused(weight)}
    if reranker is not None:
        runs["rerank"] = rerank(runs["fusion"], benchmark, reranker, progress)
    measured = {name: measure_run(benchmark.qrels, run) for name, run in runs.items()}
    against = [("fusion", "lexical"), ("fusion", "dense"), ("rerank", "fusion")]
    report = {
        "benchmark": benchmark.name,
        "counts": {
            "documents": len(set(legs.documents)),
            "queries": len(benchmark.queries),
            **({"parts": len(legs.documents)} if benchmark.part_of else {}),
        },
        "figures": {name: summarize(found, benchmark, seed) for name, found in measured.items()},
        "comparisons": {
            f"{better} − {worse}": {
                measure: _compare(measured[better], measured[worse], measure, benchmark, seed)
                for measure in _COMPARED
            }
            for better, worse in against
            if better in measured
        },
        "settings": {
            "encoder": encoder.name,
            "encoder_signature": encoder.signature,
            "weight": weight,
            "depth": depth,
            "reranker": reranker_name,
            "reranked": RERANKED if reranker is not None else 0,
        },
        **({"fit": _fit_json(fit, fit_on, development)} if fit and fit_on and development else {}),
        "data": benchmark.hashes | (fit_on.hashes if fit_on else {}),
        "seed": seed,
        **provenance(),
    }
    return report, retrieval_rows(benchmark, runs, measured)


def retrieval_rows(
    benchmark: Benchmark, runs: Mapping[str, Run], measured: Mapping[str, Measured]
) -> list[Row]:
    """For each query its measures in every leg, and the ten documents each leg ranks first."""
    return [
        {
            "id": query,
            "query": benchmark.queries[query],
            "measures": {leg: measured[leg][query] for leg in runs},
            "top": {leg: _first(run[query]) for leg, run in runs.items()},
            "relevant": [d for d, grade in judged.items() if grade > 0],
            "cluster": benchmark.clusters.get(query, query),
        }
        for query, judged in benchmark.qrels.items()
    ]


def summarize(measured: Measured, benchmark: Benchmark, seed: int) -> dict[str, Any]:
    """Measure → mean over the queries with its bootstrap interval, clusters resampled whole."""
    summary = {}
    for name in MEASURES:
        values = [measured[query][name] for query in benchmark.qrels]
        found = interval(values, clusters=_clusters(benchmark), seed=seed)
        if found:
            summary[name] = found.as_json()
    return summary


def _fit(development: Benchmark, every: Legs, progress: Progress | None) -> Fit:
    legs = every.of(development.queries)
    return fit_weight([Development(development, legs, FITTED_BY)], progress=progress)


def _fit_json(fit: Fit, split: Benchmark, development: Benchmark) -> dict[str, Any]:
    return {
        "weight": fit.weight,
        "measure": FITTED_BY,
        "queries": len(development.queries),
        "left_out": sorted(split.queries.keys() - development.queries.keys()),
        "curve": {f"{weight:.2f}": round(row["macro"], 6) for weight, row in fit.curve.items()},
    }


def _first(scores: Mapping[str, float]) -> list[list[str | float]]:
    return [[document, round(scores[document], 6)] for document in ranked(scores)[:_SHOWN]]


def _compare(
    first: Measured, second: Measured, measure: str, benchmark: Benchmark, seed: int
) -> dict[str, Any]:
    return compare(
        [first[query][measure] for query in benchmark.qrels],
        [second[query][measure] for query in benchmark.qrels],
        clusters=_clusters(benchmark),
        seed=seed,
    ).as_json()


def _clusters(benchmark: Benchmark) -> list[str]:
    return [benchmark.clusters.get(query, query) for query in benchmark.qrels]
