"""Windows over question and passage, and the span that scores best in one."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from chatbot.reading.features import Featurizer, Window
from chatbot.reading.span_reader import LONGEST, best_span, load_reader, tokens_of
from ingestion.encoders.factory import packaged_folder
from ingestion.errors import ModelUnavailable

PASSAGE = " ".join(f"Word{n} is number {n} of the list." for n in range(120))


@pytest.fixture(scope="module")
def featurizer() -> Featurizer:
    return Featurizer(packaged_folder())


def windows(featurizer: Featurizer, question: str, passage: str) -> list[Window]:
    return featurizer.windows(*featurizer.encode([question, passage]))


def test_a_short_passage_is_one_window_whose_tokens_point_into_it(featurizer: Featurizer) -> None:
    text = "LoRA trains two small matrices."
    (window,) = windows(featurizer, "What does LoRA train?", text)
    words = [text[start:end] for start, end in window.offsets]
    assert "".join(words) == text.replace(" ", "")
    assert len(window.ids) == window.first + len(window.offsets) + 1
    assert window.segments == [0] * window.first + [1] * (len(window.ids) - window.first)


def test_windows_of_a_long_passage_overlap_and_leave_nothing_out(featurizer: Featurizer) -> None:
    found = windows(featurizer, "Which word is number 77?", PASSAGE)
    assert len(found) > 2
    assert all(len(window.ids) <= 384 for window in found)
    for before, after in pairwise(found):
        assert after.offsets[0][0] < before.offsets[-1][0]
    covered = {place for window in found for place in window.offsets}
    assert len(covered) == len(featurizer.encode([PASSAGE])[0].ids)


def brute_force(logits: Tensor, window: Window) -> tuple[float, int, int]:
    """(score against silence, first token, last token) of the best span, all tried."""
    count, first = len(window.offsets), window.first
    return max(
        (float(logits[first + a, 0] + logits[first + b, 1] - logits[0].sum()), a, b)
        for a in range(count)
        for b in range(a, min(count, a + LONGEST))
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_best_span_is_the_best_of_all(seed: int, featurizer: Featurizer) -> None:
    (window,) = windows(featurizer, "Which?", PASSAGE[:600])
    logits = torch.randn(len(window.ids) + 7, 2, generator=torch.Generator().manual_seed(seed))
    start, end, score = best_span(logits, window)
    best, *expected = brute_force(logits, window)
    assert [start, end] == expected
    assert score == pytest.approx(best, abs=1e-5)


def test_tokens_of_a_part_lie_wholly_in_it(featurizer: Featurizer) -> None:
    text = "LoRA trains two small matrices. A rank of 8 is enough."
    (window,) = windows(featurizer, "Which rank?", text)
    for part in ((0, 31), (32, len(text)), (0, len(text)), (5, 11)):
        first, last = tokens_of(part, window)
        inside = window.offsets[first:last]
        assert "".join(text[a:b] for a, b in inside) == text[slice(*part)].replace(" ", "")
    assert len({*tokens_of((11, 12), window)}) == 1, "a space is no token"


def test_the_best_span_of_a_part_stays_in_it(featurizer: Featurizer) -> None:
    (window,) = windows(featurizer, "Which?", PASSAGE[:600])
    logits = torch.randn(len(window.ids), 2, generator=torch.Generator().manual_seed(0))
    first, last = tokens_of((100, 200), window)
    start, end, score = best_span(logits, window, first, last)
    assert first <= start <= end < last
    everywhere = best_span(logits, window)
    assert score <= everywhere[2]


def test_marks_of_the_model_in_a_text_are_words(featurizer: Featurizer) -> None:
    (window,) = windows(featurizer, "What is [CLS]?", "[CLS] comes first, [SEP] comes last.")
    inside = window.ids[window.first : -1]
    assert window.ids.count(window.ids[0]) == 1
    assert window.ids[-1] not in inside


def test_a_model_for_something_else_is_refused_before_it_is_asked() -> None:
    with pytest.raises(ModelUnavailable, match=r"holds a model for toxicity, not a reader"):
        load_reader("lectern-judge")
