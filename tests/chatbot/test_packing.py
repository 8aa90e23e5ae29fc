from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from course_passages import ATTENTION, COURSE, GRADING, passage
from scripted_engine import ScriptedEngine

from chatbot.packing import Packed, pack, word_overlap
from chatbot.prompts import PromptStyle
from ingestion.errors import LecternError
from ingestion.passage import Passage

DIRECT = PromptStyle()
QUESTION = "How many heads does the model have?"


def engine(window: int) -> ScriptedEngine:
    return ScriptedEngine(lambda prompt: "", window=window)


def kept_texts(packed: Packed, passages: list[Passage]) -> list[str]:
    return [
        passages[kept.passage].text[start:end]
        for kept in packed.used
        for start, end in kept.sentences
    ]


def test_a_large_window_takes_everything_in_order() -> None:
    packed = pack(QUESTION, COURSE, engine(512), DIRECT)
    assert [kept.passage for kept in packed.used] == [0, 1, 2]
    texts = kept_texts(packed, COURSE)
    places = [packed.prompt.index(text) for text in texts]
    assert places == sorted(places)
    assert " ".join(texts).split() == " ".join(p.text for p in COURSE).split()
    assert packed.tokens == engine(512).count_tokens(packed.prompt)
    assert "Grading: The final project" in packed.prompt


@pytest.mark.parametrize("window", range(40, 160, 7))
@pytest.mark.parametrize("shots", [0, 1])
def test_the_window_is_never_exceeded_and_the_evidence_stays(window: int, shots: int) -> None:
    style = PromptStyle(shots)  # type: ignore[arg-type]
    try:
        packed = pack(QUESTION, COURSE, engine(window), style)
    except LecternError:
        assert engine(512).count_tokens(pack(QUESTION, [], engine(512), style).prompt) > window
        return
    assert packed.tokens <= window
    if packed.used and len(kept_texts(packed, COURSE)) > 1:
        assert "12 heads" in packed.prompt


def test_a_window_smaller_than_the_engines_is_kept_a_larger_one_is_not() -> None:
    assert pack(QUESTION, COURSE, engine(512), DIRECT, window=60).tokens <= 60
    assert pack(QUESTION, COURSE, engine(60), DIRECT, window=512).tokens <= 60


def test_the_scorer_decides_what_stays() -> None:
    def likes_grading(question: str, sentences: list[str]) -> list[float]:
        return [5.0 if "percent" in sentence else 0.0 for sentence in sentences]

    room = engine(512).count_tokens(pack(QUESTION, [], engine(512), DIRECT).prompt) + 18
    packed = pack(QUESTION, COURSE, engine(room), DIRECT, scorer=likes_grading)
    assert kept_texts(packed, COURSE) == GRADING.text.splitlines()


def test_a_sentence_too_long_is_passed_over_for_shorter_ones() -> None:
    long = passage(1, ["The model has heads " + "and heads " * 60 + "for real."])
    packed = pack(QUESTION, [long, ATTENTION], engine(60), DIRECT)
    assert [kept.passage for kept in packed.used] == [1]
    assert "12 heads" in packed.prompt


def test_text_without_sentences_is_cut_at_a_word() -> None:
    endless = passage(1, ["heads " * 300])
    packed = pack(QUESTION, [endless], engine(60), DIRECT)
    assert packed.tokens == 60
    ((start, end),) = packed.used[0].sentences
    assert endless.text[start:end].split()[-1] == "heads"


def test_a_question_too_long_is_an_error_with_a_remedy() -> None:
    with pytest.raises(LecternError, match="Ask a shorter question"):
        pack("why " * 100, COURSE, engine(64), DIRECT)


def test_a_sentence_is_packed_once() -> None:
    twin = passage(4, ["Another slide.", *ATTENTION.text.splitlines()], heading="Again")
    packed = pack(QUESTION, [ATTENTION, twin], engine(512), DIRECT)
    assert kept_texts(packed, [ATTENTION, twin]) == [
        *ATTENTION.text.splitlines(),
        "Another slide.",
    ]


def test_rare_words_weigh_more() -> None:
    sentences = ["the model learns", "the model sees", "the rank of a model", "nothing here"]
    scores = word_overlap("What is the rank of the model?", sentences)
    assert scores[2] > scores[0] == scores[1] > scores[3]


@pytest.mark.data
def test_flan_t5s_own_tokenizer_is_obeyed(shared_data: Path) -> None:
    from tokenizers import Tokenizer

    file = shared_data / "tokenizer/flan_t5_small_tokenizer.json.gz"
    tokenizer = Tokenizer.from_str(gzip.decompress(file.read_bytes()).decode())

    class RealTokens(ScriptedEngine):
        def count_tokens(self, text: str) -> int:
            return len(tokenizer.encode(text).ids)

    real = RealTokens(lambda prompt: "", window=512)
    filler = [
        passage(n, [f"Exercise {n} asks about week {n}; it takes {m} minutes." for m in range(6)])
        for n in range(4, 24)
    ]
    many = [*COURSE, *filler]
    for shots in (0, 1, 3):
        for cot in (False, True):
            packed = pack(QUESTION, many, real, PromptStyle(shots, cot))  # type: ignore[arg-type]
            assert 480 < packed.tokens <= 512
            assert "12 heads" in packed.prompt
