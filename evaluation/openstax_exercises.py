"""Textbook sections without their exercises, solutions and answer keys.

A benchmark of questions taken from a book's exercises is worthless while they stand in the text
that is searched. Three things are deleted from a section:

1. what stands under a heading that announces exercises or answers ("Review Questions", "Try It");
2. the exercise sections of the book: from the first known exercise of a section to the heading
   behind the last, since those without a solution, which are not known, stand between them;
3. every known exercise and solution wherever it stands, letter case, punctuation and line breaks
   aside. A solution of fewer than eight words ("D", "0.97 atm") is deleted behind its question
   only: elsewhere the same words are the book's own text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

LONG = 8
"""Words from which on a text is deleted in every section, not only in its own."""

INLINE = ("", "interactive-exercise")
"""Classes of exercises that stand amid the text rather than in an exercise section."""

_WORD = re.compile(r"[^\W_]+")
_HEADING = re.compile(r"^(#+) +(.*?) *$", re.MULTILINE)
_ANNOUNCES = re.compile(
    r"((review|conceptual|critical thinking|interactive link|self-check|personal application|case|"
    r"discussion|thought|check your understanding)? ?quest(ion|in)s?)|"
    r"((chemistry end of chapter|additional|challenge|practice|problems?)? ?[&-]? ?"
    r"(problems|exercises?))|challenge|homework|practice|(section|short answer) quiz|"
    r"knowledge check|concept items|test prep\b.*|extended response|short answer|"
    r"multiple choice|true/false|fill in the blank|matching|critical thinking|"
    r"check your understanding|bring(ing)? it together|performance task|chapter test|"
    r"practice (test|final exam) \d( solutions)?|try it( solutions)?|answers?( key)?:?|"
    r"answers to questions in the book",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Exercise:
    """`kind` is the class of the exercise section it stands in, if any."""

    question: str
    solution: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A text as lower-case words, and where each of them begins and ends."""

    words: list[str]
    spans: list[tuple[int, int]]

    @classmethod
    def of(cls, text: str) -> Words:
        found = list(_WORD.finditer(text))
        return cls([m[0].lower() for m in found], [m.span() for m in found])


@dataclass(slots=True)
class KnownTexts:
    """Texts to be deleted anywhere, found by their first words."""

    _by_start: dict[tuple[str, ...], list[list[str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Iterable[str]) -> KnownTexts:
        by_start: dict[tuple[str, ...], list[list[str]]] = defaultdict(list)
        for words in dict.fromkeys(tuple(words_of(text)) for text in texts):
            if len(words) >= LONG:
                by_start[words[:LONG]].append(list(words))
        return cls(dict(by_start))

    def within(self, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        """First and last word (exclusive) of every occurrence."""
        for start in range(len(words) - LONG + 1):
            for wanted in self._by_start.get(tuple(words[start : start + LONG]), ()):
                if words[start : start + len(wanted)] == wanted:
                    yield start, start + len(wanted)


def words_of(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def without_exercises(text: str, own: Sequence[Exercise], known: KnownTexts) -> str:
    """`text` without its `own` exercises, those that are `known`, and all that its headings
    announce as such."""
    body = Words.of(text)
    gone = list(known.within(body.words))
    sections: dict[str, tuple[int, int]] = {}
    for exercise in own:
        for start, end in _places(exercise, body.words):
            gone.append((start, end))
            if exercise.kind not in INLINE:
                first, last = sections.get(exercise.kind, (start, end))
                sections[exercise.kind] = min(start, first), max(end, last)
    spans = [(body.spans[start][0], body.spans[end - 1][1]) for start, end in gone]
    for start, end in sections.values():
        spans.append((body.spans[start][0], _next_heading(text, body.spans[end - 1][1])))
    spans += _announced(text)
    return _cut(text, spans)


def _places(exercise: Exercise, words: list[str]) -> list[tuple[int, int]]:
    """Where it stands with its solution behind it; else its last occurrence.

    A short question ("The mean is") may be words of the text as well.
    """
    question, solution = words_of(exercise.question), words_of(exercise.solution)
    found = list(_find(question, words))
    solved = [
        (start, end + len(solution))
        for start, end in found
        if words[end : end + len(solution)] == solution
    ]
    return solved or found[-1:]


def _find(wanted: list[str], words: list[str]) -> Iterator[tuple[int, int]]:
    start = -1
    while wanted:
        try:
            start = words.index(wanted[0], start + 1)
        except ValueError:
            return
        if words[start : start + len(wanted)] == wanted:
            yield start, start + len(wanted)


def _next_heading(text: str, start: int) -> int:
    heading = _HEADING.search(text, start)
    return heading.start() if heading else len(text)


def _announced(text: str) -> Iterator[tuple[int, int]]:
    """What stands under a heading that announces exercises, with what is nested below it."""
    headings = [(m.start(), len(m[1]), m[2]) for m in _HEADING.finditer(text)]
    for number, (start, level, name) in enumerate(headings):
        if _ANNOUNCES.fullmatch(name):
            later = (begin for begin, other, _ in headings[number + 1 :] if other <= level)
            yield start, next(later, len(text))


def _cut(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text outside the spans, without the lines that have no word left."""
    kept, end = [], 0
    for start, stop in sorted(spans):
        if start > end:
            kept.append(text[end:start])
        end = max(end, stop)
    kept.append(text[end:])
    lines = "\n".join(kept).split("\n")
    return "\n".join(line for line in lines if not line or _WORD.search(line)).strip()
