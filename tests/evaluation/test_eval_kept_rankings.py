"""A reranker's scores kept on disk: taken over by the next run, never those of other texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.kept_rankings import KeepingReranker
from ingestion.errors import LecternError
from ingestion.passage import Passage


def passages(*texts: str) -> list[Passage]:
    return [Passage(n, "", f"d{n}", "", "", (), text, ()) for n, text in enumerate(texts)]


class Longest:
    """The longest text first; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def rerank(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
        self.asked += 1
        scored = [replace(p, score=float(len(p.text))) for p in passages]
        return sorted(scored, key=lambda passage: -passage.score)


def test_what_was_scored_is_not_scored_again(tmp_path: Path) -> None:
    inner = Longest()
    first = KeepingReranker(inner, "longest", tmp_path).rerank("q", passages("a", "ccc", "bb"))
    again = KeepingReranker(inner, "longest", tmp_path).rerank("q", passages("a", "ccc", "bb"))

    assert inner.asked == 1
    assert [p.file for p in first] == ["d1", "d2", "d0"]
    assert again == first
    assert again[0].score == again[0].scores["rerank"] == 3.0


def test_other_questions_texts_and_models_are_scored_anew(tmp_path: Path) -> None:
    inner = Longest()
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.safetensors").write_bytes(b"one")
    for question, texts in (("q", ["a"]), ("r", ["a"]), ("q", ["b"])):
        KeepingReranker(inner, str(model), tmp_path).rerank(question, passages(*texts))
    (model / "model.safetensors").write_bytes(b"two")
    KeepingReranker(inner, str(model), tmp_path).rerank("q", passages("a"))

    assert inner.asked == 4


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    KeepingReranker(Longest(), "longest", tmp_path).rerank("q", passages("a"))
    (file,) = tmp_path.glob("*.json")
    file.write_text("[[")

    with pytest.raises(LecternError, match=file.name):
        KeepingReranker(Longest(), "longest", tmp_path).rerank("q", passages("a"))
