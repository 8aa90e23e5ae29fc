"""Ranking measures, equal to trec_eval's (as `ir_measures` computes them).

Documents are ranked by score in single precision, ties by document id descending: trec_eval's
order, kept so that our figures stand beside published ones. A query without a run scores 0.
(`ir_measures` hands RR@k to MS MARCO's script, which breaks ties the other way; ours does not.)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Qrels = Mapping[str, Mapping[str, int]]
"""query id → document id → relevance (0 or less: judged not relevant)."""
Run = Mapping[str, Mapping[str, float]]
"""query id → document id → score, larger is better."""

RECALL_DEPTHS = (1, 5, 10, 20, 100)
MEASURES = ("ndcg@10", *(f"recall@{k}" for k in RECALL_DEPTHS), "hit@5", "mrr@10", "map")


def ranked(scores: Mapping[str, float]) -> list[str]:
    """Document ids, best first."""
    single = {document: float(np.float32(score)) for document, score in scores.items()}
    return sorted(sorted(single, reverse=True), key=single.__getitem__, reverse=True)


def measure_ranking(ranking: list[str], judged: Mapping[str, int]) -> dict[str, float]:
    """Every measure of one query. `judged` must hold at least one relevant document."""
    ideal = np.array(sorted((g for g in judged.values() if g > 0), reverse=True), np.float64)
    if ideal.size == 0:
        raise ValueError("a query without a relevant document cannot be measured")
    gains = np.array([max(judged.get(document, 0), 0) for document in ranking], np.float64)
    relevant = gains > 0
    ranks = np.flatnonzero(relevant) + 1
    found = {f"recall@{k}": float(relevant[:k].sum() / ideal.size) for k in RECALL_DEPTHS}
    return {
        "ndcg@10": _dcg(gains[:10]) / _dcg(ideal[:10]),
        **found,
        "hit@5": float(relevant[:5].any()),
        "mrr@10": float(1 / ranks[0]) if ranks.size and ranks[0] <= 10 else 0.0,
        "map": float((np.arange(1, ranks.size + 1) / ranks).sum() / ideal.size),
    }


def measure_run(qrels: Qrels, run: Run) -> dict[str, dict[str, float]]:
    """query id → measure → value, for every query of `qrels` that has a relevant document."""
    return {
        query: measure_ranking(ranked(run.get(query, {})), judged)
        for query, judged in qrels.items()
        if any(grade > 0 for grade in judged.values())
    }


def means(per_query: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Mean of each measure over the queries."""
    return {
        name: float(np.mean([values[name] for values in per_query.values()])) for name in MEASURES
    }


def _dcg(gains: NDArray[np.float64]) -> float:
    """Σ gain / log2(rank + 1), trec_eval's linear-gain form."""
    return float((gains / np.log2(np.arange(2, gains.size + 2))).sum())
