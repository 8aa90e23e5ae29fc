from __future__ import annotations

import json
import re

import numpy as np
import pytest
from course_passages import COURSE, LORA, passage
from scripted_engine import ScriptedEngine

from chatbot.centrality import centrality, choose
from chatbot.engines.base import Decoding
from chatbot.prompts import dialogue_summary_prompt
from chatbot.summarizing import summarize
from ingestion.encoders.base import Encoder
from ingestion.errors import LecternError
from ingestion.sentences import sentences


def first_sentence(prompt: str) -> str:
    """An engine that "summarizes" by quoting the first sentence of what it is given."""
    body = re.sub(r"^(Summarize this article:|Here is a dialogue:)\s*", "", prompt)
    lines = [line for line in sentences(body) if line.endswith(".")]
    return lines[0]


def test_without_an_engine_the_text_speaks_for_itself(encoder: Encoder) -> None:
    summary = summarize(COURSE, None, encoder, max_words=45)
    assert summary.engine == "extractive"
    assert len(summary.text.split()) <= 45
    whole = " ".join(p.text for p in COURSE).replace("\n", " ")
    assert [c.answer_sentence for c in summary.citations] == sentences(summary.text)
    assert all(c.sentence in whole for c in summary.citations)
    places = [whole.index(c.sentence) for c in summary.citations]
    assert places == sorted(places)
    assert [c.number for c in summary.citations] == list(range(1, len(places) + 1))
    # Three sections, each with something to say, and room for more than one sentence.
    assert [s.heading for s in summary.sections] == ["Low-rank adaptation", "Attention", "Grading"]
    assert " ".join(s.text for s in summary.sections) == summary.text


@pytest.mark.parametrize("most", [8, 20, 60])
def test_length_is_obeyed(encoder: Encoder, most: int) -> None:
    summary = summarize(COURSE, None, encoder, max_words=most)
    assert 0 < len(summary.text.split()) <= max(most, 7)


def test_nothing_is_said_twice(encoder: Encoder) -> None:
    again = passage(
        4,
        [
            "LoRA freezes the weights and trains two little matrices beside each of them.",
            "LoRA freezes the weights and trains two small matrices beside each of them.",
        ],
        heading="Repetition",
    )
    text = summarize([LORA, again], None, encoder, max_words=60).text
    assert text.count("matrices beside each") == 1


def test_tables_code_and_questions_are_no_summary(encoder: Encoder) -> None:
    mixed = passage(
        5,
        [
            "8 | 16 | 32 | 64 | 128 | 256",
            "for i in range(10): x[i] += y[i] * 2 ** i",
            "Do you know what a prompt is?",
            "A prompt is the text that a model is given to complete",
        ],
    )
    summary = summarize([mixed], None, encoder)
    assert summary.text == "A prompt is the text that a model is given to complete."
    assert summary.citations[0].sentence == summary.text.rstrip(".")
    assert summary.citations[0].locator.label == "page 53"


def test_an_engine_summarizes_what_fits_in_one_go(encoder: Encoder) -> None:
    engine = ScriptedEngine(first_sentence)
    summary = summarize(COURSE, engine, encoder)
    assert len(engine.prompts) == 1
    assert summary.engine == "scripted"
    assert summary.text == "Fine-tuning changes every weight of a model."
    assert summary.citations[0].locator.label == "page 10"
    assert json.loads(json.dumps(summary.as_json()))["summary"] == summary.text


def test_map_and_reduce_read_every_sentence_within_the_window(encoder: Encoder) -> None:
    engine = ScriptedEngine(first_sentence, window=48)
    summary = summarize(COURSE, engine, encoder)
    assert all(engine.count_tokens(prompt) <= 48 for prompt in engine.prompts)
    read = "\n".join(engine.prompts)
    assert all(line in read for p in COURSE for line in sentences(p.text))
    assert [s.heading for s in summary.sections][:1] == ["Low-rank adaptation"]
    assert {s.heading for s in summary.sections} == {
        "Low-rank adaptation",
        "Attention",
        "Grading",
    }
    assert "paragraph summary" in engine.prompts[-1]
    assert summary.text == "Fine-tuning changes every weight of a model."


def test_a_text_without_sentences_still_fits(encoder: Encoder) -> None:
    endless = passage(6, ["word " * 200])
    engine = ScriptedEngine(lambda prompt: "word word word.", window=40)
    assert summarize([endless], engine, encoder).engine == "scripted"
    assert len(engine.prompts) > 5


def test_what_the_text_does_not_say_is_dropped(encoder: Encoder) -> None:
    said = "Penguins live in Antarctica. Late hand-ins lose 10 percent a day."
    summary = summarize(COURSE, ScriptedEngine(lambda prompt: said), encoder)
    assert summary.text == "Late hand-ins lose 10 percent a day."
    assert not summary.notice


def test_an_unsupported_summary_gives_way_and_says_so(encoder: Encoder) -> None:
    engine = ScriptedEngine(lambda prompt: "Penguins live in Antarctica.")
    summary = summarize(COURSE, engine, encoder)
    assert summary.engine == "extractive"
    assert "scripted" in summary.notice
    assert summary.citations


def test_the_template_can_be_that_of_a_dialogue(encoder: Encoder) -> None:
    engine = ScriptedEngine(first_sentence)
    summarize(COURSE, engine, encoder, template=dialogue_summary_prompt, decoding=Decoding())
    assert engine.prompts[0].startswith("Here is a dialogue:")


def test_nothing_to_summarize_is_an_error(encoder: Encoder) -> None:
    with pytest.raises(LecternError, match="no text to summarize"):
        summarize([], None, encoder)


def test_the_most_central_is_most_like_the_others() -> None:
    hub, spokes = np.ones(4), np.eye(4) + 0.3
    vectors = np.vstack([hub, spokes]).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rank = centrality(vectors)
    assert rank.argmax() == 0
    assert rank[0] == 1.0
    lonely = centrality(np.eye(3, dtype=np.float32))
    assert lonely == pytest.approx(np.ones(3))


def test_sections_get_their_share() -> None:
    draw = np.random.default_rng(0)
    vectors = draw.normal(size=(40, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sections = [0] * 20 + [1] * 10 + [2] * 10
    chosen = choose(vectors, [10] * 40, sections, most=80, balance=0.9)
    counts = np.bincount([sections[i] for i in chosen])
    assert len(chosen) == 8
    assert counts.tolist() == [4, 2, 2]
