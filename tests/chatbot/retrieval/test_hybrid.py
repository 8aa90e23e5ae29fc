"""Hybrid retrieval over a small real index: scores, filters, stale rows, order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stub_encoder import StubEncoder

from chatbot.retrieval.hybrid import Retriever, hybrid
from ingestion.errors import IndexProblem
from ingestion.index import Index
from ingestion.lexical import LexicalIndex
from ingestion.passage import Passage
from ingestion.pipeline import ingest
from ingestion.stores.base import Row, Selection
from ingestion.stores.faiss_store import FaissStore

TOPICS = ("attention", "gradient", "reward", "token", "adapter", "index")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Two courses; each document has a paragraph of its own about each topic."""
    folder = tmp_path_factory.mktemp("hybrid")
    for course, suffix in (("maths", "md"), ("maths", "txt"), ("art", "md")):
        (folder / course).mkdir(exist_ok=True)
        paragraphs = [
            " ".join([topic, *(f"{course}{suffix}{topic}{n}" for n in range(30))]) + "."
            for topic in TOPICS
        ]
        (folder / course / f"notes.{suffix}").write_text("\n\n".join(paragraphs))
    encoder = StubEncoder(window=48)
    ingest([folder / "maths", folder / "art"], folder / "index", encoder=encoder)
    return Index(folder / "index", encoder=encoder)


def test_every_candidate_has_its_real_scores_in_both_legs(index: Index) -> None:
    question = "the reward of an adapter"
    vector = index.encoder.encode([question])[0]

    def work(snapshot: object, catalog: object) -> None:
        lexical, store = snapshot.lexical, snapshot.store  # type: ignore[attr-defined]
        words = lexical.scores(question)
        # One candidate a leg: what the other leg did not bring must still get that leg's score.
        found = hybrid(question, vector, lexical, store, 0.5, candidates=3, k=50)
        by_words = {hit.chunk_id for hit in lexical.search(question, 3)}
        by_sense = {hit.chunk_id for hit in store.search(vector, 3)}
        assert by_words != by_sense, "the legs must disagree for this to test anything"
        assert {f.chunk_id for f in found} == by_words | by_sense
        for f in found:
            assert f.lexical == pytest.approx(float(words[lexical.row(f.chunk_id)]))
            assert f.dense == pytest.approx(float(store.vectors([f.chunk_id])[0] @ vector))

    index.read(work)


def test_rows_that_no_commit_holds_are_not_found(tmp_path: Path) -> None:
    """What a killed writer left in a store has no row in the lexical index."""
    encoder = StubEncoder()
    texts = {1: "reward model", 2: "policy model", 9: "reward reward"}
    store = FaissStore(tmp_path, encoder.dimension)
    rows = [Row(i, 1, "c", "f.md", "markdown") for i in texts]
    store.stage(1, rows, encoder.encode(list(texts.values())), removed=())
    store.open(1)
    lexical = LexicalIndex.build([1, 2], [texts[1], texts[2]])
    found = hybrid("reward", encoder.encode(["reward"])[0], lexical, store, 0.5, 10, 10)
    assert [f.chunk_id for f in found] == [1, 2]


def test_a_selection_holds_in_both_legs(index: Index) -> None:
    vector = index.encoder.encode(["reward"])[0]

    def work(snapshot: object, catalog: object) -> None:
        lexical, store = snapshot.lexical, snapshot.store  # type: ignore[attr-defined]
        some = lexical.ids[::2]
        selection = Selection(np.asarray(some, np.int64), (1, 2, 3))
        found = hybrid("reward token", vector, lexical, store, 0.5, 100, 100, selection)
        assert {f.chunk_id for f in found} == set(some.tolist())

    index.read(work)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {("maths", "notes.md"), ("maths", "notes.txt"), ("art", "notes.md")}),
        ({"course": "maths"}, {("maths", "notes.md"), ("maths", "notes.txt")}),
        ({"file": "notes.md"}, {("maths", "notes.md"), ("art", "notes.md")}),
        ({"format": "text"}, {("maths", "notes.txt")}),
        ({"course": "art", "file": "notes.md"}, {("art", "notes.md")}),
    ],
)
def test_filters(index: Index, filters: dict[str, str], expected: set[tuple[str, str]]) -> None:
    found = Retriever(index).search("attention and reward", 50, **filters)  # type: ignore[arg-type]
    assert {(p.course, p.file) for p in found} == expected
    assert len(found) == len(TOPICS) * len(expected)


def test_a_filter_that_admits_nothing_says_what_there_is(index: Index) -> None:
    with pytest.raises(IndexProblem, match=r"course 'physics'") as caught:
        Retriever(index).search("reward", 5, course="physics")
    assert "art, maths" in caught.value.remedy


def test_passages_come_best_first_with_the_parts_of_their_score(index: Index) -> None:
    found = Retriever(index, weight=0.0).search("mathsmdreward3", 5)
    assert (found[0].course, found[0].file) == ("maths", "notes.md")
    assert found[0].text.startswith("reward")
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    parts = {"lexical", "dense", "coverage", "dense_margin", "lexical_margin"}
    assert all(p.scores.keys() == parts for p in found)


class _Backwards:
    """A reranker that turns the order around."""

    def __init__(self) -> None:
        self.given = 0

    def rerank(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
        self.given = len(passages)
        return [
            replace(p, scores={**p.scores, "rerank": float(n)})
            for n, p in enumerate(reversed(passages))
        ]


def test_a_reranker_sees_more_than_is_asked_for_and_has_the_last_word(index: Index) -> None:
    plain = Retriever(index).search("reward", 30)
    reranker = _Backwards()
    found = Retriever(index, reranker=reranker).search("reward", 2)
    assert reranker.given == len(plain) > 2
    assert [p.chunk_id for p in found] == [p.chunk_id for p in plain[:-3:-1]]
    assert all("rerank" in p.scores for p in found)


def test_neighbours_widen_what_is_found(index: Index) -> None:
    (narrow,) = Retriever(index).search("mathstxttoken7", 1)
    (wide,) = Retriever(index).search("mathstxttoken7", 1, neighbours=1)
    assert wide.chunk_id == narrow.chunk_id
    assert narrow.text in wide.text
    assert wide.ordinals == (narrow.ordinal - 1, narrow.ordinal + 1)


def test_an_index_whose_documents_all_went_answers_with_nothing(tmp_path: Path) -> None:
    course, folder, encoder = tmp_path / "c", tmp_path / "index", StubEncoder()
    course.mkdir()
    (course / "a.md").write_text("Reward models score completions.")
    ingest([course], folder, encoder=encoder)
    (course / "a.md").unlink()
    ingest([course], folder, encoder=encoder)
    assert Retriever(Index(folder, encoder=encoder)).search("reward", 5) == []
