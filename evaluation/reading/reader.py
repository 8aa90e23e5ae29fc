"""The product's answerers reading one given paragraph: nothing is retrieved."""

from __future__ import annotations

import time
from dataclasses import dataclass

from chatbot.answerers import Chosen
from chatbot.answering import Draft
from ingestion.encoders.base import Encoder
from ingestion.locator import Locator, Span
from ingestion.passage import Passage


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in a paragraph.

    `text` is what the answerer found, empty where it declined; `abstained` whether a learner would
    be told nothing, because it declined or because `confidence` is below the threshold.
    """

    text: str
    confidence: float
    abstained: bool
    reasoning: str = ""
    seconds: float = 0.0


class ParagraphReader:
    """Reads a paragraph as the chain has its answerer read a retrieved passage.

    `name` is the answerer's; `decides` whether it words answers of its own, and so can say yes or
    no: an extractive one quotes.
    """

    def __init__(self, chosen: Chosen, encoder: Encoder, abstain_below: float) -> None:
        self.name = chosen.answerer.name
        self.decides = chosen.engine is not None
        self._answerer = chosen.answerer
        self._encoder = encoder
        self._abstain_below = abstain_below

    def read(self, question: str, paragraph: str) -> Reading:
        start = time.perf_counter()
        asked, held = self._encoder.encode([question, paragraph])
        passage = Passage(
            chunk_id=1,
            course="",
            file="paragraph",
            format="text",
            title="",
            headings=(),
            text=paragraph,
            spans=(Span(0, len(paragraph), Locator.number("line", 1)),),
            scores={"dense": float(asked @ held)},
        )
        *_, draft = self._answerer.stream(question, [passage])
        assert isinstance(draft, Draft)
        return Reading(
            text=draft.text,
            confidence=draft.confidence,
            abstained=not draft.text or draft.confidence < self._abstain_below,
            reasoning=draft.reasoning,
            seconds=time.perf_counter() - start,
        )
