"""The LangChain faces, beyond what LangChain's own suite asks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from contract import StubEncoder
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from ingestion.stores.langchain import (
    EncoderEmbeddings,
    FaissVectorStore,
    LecternVectorStore,
)

Make = Callable[[Embeddings], LecternVectorStore]

TEXTS = [
    "adam keeps two moments per weight",
    "adam keeps two moments per parameter",
    "attention weighs values by queries and keys",
    "beam search keeps the best prefixes",
]
METADATA = [{"course": c, "week": w} for c, w in (("a", 1), ("a", 2), ("b", 2), ("b", 3))]


@pytest.fixture
def store(make_vectorstore: Make) -> LecternVectorStore:
    made = make_vectorstore(EncoderEmbeddings(StubEncoder()))
    made.add_texts(TEXTS, METADATA, ids=["0", "1", "2", "3"])
    return made


def ids(documents: list[Document]) -> list[str]:
    return [str(document.id) for document in documents]


def test_scores_are_cosines_best_first(store: LecternVectorStore) -> None:
    encoder = StubEncoder()
    query = "how does attention weigh values"
    exact = encoder.encode(TEXTS) @ encoder.encode([query])[0]
    found = store.similarity_search_with_score(query, k=4)
    assert ids([document for document, _ in found]) == [str(i) for i in np.argsort(-exact)]
    assert [score for _, score in found] == pytest.approx(sorted(exact, reverse=True), abs=1e-4)
    vector = [3 * x for x in encoder.encode([query])[0].tolist()]
    assert ids(store.similarity_search_by_vector(vector, k=1)) == [str(np.argmax(exact))]
    (best, relevance), *_ = store.similarity_search_with_relevance_scores(TEXTS[3], k=1)
    assert best.id == "3" and relevance == pytest.approx(1.0, abs=1e-4)


def test_a_filter_keeps_documents_with_all_its_values(store: LecternVectorStore) -> None:
    assert set(ids(store.similarity_search("adam", filter={"week": 2}))) == {"1", "2"}
    assert ids(store.similarity_search("adam", filter={"week": 2, "course": "b"})) == ["2"]
    assert store.similarity_search("adam", filter={"course": "c"}) == []
    assert store.similarity_search("adam", filter={'we"ek': 2}) == []
    retriever = store.as_retriever(search_kwargs={"k": 4, "filter": {"course": "b"}})
    assert set(ids(retriever.invoke("adam"))) == {"2", "3"}


def test_marginal_relevance_passes_over_a_repetition(store: LecternVectorStore) -> None:
    query = "adam keeps two moments"
    assert set(ids(store.similarity_search(query, k=2))) == {"0", "1"}
    varied = ids(store.max_marginal_relevance_search(query, k=2, fetch_k=4, lambda_mult=0.1))
    assert varied[0] in {"0", "1"} and varied[1] in {"2", "3"}
    again = store.as_retriever(
        search_type="mmr", search_kwargs={"k": 2, "fetch_k": 4, "lambda_mult": 0.1}
    )
    assert ids(again.invoke(query)) == varied


def test_another_opening_sees_what_was_committed(
    store: LecternVectorStore, make_vectorstore: Make
) -> None:
    other = make_vectorstore(EncoderEmbeddings(StubEncoder()))
    assert ids(other.similarity_search(TEXTS[3], k=1)) == ["3"]
    assert other.get_by_ids(["2", "9"]) == [
        Document(id="2", page_content=TEXTS[2], metadata=METADATA[2])
    ]
    store.delete(["3"])
    store.add_documents([Document(id="4", page_content="beam width", metadata={"week": 3})])
    assert ids(other.similarity_search("beam width", k=1)) == ["4"]
    assert "3" not in ids(other.similarity_search(TEXTS[3], k=4))


def test_a_reader_overtaken_while_opening_opens_the_next_generation(
    store: LecternVectorStore, make_vectorstore: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_vectorstore(EncoderEmbeddings(StubEncoder()))
    opening = other._store.open

    def overtaken(generation: int) -> None:
        monkeypatch.undo()
        store.add_texts(["beam width"], ids=["4"])
        opening(generation)

    store.delete(["0"])
    monkeypatch.setattr(other._store, "open", overtaken)
    assert ids(other.similarity_search("beam width", k=1)) == ["4"]


def test_a_failed_change_leaves_everything_as_it_was(
    store: LecternVectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = store._store.stage

    def stage_and_fail(*arguments: object) -> None:
        stage(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(store._store, "stage", stage_and_fail)
    with pytest.raises(KeyboardInterrupt):
        store.add_texts(["beam beam beam", "new text"], ids=["3", "5"])
    monkeypatch.undo()
    assert store.get_by_ids(["3", "5"])[0].page_content == TEXTS[3]
    assert len(store.similarity_search("beam", k=9)) == 4
    store.add_texts(["attention again"], ids=["6"])
    found = store.similarity_search_with_score("beam beam beam", k=9)
    assert len(found) == 5
    assert max(score for _, score in found) < 0.99


def test_a_text_without_words_harms_no_other(store: LecternVectorStore) -> None:
    store.add_texts([""], ids=["empty"])
    scores = {d.id: score for d, score in store.similarity_search_with_score(TEXTS[3], k=5)}
    assert scores["3"] == pytest.approx(1.0, abs=1e-4)
    assert scores["empty"] == pytest.approx(0.0, abs=1e-4)


def test_metadata_that_json_cannot_hold_is_refused(store: LecternVectorStore) -> None:
    with pytest.raises(ValueError, match="document 'x'"):
        store.add_texts(["text"], [{"when": object()}], ids=["x"])
    with pytest.raises(ValueError, match="1 texts were given with 2 ids"):
        store.add_texts(["text"], ids=["x", "y"])


def test_from_texts_and_plain_files(tmp_path: Path) -> None:
    embedding = EncoderEmbeddings(StubEncoder())
    made = FaissVectorStore.from_texts(TEXTS, embedding, METADATA, folder=tmp_path / "notes")
    assert made.similarity_search(TEXTS[1], k=1)[0].page_content == TEXTS[1]
    names = sorted(path.name for path in (tmp_path / "notes").iterdir())
    assert names == ["documents.sqlite3", "vectors-1.faiss"]
    with sqlite3.connect(tmp_path / "notes" / "documents.sqlite3") as db:
        assert [row[0] for row in db.execute("SELECT text FROM documents")] == TEXTS


def test_an_encoder_embeds_for_langchain() -> None:
    encoder = StubEncoder()
    embedding = EncoderEmbeddings(encoder)
    np.testing.assert_allclose(embedding.embed_documents(TEXTS), encoder.encode(TEXTS), atol=1e-6)
    assert embedding.embed_query(TEXTS[0]) == embedding.embed_documents(TEXTS)[0]


class LongEmbeddings(EncoderEmbeddings):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[3 * x for x in vector] for vector in super().embed_documents(texts)]


def test_embeddings_that_are_not_unit_vectors_score_as_cosines(make_vectorstore: Make) -> None:
    store = make_vectorstore(LongEmbeddings(StubEncoder()))
    store.add_texts(TEXTS)
    (best, score), *_ = store.similarity_search_with_score(TEXTS[1], k=1)
    assert best.page_content == TEXTS[1] and score == pytest.approx(1.0, abs=1e-4)
