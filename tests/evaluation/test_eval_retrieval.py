import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chatbot.retrieval.fusion import fuse
from evaluation.beir import Benchmark, load_beir
from evaluation.dtc_faq import half_of, load_dtc_faq
from evaluation.fit_weight import Development, fit_weight
from evaluation.legs import rerank, score_legs
from evaluation.retrieval import evaluate_retrieval
from ingestion.errors import LecternError
from ingestion.lexical import LexicalIndex
from ingestion.passage import Passage
from ingestion.stores.base import Hit, Vectors

TOPICS = ("zebra", "river", "castle", "engine")


class TopicEncoder:
    """Three numbers a text: how often it speaks of each of the first topics, as a unit vector."""

    name = "topics"
    signature = "topics:1"
    dimension = len(TOPICS)
    window = 100

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        counts = [[text.lower().count(topic[:3]) + 0.01 for topic in TOPICS] for text in texts]
        vectors = np.array(counts, dtype=np.float32)
        if progress:
            progress(len(texts))
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def benchmark() -> Benchmark:
    return Benchmark(
        name="small",
        texts={
            "z": "Zebras graze in herds.",
            "r": "A river runs to the sea.",
            "c": "The castle stands over the river.",
            "e": "Engines burn fuel.",
        },
        queries={"q1": "grazing animals zeb", "q2": "castle by the river"},
        qrels={"q1": {"z": 1}, "q2": {"c": 1}},
    )


def test_a_candidate_has_its_real_score_in_both_legs() -> None:
    legs = score_legs(benchmark(), TopicEncoder(), depth=1)
    candidates = legs.candidates["q2"]
    index = LexicalIndex.build(range(4), list(benchmark().texts.values()))
    by_words = index.scores("castle by the river")
    assert {hit.chunk_id for hit in candidates.lexical_of_all} == {
        hit.chunk_id for hit in candidates.dense_of_all
    }
    for hit in candidates.lexical_of_all:
        assert hit.score == pytest.approx(float(by_words[hit.chunk_id]))
    assert [legs.documents[hit.chunk_id] for hit in candidates.lexical] == ["c"]


def test_fusion_is_the_products_own() -> None:
    legs = score_legs(benchmark(), TopicEncoder())
    candidates = legs.candidates["q2"]
    expected = fuse(candidates.lexical_of_all, candidates.dense_of_all, 0.3, 10)
    run = legs.fused(0.3)["q2"]
    assert run == {legs.documents[item.chunk_id]: item.score for item in expected}


def test_a_query_sees_only_its_own_group() -> None:
    grouped = replace(
        benchmark(),
        groups={"z": "a", "r": "b", "c": "a", "e": "b"},
        asked_in={"q1": "a", "q2": "b"},
    )
    legs = score_legs(grouped, TopicEncoder())
    for run in (legs.lexical(), legs.dense(), legs.fused(0.5)):
        assert set(run["q1"]) <= {"z", "c"}
        assert set(run["q2"]) <= {"r", "e"}


def test_report_over_a_small_benchmark() -> None:
    told: list[tuple[str, int, int]] = []
    report, rows = evaluate_retrieval(
        benchmark(), TopicEncoder(), 0.5, progress=lambda *said: told.append(said)
    )
    assert report["figures"]["fusion"]["ndcg@10"]["value"] == 1.0
    assert report["counts"] == {"documents": 4, "queries": 2}
    assert set(report["comparisons"]) == {"fusion − lexical", "fusion − dense"}
    assert ("documents", 4, 4) in told and ("search", 2, 2) in told
    json.dumps(report)
    assert [row["id"] for row in rows] == ["q1", "q2"]
    for leg, figures in report["figures"].items():
        for name, figure in figures.items():
            mean = np.mean([row["measures"][leg][name] for row in rows])
            assert figure["value"] == pytest.approx(mean, abs=1e-6)
    assert rows[1]["top"]["fusion"][0][0] == "c" == rows[1]["relevant"][0]


def test_a_document_in_parts_counts_as_its_best_part() -> None:
    whole = benchmark()
    cut = replace(
        whole,
        texts={
            f"{name}#{i}": t
            for name, text in whole.texts.items()
            for i, t in enumerate([text, "Aside."])
        },
        part_of={f"{name}#{i}": name for name in whole.texts for i in range(2)},
    )
    legs = score_legs(cut, TopicEncoder())
    for run in (legs.lexical(), legs.dense(), legs.fused(0.5)):
        assert set(run["q2"]) <= set(whole.texts)
    best = max(hit.score for hit in legs.candidates["q2"].dense)
    assert max(legs.dense()["q2"].values()) == legs.dense()["q2"]["c"] == best
    report, _ = evaluate_retrieval(cut, TopicEncoder(), 0.5)
    assert report["counts"] == {"documents": 4, "queries": 2, "parts": 8}


def test_a_limit_leaves_queries_out_and_keeps_the_documents() -> None:
    first = benchmark().first(1)
    assert (list(first.queries), list(first.qrels)) == (["q1"], ["q1"])
    assert first.texts == benchmark().texts
    assert benchmark().first(None) == benchmark()


def test_a_weight_is_fitted_on_the_other_split_alone() -> None:
    """The development queries are right by words only, the reported ones by sense only."""
    development = replace(
        benchmark(), queries={"d1": "Zebras graze in herds."}, qrels={"d1": {"z": 1, "r": 0}}
    )
    misleading = replace(development, qrels={"d1": {"r": 1}})
    legs = score_legs(development, TopicEncoder())
    reported, _ = evaluate_retrieval(benchmark(), TopicEncoder(), 0.9, fit_on=development)
    expected = fit_weight([Development(development, legs, "ndcg@10")])
    assert reported["settings"]["weight"] == reported["fit"]["weight"] == expected.weight != 0.9
    assert reported["fit"]["queries"] == 1
    assert reported["counts"]["queries"] == 2
    elsewhere, _ = evaluate_retrieval(benchmark(), TopicEncoder(), 0.9, fit_on=misleading)
    assert elsewhere["fit"]["curve"] != reported["fit"]["curve"]


@pytest.mark.parametrize(
    "shared", [{"q2": "something else"}, {"d2": "Castle  by the River"}], ids=["id", "words"]
)
def test_questions_that_are_reported_on_have_no_part_in_the_fit(shared: dict[str, str]) -> None:
    only = replace(benchmark(), queries=shared, qrels={query: {"e": 1} for query in shared})
    with pytest.raises(LecternError, match="Every question of the split"):
        evaluate_retrieval(benchmark(), TopicEncoder(), 0.5, fit_on=only)
    alone = replace(benchmark(), queries={"d1": "Zebras graze."}, qrels={"d1": {"z": 1}})
    both = replace(only, queries=shared | alone.queries, qrels=only.qrels | alone.qrels)
    reported, _ = evaluate_retrieval(benchmark(), TopicEncoder(), 0.5, fit_on=both)
    expected, _ = evaluate_retrieval(benchmark(), TopicEncoder(), 0.5, fit_on=alone)
    assert reported["fit"]["left_out"] == list(shared)
    assert reported["fit"]["curve"] == expected["fit"]["curve"]
    assert reported["fit"]["queries"] == 1


def test_reranking_replaces_the_order() -> None:
    class Backwards:
        def rerank(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
            return [replace(p, score=float(i)) for i, p in enumerate(passages)]

    run = {"q1": {"z": 3.0, "r": 2.0, "c": 1.0}}
    assert rerank(run, benchmark(), Backwards()) == {"q1": {"z": 0.0, "r": 1.0, "c": 2.0}}


def test_the_weight_goes_to_the_leg_that_is_right() -> None:
    chosen = benchmark()
    legs = score_legs(chosen, TopicEncoder())
    fit = fit_weight([Development(chosen, legs, "ndcg@10")], grid=(0.0, 0.5, 1.0))
    assert set(fit.curve) == {0.0, 0.5, 1.0}
    blind = replace(
        legs,
        candidates={
            query: replace(c, dense_of_all=[Hit(h.chunk_id, -h.score) for h in c.dense_of_all])
            for query, c in legs.candidates.items()
        },
    )
    lexical_only = fit_weight([Development(chosen, blind, "mrr@10")], grid=(0.0, 1.0))
    assert lexical_only.weight == 0.0
    assert lexical_only.curve[1.0]["macro"] < lexical_only.curve[0.0]["macro"]


def test_the_middle_of_a_plateau_is_taken() -> None:
    """Where every weight between two ends is equally good, neither end is chosen."""
    chosen = benchmark()
    legs = score_legs(chosen, TopicEncoder())
    fit = fit_weight([Development(chosen, legs, "ndcg@10")], grid=(0.2, 0.4, 0.6, 0.8, 1.0))
    best = max(row["macro"] for row in fit.curve.values())
    plateau = [weight for weight, row in fit.curve.items() if row["macro"] == best]
    assert len(plateau) >= 3
    assert fit.weight == plateau[len(plateau) // 2]


def write_beir(folder: Path, *, packed: bool = False) -> Path:
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": "d1", "title": "T", "text": "one"}, {"_id": "d2", "text": "two"}]
    lines = "\n".join(map(json.dumps, corpus)) + "\n"
    if packed:
        (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    else:
        (folder / "corpus.jsonl").write_text(lines)
    queries = [{"_id": "q1", "text": "?"}, {"_id": "q2", "text": "not judged"}]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (folder / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq1\tgone\t1\n"
    )
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_beir_folders_plain_and_gzipped(tmp_path: Path, packed: bool) -> None:
    loaded = load_beir(write_beir(tmp_path / "mine" / "beir", packed=packed))
    assert loaded.name == "mine"
    assert loaded.texts == {"d1": "T\none", "d2": "two"}
    assert loaded.queries == {"q1": "?"}
    assert loaded.qrels == {"q1": {"d1": 2, "d2": 0, "gone": 1}}
    assert len(loaded.hashes) == 3


def test_a_split_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LecternError, match=r"qrels/dev\.tsv.*test\.tsv"):
        load_beir(write_beir(tmp_path), "dev")


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\n", "line 2: not query-id"),
        ("qrels/test.tsv", "q1\td1\tx\n", "line 1: not query-id"),
        ("qrels/test.tsv", "q9\td1\t1\n", "judges query 'q9'"),
        ("queries.jsonl", '{"_id": 1, "text": "?"}\n', "line 1: needs `_id`"),
        ("queries.jsonl", '{"_id": "q1", "text": "?"}\n' * 2, "line 2: the id 'q1' is used twice"),
        ("corpus.jsonl", "nonsense\n", "line 1: not JSON"),
        ("corpus.jsonl", "", "corpus.jsonl holds no documents"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t0\n", "holds no relevant document"),
    ],
)
def test_bad_beir_files_are_named(tmp_path: Path, name: str, content: str, complaint: str) -> None:
    folder = write_beir(tmp_path)
    (folder / name).write_text(content)
    with pytest.raises(LecternError, match=complaint):
        load_beir(folder)


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    folder = write_beir(tmp_path, packed=True)
    packed = (folder / "corpus.jsonl.gz").read_bytes()
    (folder / "corpus.jsonl.gz").write_bytes(packed[:-12])
    with pytest.raises(LecternError, match=r"corpus\.jsonl\.gz is a damaged gzip file"):
        load_beir(folder)


@pytest.mark.data
def test_course_faq_halves(shared_data: Path) -> None:
    folder = shared_data / "qa" / "dtc_faq"
    everything = load_dtc_faq(folder)
    development, held = load_dtc_faq(folder, "development"), load_dtc_faq(folder, "held")
    assert len(everything.texts) == 947  # 948 entries, one listed twice
    assert len(everything.queries) == 4627
    assert development.queries | held.queries == everything.queries
    assert not set(development.clusters.values()) & set(held.clusters.values())
    assert len(development.queries) == pytest.approx(4627 / 2, rel=0.05)
    assert development.texts == held.texts == everything.texts
    for query, judged in held.qrels.items():
        (entry,) = judged
        assert half_of(entry) == "held"
        assert everything.groups[entry] == held.asked_in[query]


@pytest.mark.data
def test_published_counts_of_the_retrieval_sets(shared_data: Path) -> None:
    counts = {}
    for name in ("scifact", "cacm", "cisi"):
        loaded = load_beir(shared_data / "retrieval" / name / "beir")
        counts[loaded.name] = (len(loaded.texts), len(loaded.queries))
    assert counts == {"scifact": (5183, 300), "cacm": (3204, 52), "cisi": (1460, 76)}
