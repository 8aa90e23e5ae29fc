"""Labelled pairs of a claim and a paragraph, made from SQuAD 2.0 by rules.

Supported:
* `restated`: a question with its answer in place of the question word, against its own paragraph.
  The questions are crowd workers' own words, so this is no quotation;
* `quoted`: the sentence that holds the answer, against the paragraph it was taken from.

Unsupported:
* `restated_elsewhere`, `quoted_elsewhere`: the same claim against another paragraph of the same
  article, in which the answer does not occur;
* `restated_swapped`, `quoted_swapped`: the answer replaced by another one of the same article and
  of the same shape (a number for a number, a name for a name), against the own paragraph;
* `restated_swapped_within`: the same, the other answer standing in the very paragraph;
* `plausible`: an impossible question with the answer that crowd workers found plausible, against
  its own paragraph, where all of its words stand. Written to be hard.

The labels follow from how a pair is made; nobody has read them all. A swapped answer may by chance
be true as well, and a plausible one nearly so.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from evaluation.normalize import contains_answer
from evaluation.reading.squad import Article, Asked
from evaluation.statements import statement
from ingestion.sentences import sentences

_T = TypeVar("_T")

SUPPORTED = ("restated", "quoted")
UNSUPPORTED = (
    *("restated_elsewhere", "restated_swapped", "restated_swapped_within", "plausible"),
    *("quoted_elsewhere", "quoted_swapped"),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and the paragraph it is held against; `kind` decides whether it is supported."""

    kind: str
    article: str
    claim: str
    paragraph: str

    @property
    def supported(self) -> bool:
        return self.kind in SUPPORTED


@dataclass(frozen=True, slots=True)
class _Answered:
    """A question of an article; `paragraph` is the number of its paragraph."""

    question: str
    answers: tuple[str, ...]
    paragraph: int

    @property
    def answer(self) -> str:
        return self.answers[0]


def pairs_of(article: Article, questions: int, draw: random.Random) -> Iterator[Pair]:
    """Pairs of one article, from at most `questions` answerable and as many impossible ones.

    A kind that a question does not allow for is left out.
    """
    paragraphs = [paragraph.context for paragraph in article.paragraphs]
    asked = [(q, n) for n, p in enumerate(article.paragraphs) for q in p.qas]
    answerable = [
        _Answered(q.question, tuple(a.text for a in q.answers), n) for q, n in asked if q.answers
    ]
    for one in _sample(answerable, questions, draw):
        yield from _of_answerable(one, answerable, paragraphs, article.title, draw)
    impossible = [(q, n) for q, n in asked if q.is_impossible and q.plausible_answers]
    for question, number in _sample(impossible, questions, draw):
        yield Pair("plausible", article.title, _plausible(question), paragraphs[number])


def _of_answerable(
    one: _Answered,
    all_of_them: Sequence[_Answered],
    paragraphs: Sequence[str],
    title: str,
    draw: random.Random,
) -> Iterator[Pair]:
    own = paragraphs[one.paragraph]
    elsewhere = _pick([p for p in paragraphs if not contains_answer(p, one.answers)], draw)
    others = [o.answer for o in all_of_them if _could_stand_for(o.answer, one)]
    swapped = _pick(others, draw)
    within = _pick([other for other in others if contains_answer(own, (other,))], draw)
    quoted = next((s for s in sentences(own) if contains_answer(s, (one.answer,))), None)
    claim = statement(one.question, one.answer)

    yield Pair("restated", title, claim, own)
    if elsewhere:
        yield Pair("restated_elsewhere", title, claim, elsewhere)
    if swapped:
        yield Pair("restated_swapped", title, statement(one.question, swapped), own)
    if within:
        yield Pair("restated_swapped_within", title, statement(one.question, within), own)
    if quoted and one.answer in quoted:
        yield Pair("quoted", title, quoted, own)
        if elsewhere:
            yield Pair("quoted_elsewhere", title, quoted, elsewhere)
        if swapped:
            yield Pair("quoted_swapped", title, quoted.replace(one.answer, swapped), own)


def _could_stand_for(other: str, one: _Answered) -> bool:
    """Another answer of the same shape that neither holds nor is held by a gold answer."""
    return (
        _shape(other) == _shape(one.answer)
        and not contains_answer(other, one.answers)
        and not any(contains_answer(gold, (other,)) for gold in one.answers)
    )


def _shape(answer: str) -> str:
    if re.search(r"\d", answer):
        return "number"
    return "name" if re.search(r"[A-Z]", answer) else "words"


def _plausible(question: Asked) -> str:
    return statement(question.question, question.plausible_answers[0].text)


def _pick(texts: Sequence[str], draw: random.Random) -> str | None:
    return draw.choice(texts) if texts else None


def _sample(items: Sequence[_T], most: int, draw: random.Random) -> list[_T]:
    return draw.sample(list(items), min(most, len(items)))
