"""Questions asked of indexes that hold their answer, or do not, and what the product made of them.

Every answer is the product's own: its search, its extractive answerer, its default settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path

import numpy as np

from chatbot.answerers import Answerers
from chatbot.answering import Turn
from chatbot.chain import Assistant
from chatbot.confidence import Evidence, ReadEvidence
from chatbot.settings import ChatSettings
from evaluation.abstention.intervals import Outcomes
from evaluation.abstention.left_out import IndexWithout
from evaluation.abstention.measures import Bools, Floats
from evaluation.legs import Progress
from evaluation.sources import SourceFile
from ingestion.encoders.base import Encoder
from ingestion.index import Index


@dataclass(frozen=True)
class Ask:
    """A question put to an index.

    `document` names what the question was written from (an entry, an article, a file): intervals
    resample it whole. `without` are documents of the index that are left out of it, `file` the only
    one that is looked at; `source` is the one that answers, with one of `answers` where any is
    known.
    """

    question: str
    answerable: bool
    document: str
    index: Path
    without: frozenset[SourceFile] = frozenset()
    file: SourceFile | None = None
    history: tuple[Turn, ...] = ()
    source: SourceFile | None = None
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """Asks with what came of them, arrays over the n asks.

    Confidence, whether the product refused, the signals of its confidence (n, 4; n, 5 with a
    reader), and the cosine of the question and the nearest passage found.
    """

    asks: Sequence[Ask]
    confidence: Floats = field(repr=False)
    refused: Bools = field(repr=False)
    signals: Floats = field(repr=False)
    nearest: Floats = field(repr=False)

    @property
    def answerable(self) -> Bools:
        return np.array([ask.answerable for ask in self.asks])

    @property
    def documents(self) -> list[str]:
        return [ask.document for ask in self.asks]

    def outcomes(self, confidence: Floats | None = None) -> Outcomes:
        """What to measure; `confidence` stands in for the product's where it is given."""
        chosen = self.confidence if confidence is None else confidence
        return Outcomes(chosen, self.answerable, self.documents)

    def where(self, chosen: Bools) -> Asked:
        """Those of the asks that `chosen`, of shape (n,), names."""
        asks = [ask for ask, kept in zip(self.asks, chosen, strict=True) if kept]
        arrays = (self.confidence, self.refused, self.signals, self.nearest)
        return Asked(asks, *(array[chosen] for array in arrays))


def join(*parts: Asked) -> Asked:
    return Asked(
        [ask for part in parts for ask in part.asks],
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.refused for part in parts]),
        np.concatenate([part.signals for part in parts]),
        np.concatenate([part.nearest for part in parts]),
    )


def ask_all(
    asks: Sequence[Ask], encoder: Encoder, progress: Progress | None = None, stage: str = "asked"
) -> Asked:
    """Ask them all, those of one index one after the other; give one that remembers as `encoder`,
    because many questions meet the same passages."""
    together: dict[tuple[Path, frozenset[SourceFile]], list[int]] = {}
    for number, ask in enumerate(asks):
        together.setdefault((ask.index, ask.without), []).append(number)
    confidence, nearest = np.zeros(len(asks)), np.zeros(len(asks))
    settings = ChatSettings.load(answerer="extractive")
    answerers = Answerers(settings, encoder)
    kind = ReadEvidence if answerers.extractive().reader else Evidence
    refused, signals = np.zeros(len(asks), np.bool_), np.zeros((len(asks), len(fields(kind))))
    done = 0
    for (folder, without), numbers in together.items():
        index = (
            IndexWithout(folder, without, encoder) if without else Index(folder, encoder=encoder)
        )
        assistant = Assistant(index, settings, answerers)
        for number in numbers:
            ask = asks[number]
            course, file = ask.file or (None, None)
            options = assistant.default_options().model_copy(
                update={"course": course, "file": file}
            )
            answer = assistant.ask(ask.question, ask.history, options=options)
            confidence[number], refused[number] = answer.confidence, answer.abstained
            if answer.evidence:
                signals[number] = astuple(answer.evidence)
            nearest[number] = max((p.scores["dense"] for p in answer.passages), default=0.0)
            done += 1
            if progress:
                progress(stage, done, len(asks))
        index.close()
    return Asked(asks, confidence, refused, signals, nearest)


def write_document(path: Path, text: str) -> None:
    """Write a document to be ingested, unless it stands there already."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
