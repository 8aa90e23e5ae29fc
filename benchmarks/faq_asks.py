"""The course FAQ: a question asked of its own course, of another course, and of its own course
without the entry that answers it.

Each entry is a Markdown document of its course; sections about a course as such ("General …") are
left out, because every course has them. The questions are those of one half of the entries, by the
hash of the entry's id; both halves' entries are in the indexes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from benchmarks.abstention_asks import Ask, write_document
from evaluation.dtc_faq import Half, load_dtc_faq
from ingestion.encoders.base import Encoder
from ingestion.pipeline import ingest


@dataclass(frozen=True, slots=True)
class FaqAsks:
    """The same questions three times, in the same order."""

    own: list[Ask]
    other: list[Ask]
    left_out: list[Ask]


def faq_asks(data: Path, work: Path, half: Half, encoder: Encoder, limit: int | None) -> FaqAsks:
    """Make the indexes in `work` and the asks of one half, of the first `limit` questions."""
    faq = load_dtc_faq(data / "qa" / "dtc_faq", half)
    entries = {
        name: text for name, text in faq.texts.items() if "general" not in _section(text).casefold()
    }
    courses = sorted({faq.groups[name] for name in entries})
    indexes = {course: work / "faq-index" / course for course in courses}
    for name, text in entries.items():
        section, question, answer = text.split("\n", 2)
        document = f"# {section}\n\n## {question}\n\n{answer}\n"
        write_document(work / "faq" / faq.groups[name] / f"{name}.md", document)
    for course in courses:
        ingest([work / "faq" / course], indexes[course], encoder=encoder)

    asks = FaqAsks([], [], [])
    for query, text in faq.queries.items():
        entry = faq.clusters[query]
        if entry not in entries or (limit and len(asks.own) >= limit):
            continue
        own = faq.asked_in[query]
        other = _another(entry, [course for course in courses if course != own])
        place = (own, f"{entry}.md")
        asks.own.append(Ask(text, True, entry, indexes[own], source=place))
        asks.other.append(Ask(text, False, entry, indexes[other]))
        asks.left_out.append(Ask(text, False, entry, indexes[own], frozenset({place})))
    return asks


def _section(text: str) -> str:
    return text.split("\n", 1)[0]


def _another(entry: str, courses: list[str]) -> str:
    """Of the other courses the one that the entry's hash says."""
    return courses[hashlib.sha256(entry.encode()).digest()[0] % len(courses)]
