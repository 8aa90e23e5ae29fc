"""OpenStax textbooks: an exercise's question → the section of its book that it belongs to.

The sections stand without their exercises, solutions and answer keys
(`evaluation.openstax_exercises`), cut into chunks as an ingest would cut them; a section is as
relevant as its best chunk. A question competes among the sections of its own book, as under a
course filter. Prealgebra, half of all exercises, is left out: its exercises are computations.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.beir import Benchmark
from evaluation.jsonl import malformed, read_objects, sha256_of
from evaluation.legs import Progress
from evaluation.openstax_exercises import Exercise, KnownTexts, without_exercises, words_of
from ingestion.chunking import chunk_document
from ingestion.encoders.base import Encoder
from ingestion.errors import LecternError
from ingestion.readers.base import Document
from ingestion.readers.markdown import add_markdown
from ingestion.readers.outline import Outline
from ingestion.settings import IngestionSettings

LEFT_OUT = "prealgebra-bundle"
FEWEST_WORDS = 8
"""Of a question: a shorter one ("Find the mode.") leans on what was said before it."""
SHORTEST_SECTION = 100
"""Words that must be left of a section; shorter ones are pages of links and tables of contents."""

_MODULES, _EXERCISES = "modules.jsonl.gz", "openstax_qa.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Section:
    """A section's text without its exercises."""

    book: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of one book, and the sections among whose exercises it stands."""

    book: str
    question: str
    solution: str
    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Textbooks:
    """`sections` by id (`book/module`); `asked` by id, drawn with a seed."""

    sections: dict[str, Section]
    asked: dict[str, Asked]
    hashes: dict[str, str]


def load_textbooks(
    folder: Path, questions: int = 1_000, seed: int = 0, books: Collection[str] = ()
) -> Textbooks:
    """The books that have exercises (or those named), and as many questions drawn from them.

    Raises `LecternError` for a missing file, a malformed line, or a book that is not there.
    """
    exercises = [
        (f"{book}/{module}", Exercise(question, solution, kind))
        for book, module, question, solution, kind in _exercise_lines(folder / _EXERCISES)
        if book != LEFT_OUT
    ]
    having = {section.partition("/")[0] for section, _ in exercises}
    unknown = sorted(set(books) - having)
    if unknown:
        raise LecternError(
            f"No exercises of {unknown[0]!r} are in {folder / _EXERCISES}.",
            f"Books there: {', '.join(sorted(having))}.",
        )
    known = KnownTexts.of(t for _, e in exercises for t in (e.question, e.solution))
    own: dict[str, list[Exercise]] = {}
    for section, exercise in exercises:
        own.setdefault(section, []).append(exercise)
    sections = {
        identifier: Section(book, title, without_exercises(text, own.get(identifier, ()), known))
        for identifier, book, title, text in _module_lines(folder / _MODULES)
        if book in (books or having)
    }
    sections = {i: s for i, s in sections.items() if len(words_of(s.text)) >= SHORTEST_SECTION}
    pool = _askable(exercises, sections)
    drawn = random.Random(seed).sample(range(len(pool)), min(questions, len(pool)))
    return Textbooks(
        sections,
        {f"e{number}": pool[number] for number in drawn},
        {name: sha256_of(folder / name) for name in (_MODULES, _EXERCISES)},
    )


def textbook_benchmark(
    textbooks: Textbooks,
    encoder: Encoder,
    settings: IngestionSettings | None = None,
    progress: Progress | None = None,
) -> Benchmark:
    """The sections in chunks of the encoder's window, title and headings in the embedded text."""
    settings = settings or IngestionSettings()
    texts: dict[str, str] = {}
    part_of: dict[str, str] = {}
    for done, (identifier, section) in enumerate(textbooks.sections.items(), start=1):
        outline = Outline()
        add_markdown(outline, section.text)
        document = Document(section.title, outline.blocks)
        chunks = chunk_document(document, encoder, settings.chunk_tokens, settings.heading_trail)
        for number, chunk in enumerate(chunks):
            texts[f"{identifier}#{number}"] = chunk.embedded_text
            part_of[f"{identifier}#{number}"] = identifier
        if progress:
            progress("chunks", done, len(textbooks.sections))
    asked = textbooks.asked
    return Benchmark(
        name="openstax",
        texts=texts,
        part_of=part_of,
        queries={query: a.question for query, a in asked.items()},
        qrels={query: dict.fromkeys(a.sections, 1) for query, a in asked.items()},
        groups={part: textbooks.sections[section].book for part, section in part_of.items()},
        asked_in={query: a.book for query, a in asked.items()},
        # Questions of one section are not independent: a bootstrap resamples sections.
        clusters={query: a.sections[0] for query, a in asked.items()},
        hashes=textbooks.hashes,
    )


def _askable(exercises: Sequence[tuple[str, Exercise]], sections: Collection[str]) -> list[Asked]:
    """Questions long enough to be asked alone; one that several sections of a book pose, once."""
    found: dict[tuple[str, str], Asked] = {}
    for section, exercise in exercises:
        words = words_of(exercise.question)
        if len(words) < FEWEST_WORDS or section not in sections:
            continue
        book = section.partition("/")[0]
        key = book, " ".join(words)
        before = found.get(key)
        if before is None:
            found[key] = Asked(book, exercise.question, exercise.solution, (section,))
        elif section not in before.sections:
            found[key] = Asked(book, before.question, before.solution, (*before.sections, section))
    return list(found.values())


def _module_lines(path: Path) -> list[tuple[str, str, str, str]]:
    """(section id, book, title, text) of each line."""
    rows = _rows(path, ("book", "module", "title", "text"))
    return [(f"{book}/{module}", book, title, text) for book, module, title, text in rows]


def _exercise_lines(path: Path) -> list[tuple[str, ...]]:
    """(book, module, question, solution, class of the exercise section) of each exercise."""
    fields = ("book", "module", "question", "answer", "type")
    rows = _rows(path, fields, optional="section_class")
    return [(*row[:4], row[5]) for row in rows if row[4] == "exercise"]


def _rows(path: Path, fields: tuple[str, ...], optional: str = "") -> list[tuple[str, ...]]:
    rows = []
    for number, line in read_objects(path):
        row = [line.get(name) for name in fields]
        row += [line.get(optional, "")] if optional else []
        if not all(isinstance(value, str) for value in row):
            raise malformed(path, number, f"needs {', '.join(fields)} as strings")
        rows.append(tuple(map(str, row)))
    return rows
