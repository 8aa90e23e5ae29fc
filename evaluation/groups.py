"""The groups a question's figures are broken down by."""

from __future__ import annotations

from pathlib import PurePosixPath

from evaluation.questions import Question, Unanswerable
from evaluation.sources import SourceFiles
from ingestion.readers.registry import FORMATS

WITH_HISTORY = "with history"


def groups_of(question: Unanswerable, files: SourceFiles) -> list[str]:
    """Its `kind` as it stands, `with history`, and `format: …`, `course: …` of its gold sources.

    Formats and courses are those of the indexed files; a source that the index lacks goes by its
    suffix, and by the course that the question names. An unanswerable question is in no group.
    """
    if not isinstance(question, Question):
        return []
    groups = [question.kind] if question.kind else []
    if question.history:
        groups.append(WITH_HISTORY)
    found = [file for source in question.source for file in files.find(source, question.course)]
    paths = [path for _, path in found] or list(question.source)
    courses = [question.course] if question.course else [course for course, _ in found]
    formats = [_format(path) for path in paths]
    groups += [f"format: {name}" for name in dict.fromkeys(formats) if name]
    return groups + [f"course: {name}" for name in dict.fromkeys(courses)]


def _format(path: str) -> str:
    suffix = PurePosixPath(path).suffix.lower()
    return FORMATS.get(suffix, suffix.removeprefix("."))
