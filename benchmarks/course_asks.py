"""The course questions asked with and without the document that answers them, and the questions
near the topics of the slides asked of the slides.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.abstention_asks import Ask
from evaluation.questions import Question, load_questions, load_unanswerable
from evaluation.sources import SourceFiles
from ingestion.encoders.base import Encoder
from ingestion.errors import LecternError
from ingestion.index import Index
from ingestion.pipeline import ingest

FOLDER = Path(__file__).parent / "course_questions"
SLIDES = "dlai_genai_llm_course"


@dataclass(frozen=True, slots=True)
class CourseAsks:
    """`whole` and `left_out` are the same questions, in the same order; `kinds` are theirs.

    `slides` are those of them about the slides, asked of the slides alone; `near` the questions
    that the slides do not answer, asked of the slides.
    """

    whole: list[Ask]
    left_out: list[Ask]
    kinds: list[str]
    slides: list[Ask]
    near: list[Ask]


def course_asks(data: Path, work: Path, encoder: Encoder, limit: int | None) -> CourseAsks:
    """Make an index of the three courses and one of the slides in `work`, and the asks."""
    courses = data / "courses"
    weeks = [courses / SLIDES / f"W{week}.pdf" for week in (1, 2, 3)]
    all_three, slides = work / "courses-index", work / "slides-index"
    ingest(weeks, slides, encoder=encoder)
    ingest([*weeks, courses / "hf_course", courses / "ml_engineering"], all_three, encoder=encoder)
    files = _files(all_three, encoder)
    questions = load_questions(FOLDER / "answerable.jsonl", limit)
    near = load_unanswerable(FOLDER / "near_topics.jsonl", limit)
    return CourseAsks(
        whole=[_ask(question, all_three) for question in questions],
        left_out=[
            Ask(q.question, False, _document(q), all_three, _source(q, files), history=q.history)
            for q in questions
        ],
        kinds=[question.kind for question in questions],
        slides=[_ask(q, slides) for q in questions if q.course == SLIDES],
        near=[Ask(asked.question, False, asked.id, slides) for asked in near],
    )


def _ask(question: Question, index: Path) -> Ask:
    return Ask(question.question, True, _document(question), index, history=question.history)


def _document(question: Question) -> str:
    return f"{question.course}/{question.source[0]}"


def _source(question: Question, files: SourceFiles) -> frozenset[tuple[str, str]]:
    """The one file that the question was written from. Raises `LecternError` if it is not there."""
    found = files.find(question.source[0], question.course)
    if not found:
        raise LecternError(
            f"{question.source[0]}, which answers {question.id}, is not in the index.",
            "Check the folder of the shared data.",
        )
    return found


def _files(index: Path, encoder: Encoder) -> SourceFiles:
    opened = Index(index, encoder=encoder)
    records = opened.files()
    opened.close()
    return SourceFiles(
        [(r.course, r.path) for r in records if r.status == "ok"],
        {(r.course, r.path): (r.course, r.reason) for r in records if r.status == "duplicate"},
    )
