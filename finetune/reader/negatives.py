"""Passages that look right and are wrong, so that a reader learns to say "not here".

Random negatives teach little: any word they lack gives them away. Two kinds that do not:
*mined*, the passages our own lexical search ranks highest that do not hold the answer; and *made*,
the right passage under a question with one thing changed, as SQuAD 2's authors changed theirs
(Rajpurkar et al. 2018, table 2: entity swap, number, antonym, negation).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from finetune.reader.examples import ReadingExample, occurrences
from ingestion.lexical import LexicalIndex

_DEPTH = 8
"""How far down the ranking a mined negative may come from."""

_OPPOSITES = {
    word: other
    for pair in (
        "first last, most least, more fewer, largest smallest, highest lowest, best worst, "
        "before after, earliest latest, oldest youngest, longest shortest, north south, "
        "northern southern, east west, eastern western, male female, men women, increase decrease, "
        "increased decreased, higher lower, larger smaller, major minor, win lose, won lost, "
        "begin end, began ended, start finish, started finished, inside outside, early late, "
        "allowed forbidden, public private, present absent, strong weak, rich poor, old new, "
        "positive negative, above below, maximum minimum, many few, always never, gain loss, "
        "include exclude, includes excludes, support oppose, supported opposed, hot cold"
    ).split(",")
    for one, two in [pair.split()]
    for word, other in ((one, two), (two, one))
}
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|did|does|do|can|could|will|would|has|have|had|should)\b", re.IGNORECASE
)
_NUMBER = re.compile(r"\b\d[\d,.]*\b")
_NAME = re.compile(r"(?<=\S )[A-Z][\w’'-]+(?: (?:of |the )?[A-Z][\w’'-]+)*")


def mined(examples: Sequence[ReadingExample], chance: random.Random) -> Iterator[ReadingExample]:
    """For each example its question over one of the best passages that lack the answer.

    A passage of the same document is preferred; nothing comes where every good one has it.
    """
    passages = sorted({example.passage for example in examples})
    group = {example.passage: example.group for example in examples}
    index = LexicalIndex.build(range(len(passages)), passages)
    for example in examples:
        ranked = [passages[hit.chunk_id] for hit in index.search(example.question, _DEPTH)]
        wrong = [
            passage
            for passage in ranked
            if passage != example.passage and not occurrences(passage, example.text)
        ]
        if wrong:
            kin = [passage for passage in wrong if group[passage] == example.group]
            passage = chance.choice((kin or wrong)[:3])
            yield replace(example, task=f"{example.task}/mined", passage=passage, answers=())


def made(examples: Sequence[ReadingExample], chance: random.Random) -> Iterator[ReadingExample]:
    """For each example its passage under a question that it no longer answers, where one thing of
    the question can be changed.
    """
    names = sorted({name for example in examples for name in _NAME.findall(example.question)})
    numbers = sorted({n for example in examples for n in _NUMBER.findall(example.question)})
    for example in examples:
        ways = [
            changed
            for changed in (
                _swap(example.question, _NAME, names, example.passage, chance),
                _swap(example.question, _NUMBER, numbers, example.passage, chance),
                _opposite(example.question),
            )
            if changed
        ]
        # Negation is the weakest change and would be everywhere: only where nothing else can be.
        negated = _negated(example.question) if not ways and chance.random() < 0.3 else None
        if negated:
            ways = [negated]
        if ways:
            yield replace(
                example, task=f"{example.task}/made", question=chance.choice(ways), answers=()
            )


def _swap(
    question: str,
    form: re.Pattern[str],
    others: Sequence[str],
    passage: str,
    chance: random.Random,
) -> str | None:
    """One name or number of the question replaced by another; half the time, where there is one,
    by one that the passage speaks of elsewhere.
    """
    found = list(form.finditer(question))
    if not found or len(others) < 2:
        return None
    place = chance.choice(found)
    spoken = {match.group() for match in form.finditer(passage)}
    here = sorted(other for other in spoken if other not in question)
    other = chance.choice(here if here and chance.random() < 0.5 else others)
    if other.casefold() in question.casefold():
        return None
    return question[: place.start()] + other + question[place.end() :]


def _opposite(question: str) -> str | None:
    for word in re.findall(r"[A-Za-z]+", question):
        other = _OPPOSITES.get(word.lower())
        if other:
            return re.sub(rf"\b{word}\b", other, question, count=1)
    return None


def _negated(question: str) -> str | None:
    found = _AUXILIARY.search(question)
    if not found or re.search(r"\b(?:not|never|n't)\b", question):
        return None
    return f"{question[: found.end()]} not{question[found.end() :]}"
