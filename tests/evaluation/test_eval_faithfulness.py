"""Which sentences of an answer the cited passages support; the packaged encoder judges."""

from typing import Any

import pytest

from evaluation.faithfulness import METHOD, claim_of, judge, judge_row, sentences_of, signs
from evaluation.statements import statement
from ingestion.encoders.base import Encoder
from ingestion.encoders.factory import load_encoder

PASSAGE = (
    "Low-rank adaptation was proposed by Edward Hu and colleagues in 2021. It freezes the 1,024 "
    "pretrained weight matrices and trains two small matrices for each of them. Memory falls by a "
    "factor of three."
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


def test_what_the_passage_says_is_supported_and_what_it_does_not_say_is_not(
    encoder: Encoder,
) -> None:
    answer = [
        "Low-rank adaptation was proposed by Edward Hu.",
        "Ducks keep their feathers dry with oil from a gland.",
    ]
    said, invented = judge(answer, [PASSAGE], encoder)
    assert (said.supported, invented.supported) == (True, False)
    assert invented.support < 0.2 < 0.8 < said.support


def test_a_short_answer_is_judged_with_its_question(encoder: Encoder) -> None:
    question = "Who proposed low-rank adaptation?"
    (right,) = judge(["Edward Hu"], [PASSAGE], encoder, question)
    (wrong,) = judge(["Geoffrey Hinton"], [PASSAGE], encoder, question)
    assert (right.supported, wrong.supported) == (True, False)


def test_the_signs_by_hand(encoder: Encoder) -> None:
    claim = "Edward Hu froze 1024 matrices and 7 more"
    (sign,) = signs([claim], [PASSAGE, "Nothing."], encoder)
    # The nearest is the second sentence: 1,024 stands there, 7 does not, nor do Edward and Hu.
    assert sign.missing_numbers == 0.5
    assert sign.missing_names == 1.0
    assert 0 < sign.coverage < 1
    (whole,) = signs(["Memory falls by a factor of three"], [PASSAGE], encoder)
    assert (whole.coverage, whole.missing_numbers, whole.missing_names) == (1.0, 0.0, 0.0)
    assert whole.cosine > 0.95


def test_a_quotation_of_several_lines_is_supported(encoder: Encoder) -> None:
    slide = "LoRA\n• freezes the weights\n• trains two matrices\n• needs less memory"
    quoted, changed = judge(
        ["LoRA; freezes the weights; trains two matrices", "LoRA; frees the whales, two of them"],
        [slide],
        encoder,
    )
    assert quoted.support == 1.0
    assert changed.support < 1.0


def test_rare_words_weigh_more(encoder: Encoder) -> None:
    passages = ["Matrices are large. Matrices are dense. Matrices are stored in zebra order."]
    common, rare = signs(["zebra quokka", "matrices quokka"], passages, encoder)
    # Both claims lack one word of two; the one that is held is in one sentence, or in all three.
    assert common.coverage > rare.coverage


def test_without_passages_nothing_is_supported(encoder: Encoder) -> None:
    assert [each.supported for each in judge(["One.", "Two."], [], encoder)] == [False, False]
    with pytest.raises(ValueError, match="no sentence"):
        signs(["x"], ["  "], encoder)


def test_a_row_is_judged_once(encoder: Encoder) -> None:
    row: dict[str, Any] = {
        "question": "And who?",
        "asked": "Who proposed low-rank adaptation?",
        "answer": "Edward Hu",
        "citations": [{"passage": PASSAGE, "answer_sentence": "Edward Hu"}] * 2,
    }
    found = judge_row(row, encoder)
    assert found["share"] == 1.0
    assert found["method"].startswith(METHOD)
    assert judge_row({**row, "answer": "x", "faithfulness": found}, encoder) is found
    stale = {**found, "method": "another", "share": 0.0}
    assert judge_row({**row, "faithfulness": stale}, encoder) == found
    assert judge_row({**row, "citations": []}, encoder)["share"] == 0.0


def test_an_answer_falls_into_what_was_cited_and_the_rest() -> None:
    answer = "Stage 1 shards states Stage 2 shards more. It helps. Much!"
    cited = ["Stage 2 shards more.", "Stage 1 shards states", "Stage 2 shards more.", "elsewhere"]
    assert sentences_of(answer, cited) == [
        *("Stage 2 shards more.", "Stage 1 shards states"),
        *("It helps.", "Much!"),
    ]
    assert sentences_of("One. Two.", []) == ["One.", "Two."]


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        ("Who ruled the duchy?", "Rollo", "Rollo ruled the duchy"),
        ("In what country is Normandy located?", "France", "In France is Normandy located"),
        ("Where did the Normans settle?", "Normandy.", "Normandy the Normans settle"),
        ("How many heads does it have?", "12", "12 heads it have"),
        ("The Normans came from which region?", "Denmark", "The Normans came from Denmark region"),
        ("Does LoRA freeze the weights?", "Yes.", "Does LoRA freeze the weights"),
        ("Name the duke", "Rollo", "Name the duke: Rollo"),
    ],
)
def test_a_short_answer_makes_a_statement(question: str, answer: str, said: str) -> None:
    assert statement(question, answer) == said


def test_a_sentence_of_its_own_needs_no_question() -> None:
    assert claim_of("It freezes all of the weights.", "What is frozen?").startswith("It freezes")
    assert claim_of("the weights", "") == "the weights"
