"""The answerer contract: a question and its passages in, a cited answer (or an honest silence)
out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chatbot.confidence import Evidence
from ingestion.locator import Locator
from ingestion.passage import Passage

Turn = tuple[str, str]
"""One earlier exchange of the conversation: (question, answer)."""


@dataclass(frozen=True)
class Citation:
    """The passage that supports one sentence of the answer.

    `answer_sentence` is the supported sentence; `sentence` the exact supporting sentence in the
    document, which stands at `locator`; `score` in [0, 1] is how well the one supports the other.
    """

    number: int
    course: str
    file: str
    locator: Locator
    passage: str
    sentence: str
    score: float
    answer_sentence: str = ""
    chunk_id: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "course": self.course,
            "file": self.file,
            "locator": locator_json(self.locator),
            "passage": self.passage,
            "sentence": self.sentence,
            "answer_sentence": self.answer_sentence,
            "score": round(self.score, 4),
        }


@dataclass(frozen=True)
class Answer:
    """What the learner gets. Abstained means `text == ""` and `nearest` holds the closest
    places.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    reasoning: str = ""
    confidence: float = 0.0
    abstained: bool = False
    nearest: tuple[Citation, ...] = ()
    answerer: str = ""
    question: str = ""
    """The stand-alone question that was answered (after rewriting)."""
    passages: tuple[Passage, ...] = ()
    given: tuple[str, ...] = ()
    """The texts as packed for the answerer; empty where it read `passages` whole."""
    prompt: str = ""
    """What the generator read; empty of an extractive answer."""
    model: str = ""
    """The generator's name; empty of an extractive answer."""
    adapter: str | None = None
    """The LoRA adapter that the generator had on."""
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds by stage: load, rewrite, retrieve, answer, first_token (from the start), total; of a
    generative answer also prompt, generate and attribute, the parts of `answer`."""
    tokens: int = 0
    """Tokens that a generator wrote for it."""
    notice: str = ""
    """A fallback the learner should know of, in one plain line."""
    evidence: Evidence | None = None
    """What the confidence was computed from, where the answerer says."""
    highlight: tuple[int, int] | None = None
    """Characters start:end of `text` that answer by themselves, where a reader found them."""

    @property
    def span(self) -> str:
        """The few words that answer; the whole text where none were found."""
        return self.text[slice(*self.highlight)] if self.highlight else self.text

    def as_json(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "answer": self.text,
            "highlight": list(self.highlight) if self.highlight else None,
            "reasoning": self.reasoning,
            "citations": [c.as_json() for c in self.citations],
            "confidence": round(self.confidence, 4),
            "abstained": self.abstained,
            "nearest": [c.as_json() for c in self.nearest],
            "answerer": self.answerer,
            "notice": self.notice,
            "timings": {stage: round(seconds, 4) for stage, seconds in self.timings.items()},
        }


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer as it is written (`part="answer"`) or of the reasoning before it.

    `marked` is the piece that answers by itself: the draft's `highlight`.
    """

    text: str
    part: str = "answer"
    marked: bool = False


@dataclass(frozen=True)
class Draft:
    """An answerer's result before the chain adds retrieval, rewriting and timings."""

    text: str
    citations: tuple[Citation, ...] = ()
    reasoning: str = ""
    confidence: float = 0.0
    given: tuple[str, ...] = ()
    """The texts that reached the prompt; empty where the passages were read whole."""
    evidence: Evidence | None = None
    highlight: tuple[int, int] | None = None
    """Characters start:end of `text` that answer by themselves."""
    timings: dict[str, float] = field(default_factory=dict, compare=False)
    """Seconds of the answerer's own stages."""
    tokens: int = 0
    """Tokens that the engine wrote, by its own count."""
    prompt: str = ""
    """What the engine read, where there is one."""


class Answerer(Protocol):
    """Question and passages → `Draft`.

    `stream` yields `TextDelta`s as they come and last of all exactly one `Draft`, whose `text` is
    the joined answer deltas (tidied). It never raises for an unanswerable question: it gives a low
    `confidence`, and the chain decides to abstain.
    """

    name: str

    def stream(
        self, question: str, passages: Sequence[Passage], history: Sequence[Turn] = ()
    ) -> Iterator[TextDelta | Draft]: ...


def locator_json(locator: Locator) -> dict[str, str]:
    return {"kind": locator.kind, "value": locator.value, "label": locator.label}
