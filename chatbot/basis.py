"""What an answer was made from, as it is kept beside the answer: enough to ask for it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatbot.answering import Answer
from ingestion.passage import Passage

_OF_A_PASSAGE = ("course", "file", "format", "title", "text", "score")


@dataclass(frozen=True)
class Basis:
    """`question` is the stand-alone one; `prompt`, `model` and `adapter` are a generator's.

    The passages that are read back have no `spans`: their place is kept as a label alone.
    """

    question: str
    passages: tuple[Passage, ...]
    given: tuple[str, ...]
    prompt: str
    answerer: str
    model: str
    adapter: str | None
    abstained: bool

    @classmethod
    def of(cls, answer: Answer) -> Basis:
        return cls(
            answer.question,
            answer.passages,
            answer.given,
            answer.prompt,
            answer.answerer,
            answer.model,
            answer.adapter,
            answer.abstained,
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "passages": [_passage_json(passage) for passage in self.passages],
            "given": list(self.given),
            "prompt": self.prompt,
            "answerer": self.answerer,
            "model": self.model,
            "adapter": self.adapter,
            "abstained": self.abstained,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Basis:
        return cls(
            said["question"],
            tuple(_passage(passage) for passage in said["passages"]),
            tuple(said["given"]),
            said["prompt"],
            said["answerer"],
            said["model"],
            said["adapter"],
            said["abstained"],
        )


def _passage_json(passage: Passage) -> dict[str, Any]:
    return {
        **{name: getattr(passage, name) for name in _OF_A_PASSAGE},
        "chunk": passage.chunk_id,
        "headings": list(passage.headings),
        "place": passage.locator.label if passage.spans else "",
    }


def _passage(said: Mapping[str, Any]) -> Passage:
    return Passage(
        chunk_id=said["chunk"],
        headings=tuple(said["headings"]),
        spans=(),
        **{name: said[name] for name in _OF_A_PASSAGE},
    )
