import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from evaluation.beir import load_beir, load_qrels
from evaluation.legs import score_legs
from evaluation.ranking import MEASURES, Qrels, Run, means, measure_ranking, measure_run, ranked
from ingestion.encoders.base import Encoder
from ingestion.stores.base import Vectors


class RandomVectors(Encoder):
    """Unit vectors that know nothing of the texts."""

    name = signature = "random"
    dimension, window = 16, 256

    def __init__(self) -> None:
        self._generator = np.random.default_rng(5)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        vectors = self._generator.standard_normal((len(texts), self.dimension))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_measures_by_hand() -> None:
    judged = {"a": 2, "b": 1, "c": 0, "d": 1}
    found = measure_ranking(["x", "a", "c", "b"], judged)
    dcg = 2 / math.log2(3) + 1 / math.log2(5)
    ideal = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert found["ndcg@10"] == pytest.approx(dcg / ideal)
    assert found["recall@1"] == 0.0
    assert found["recall@5"] == pytest.approx(2 / 3)
    assert found["mrr@10"] == 0.5
    assert found["map"] == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert found["hit@5"] == 1.0


def test_a_relevant_document_below_ten_has_no_reciprocal_rank() -> None:
    ranking = [f"n{i}" for i in range(10)] + ["a"]
    assert measure_ranking(ranking, {"a": 1})["mrr@10"] == 0.0
    assert measure_ranking(ranking, {"a": 1})["recall@20"] == 1.0


def test_ties_fall_to_the_larger_id_and_scores_are_single_precision() -> None:
    assert ranked({"a": 1.0, "c": 1.0, "b": 2.0}) == ["b", "c", "a"]
    assert ranked({"a": 1.0 + 1e-9, "b": 1.0}) == ["b", "a"]


def test_queries_without_relevant_documents_are_left_out_and_missing_runs_score_zero() -> None:
    found = measure_run({"q1": {"a": 0}, "q2": {"a": 1}, "q3": {"b": 1}}, {"q2": {"a": 1.0}})
    assert set(found) == {"q2", "q3"}
    assert found["q3"] == dict.fromkeys(MEASURES, 0.0)
    assert means(found)["map"] == 0.5


def assert_equal_to_ir_measures(qrels: Qrels, run: Run) -> None:
    """Every measure of every query, to 1e-9."""
    import ir_measures
    from ir_measures import AP, RR, R, Success, nDCG

    theirs = {
        "ndcg@10": nDCG @ 10,
        "map": AP,
        "hit@5": Success @ 5,
        **{f"recall@{k}": R @ k for k in (1, 5, 10, 20, 100)},
    }
    assert {*theirs, "mrr@10"} == set(MEASURES)
    ours = measure_run(qrels, run)
    expected = {
        (metric.query_id, metric.measure): metric.value
        for metric in ir_measures.iter_calc([*theirs.values(), RR], qrels, run)
    }
    assert len(expected) == len(ours) * len(MEASURES)
    for query, values in ours.items():
        for measure, same in theirs.items():
            assert values[measure] == pytest.approx(expected[query, same], rel=0, abs=1e-9)
        reciprocal = expected[query, RR]
        wanted = reciprocal if reciprocal > 0.0999 else 0.0
        assert values["mrr@10"] == pytest.approx(wanted, rel=0, abs=1e-9)


@pytest.mark.data
@pytest.mark.parametrize("name", ["scifact", "cacm", "cisi"])
def test_equal_to_ir_measures_on_real_judgements(shared_data: Path, name: str) -> None:
    qrels = load_qrels(shared_data / "retrieval" / name / "beir" / "qrels" / "test.tsv")
    generator = np.random.default_rng(7)
    relevant = sorted({document for judged in qrels.values() for document in judged})
    run = {}
    for number, (query, judged) in enumerate(qrels.items()):
        # few distinct scores: ties everywhere; and pairs that differ beyond single precision only
        pool = [*generator.choice(relevant, min(150, len(relevant)), replace=False), *judged]
        scores = generator.integers(0, 30, len(pool)) / 7 + generator.choice([0, 1e-9], len(pool))
        if number % 7:
            run[query] = dict(zip(map(str, pool), map(float, scores), strict=True))
    assert_equal_to_ir_measures(qrels, run)


@pytest.mark.data
@pytest.mark.parametrize("name", ["scifact", "cacm", "cisi"])
def test_equal_to_ir_measures_on_the_rankings_of_every_leg(shared_data: Path, name: str) -> None:
    """BM25 over the whole collection as it is; the dense leg with random vectors."""
    benchmark = load_beir(shared_data / "retrieval" / name / "beir")
    legs = score_legs(benchmark, RandomVectors())
    for run in (legs.lexical(), legs.dense(), legs.fused(0.5)):
        assert sum(map(len, run.values())) > 50 * len(run)
        assert_equal_to_ir_measures(benchmark.qrels, run)
    words = means(measure_run(benchmark.qrels, legs.lexical()))
    chance = means(measure_run(benchmark.qrels, legs.dense()))
    assert words["ndcg@10"] > 0.3 > 0.1 > chance["ndcg@10"]
