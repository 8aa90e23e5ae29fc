"""The product's answerers reading one given paragraph: nothing is retrieved."""

from __future__ import annotations

import time
from dataclasses import dataclass

from chatbot.answerers import Chosen
from chatbot.answering import Draft
from chatbot.retrieval.standing import with_margins
from ingestion.encoders.base import Encoder
from ingestion.lexical import LexicalIndex
from ingestion.locator import Locator, Span
from ingestion.passage import Passage

_ID = 1


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
    span: str = ""
    """The words of `text` that answer by themselves, where the answerer marked some."""


class ParagraphReader:
    """Reads a paragraph as the chain has its answerer read the only passage of an index.

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
        passage = self._retrieved(question, paragraph)
        *_, draft = self._answerer.stream(question, [passage])
        assert isinstance(draft, Draft)
        return Reading(
            text=draft.text,
            confidence=draft.confidence,
            abstained=not draft.text or draft.confidence < self._abstain_below,
            reasoning=draft.reasoning,
            seconds=time.perf_counter() - start,
            span=draft.text[slice(*draft.highlight)] if draft.highlight else "",
        )

    def _retrieved(self, question: str, paragraph: str) -> Passage:
        """The paragraph with the scores that retrieval gives, since confidence reads them."""
        asked, held = self._encoder.encode([question, paragraph])
        index = LexicalIndex.build([_ID], [paragraph])
        passage = Passage(
            chunk_id=_ID,
            course="",
            file="paragraph",
            format="text",
            title="",
            headings=(),
            text=paragraph,
            spans=(Span(0, len(paragraph), Locator.number("line", 1)),),
            scores={
                "lexical": float(index.scores(question)[0]),
                "dense": float(asked @ held),
                "coverage": index.coverage(question, [_ID])[0],
            },
        )
        return with_margins([passage])[0]
