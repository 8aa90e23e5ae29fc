"""The product as the system under test."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chatbot.answering import Answer, Turn
from chatbot.chain import Assistant
from chatbot.options import AskOptions
from evaluation.evidence import BUDGET, DEPTHS, Retrieved, merge_neighbours
from evaluation.generator import generator_settings
from evaluation.provenance import sources_hash
from evaluation.sources import SourceFiles
from ingestion.passage import Passage

_DEEPEST = 50


@dataclass(frozen=True)
class AssistantSubject:
    """An assistant asked with `options`.

    An answer is made from a few passages; the measures at depth 10 need more of the same ranking.
    So what the answerer read comes first, and the ranking behind it is followed until there are 10
    passages and 10,000 characters. That second search is outside the timings.
    """

    assistant: Assistant
    options: AskOptions

    def ask(self, question: str, history: Sequence[Turn]) -> Answer:
        answer = self.assistant.ask(question, history, options=self.options)
        ranking = self.assistant.retriever.search(
            answer.question,
            _DEEPEST,
            course=self.options.course,
            neighbours=self.options.neighbours,
        )
        read = {passage.chunk_id for passage in answer.passages}
        behind = (passage for passage in ranking if passage.chunk_id not in read)
        return replace(
            answer,
            passages=_deep_enough([*answer.passages, *behind]),
            given=answer.given or tuple(merge_neighbours(list(map(retrieved, answer.passages)))),
        )

    def files(self) -> SourceFiles:
        """The usable files of the index; a duplicate stands for the file it repeats."""
        records = self.assistant.index.files()
        return SourceFiles(
            [(r.course, r.path) for r in records if r.status == "ok"],
            {(r.course, r.path): (r.course, r.reason) for r in records if r.status == "duplicate"},
        )

    def settings(self) -> dict[str, Any]:
        """Whatever decides an answer: code, settings, options, weights, and the index with its
        documents.
        """
        index = self.assistant.index
        chosen = self.assistant.answerers.choose(self.options)
        return {
            "code": sources_hash("ingestion", "chatbot"),
            "index": str(index.folder.resolve()),
            "generation": index.read(lambda snapshot, _: snapshot.generation),
            "index_signature": index.read(lambda snapshot, _: snapshot.signature),
            "chunks": index.chunk_count(),
            "documents": self._documents(),
            "chatbot": self.assistant.settings.model_dump(mode="json"),
            "options": self.options.model_dump(mode="json"),
            "answerer": chosen.answerer.name,
            "reader": chosen.reader,
            **(generator_settings(self.assistant.settings) if chosen.engine else {}),
        }

    def _documents(self) -> str:
        """Changes with the content of any document: an index made anew begins at generation 1."""
        records = [r for r in self.assistant.index.files() if r.status == "ok"]
        found = sorted((r.course, r.path, r.sha256) for r in records)
        return hashlib.sha256(repr(found).encode()).hexdigest()[:12]


def retrieved(passage: Passage) -> Retrieved:
    """A passage as the evidence measures see it."""
    first, last = passage.ordinals
    return Retrieved(passage.course, passage.file, first, last, passage.text)


def _deep_enough(ranking: Sequence[Passage]) -> tuple[Passage, ...]:
    """The shortest beginning of the ranking that serves every depth."""
    characters = 0
    for count, passage in enumerate(ranking, start=1):
        characters += len(passage.text)
        if count >= max(DEPTHS) and characters >= max(DEPTHS) * BUDGET:
            return tuple(ranking[:count])
    return tuple(ranking)
