"""Which sentence of which passage supports each sentence of an answer.

Support mixes two signs: the share of the answer's words that the sentence holds, which finds what
was quoted, and the cosine of their embeddings, which finds what was put in other words. A number
that the sentence does not hold halves it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chatbot.answering import Citation
from ingestion.encoders.base import Encoder
from ingestion.passage import Passage
from ingestion.sentences import sentences, split_sentences
from ingestion.words import Stemmed

LEAST_SUPPORT = 0.35
"""Under this a sentence is not cited: it is about something else."""
CANDIDATES = 32
"""Sentences embedded for each sentence of the answer, those with most words in common first."""
SHORT = 4
"""An answer of up to so many words says what it is about only together with the question."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_YES_NO = frozenset(("yes", "no", "true", "false"))


@dataclass(frozen=True)
class _Candidate:
    passage: Passage
    start: int
    end: int
    stems: frozenset[str]

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]


def attribute(
    answer: str, passages: Sequence[Passage], encoder: Encoder, question: str = ""
) -> list[Citation]:
    """A citation for each sentence of the answer that a passage supports, numbered by first use.

    Sentences of the answer supported by the same place share its number. `question` helps to tell
    which of many sentences that hold a short answer is meant.
    """
    stemmed = Stemmed()
    candidates = [
        _Candidate(passage, start, end, frozenset(stemmed.of(passage.text[start:end])))
        for passage in passages
        for start, end in split_sentences(passage.text)
    ]
    numbers: dict[tuple[int, int, str], int] = {}
    citations = []
    for sentence in sentences(answer):
        found = _best(sentence, question, candidates, encoder, stemmed) if candidates else None
        if found is None:
            continue
        source, score = found
        place = (source.passage.chunk_id, source.start, source.passage.file)
        number = numbers.setdefault(place, len(numbers) + 1)
        citations.append(_citation(number, sentence, source, score))
    return citations


def _citation(number: int, sentence: str, source: _Candidate, score: float) -> Citation:
    passage = source.passage
    return Citation(
        number=number,
        course=passage.course,
        file=passage.file,
        locator=passage.locator_of(source.start, source.end),
        passage=passage.text,
        sentence=source.text,
        score=score,
        answer_sentence=sentence,
        chunk_id=passage.chunk_id,
    )


def _best(
    sentence: str,
    question: str,
    candidates: Sequence[_Candidate],
    encoder: Encoder,
    stemmed: Stemmed,
) -> tuple[_Candidate, float] | None:
    stems = frozenset(stemmed.of(sentence))
    claims = [sentence]
    if question and len(sentence.split()) <= SHORT:
        claims.append(f"{question} {sentence}")
    if question and stems <= _YES_NO:
        # "Yes." claims what was asked.
        stems = frozenset(stemmed.of(question))
        claims = [question]
    held = np.array([len(stems & c.stems) / (len(stems) or 1) for c in candidates])
    near = np.argsort(-held, kind="stable")[:CANDIDATES]
    vectors = encoder.encode([*claims, *(candidates[i].text for i in near)])
    cosines = (vectors[len(claims) :] @ vectors[: len(claims)].T).max(axis=1).clip(0.0, 1.0)
    support = 0.5 * held[near] + 0.5 * cosines
    said = set(_NUMBER.findall(sentence))
    for rank, index in enumerate(near):
        if not said <= set(_NUMBER.findall(candidates[index].text)):
            support[rank] *= 0.5
    best = int(support.argmax())
    if support[best] < LEAST_SUPPORT:
        return None
    return candidates[near[best]], float(support[best])


def support_of(answer: str, citations: Sequence[Citation]) -> float:
    """Mean support over the sentences of the answer, in [0, 1]; one without citation counts 0."""
    parts = sentences(answer)
    return sum(c.score for c in citations) / len(parts) if parts else 0.0
