"""The sets of the abstention benchmark: who is asked what, and where."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.abstention import mix
from benchmarks.abstention_asks import Ask, Asked, ask_all
from benchmarks.course_questions.verify_near_topics import stands_in
from benchmarks.faq_asks import faq_asks
from benchmarks.squad_asks import squad_asks
from chatbot.remembering import RememberingEncoder
from evaluation.dtc_faq import half_of
from ingestion.encoders.factory import load_encoder
from ingestion.pipeline import ingest


@pytest.fixture(scope="module")
def encoder() -> RememberingEncoder:
    return RememberingEncoder(load_encoder())


def test_answers_are_the_products_own_and_in_the_order_asked(
    tmp_path: Path, encoder: RememberingEncoder
) -> None:
    course = tmp_path / "birds"
    course.mkdir()
    (course / "ducks.md").write_text("# Ducks\n\nDucks keep dry with oil from a gland.\n")
    (course / "geese.md").write_text("# Geese\n\nGeese fly south in autumn in large flocks.\n")
    index = tmp_path / "index"
    ingest([course], index, encoder=encoder)
    question = "How do ducks keep dry?"
    without = frozenset({("birds", "ducks.md")})
    asked = ask_all(
        [
            Ask(question, False, "ducks", index, without),
            Ask(question, True, "ducks", index),
            Ask(question, False, "ducks", index, file=("birds", "geese.md")),
            Ask(question, True, "ducks", index),
        ],
        encoder,
    )
    assert asked.refused.tolist() == [True, False, True, False]
    assert asked.confidence[1] == asked.confidence[3] > asked.confidence[0]
    assert asked.nearest[1] > asked.nearest[0] == pytest.approx(asked.nearest[2], abs=1e-3)
    assert asked.where(asked.answerable).documents == ["ducks", "ducks"]


def test_in_the_mix_answerable_questions_count_three_times() -> None:
    place = Path("index")
    asks = [Ask("a", True, "x", place), Ask("b", False, "y", place)]
    asked = Asked(asks, *(np.array([0.9, 0.2]) for _ in range(2)), np.zeros((2, 4)), np.zeros(2))
    mixed = mix(asked, asked.confidence)
    assert mixed.answerable.tolist() == [True, True, True, False]
    assert mixed.confidence.tolist() == [0.9, 0.9, 0.9, 0.2]
    assert list(mixed.clusters) == ["x", "x", "x", "y"]


@pytest.mark.data
def test_the_faq_without_general_sections_half_by_half(
    shared_data: Path, tmp_path: Path, encoder: RememberingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.faq_asks.ingest", lambda *_, **__: None)
    halves = [
        faq_asks(shared_data, tmp_path, half, encoder, None) for half in ("development", "held")
    ]
    entries = [{ask.document for ask in half.own} for half in halves]
    assert not entries[0] & entries[1]
    assert {half_of(entry) for entry in entries[0]} == {"development"}
    for half in halves:
        assert len(half.own) > 2_000
        for own, other, without in zip(half.own, half.other, half.left_out, strict=True):
            assert own.question == other.question == without.question
            assert own.index == without.index != other.index
            ((course, file),) = without.without
            assert (course, file) == (own.index.name, f"{own.document}.md")
        assert all(ask.answerable for ask in half.own)
        assert not any(ask.answerable for ask in (*half.other, *half.left_out))
    written = [path.read_text().split("\n", 1)[0] for path in (tmp_path / "faq").rglob("*.md")]
    assert len(written) > 800
    assert not [section for section in written if "general" in section.casefold()]


@pytest.mark.data
def test_squads_articles_are_fitted_on_or_reported_never_both(
    shared_data: Path, tmp_path: Path, encoder: RememberingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.squad_asks.ingest", lambda *_, **__: None)
    fit = squad_asks(shared_data, tmp_path, "fit", encoder, None)
    held = squad_asks(shared_data, tmp_path, "held", encoder, None)
    titles = [{ask.document for ask in half.paragraph} for half in (fit, held)]
    assert [len(found) for found in titles] == [8, 8]
    assert not titles[0] & titles[1]
    for whole, article, paragraph in zip(
        fit.whole, fit.without_article, fit.without_paragraph, strict=True
    ):
        assert whole.question == article.question == paragraph.question
        assert paragraph.without < article.without
        assert {title for title, _ in article.without} == {whole.document}
    answerable = [ask for ask in fit.paragraph if ask.answerable]
    assert len(answerable) == len(fit.whole) < len(fit.paragraph)


def test_a_term_is_found_as_whole_words_however_it_is_joined() -> None:
    text = "Use the KV-cache, byte pair encoding and a pre-trained RoPE model."
    for term in ("kv cache", "KVcache", "byte-pair", "rope"):
        assert (term != "KVcache") == bool(stands_in(term, text)), term
    assert not stands_in("train", text)
    assert not stands_in("RoPEs", text)


def test_every_near_question_names_what_the_slides_lack() -> None:
    folder = Path(__file__).parents[2] / "benchmarks" / "course_questions"
    lines = (folder / "near_topics.jsonl").read_text().splitlines()
    terms = json.loads((folder / "near_topics_terms.json").read_text())
    questions = [json.loads(line) for line in lines]
    assert [question["id"] for question in questions] == list(terms)
    assert len(questions) == 60
    assert all(terms.values())
