"""Check the course question set against the course documents it quotes.

Every quotation must be found in the file (and, for a PDF, on the page) that the
question names, after lower-casing and dropping all but letters and digits. Counts,
ids and fields are checked too, and the words a paraphrased question shares with
its quotation are reported. Needs pypdfium2 for the slides.

    python benchmarks/course_questions/verify.py --data ../shared/data
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pypdfium2

HERE = Path(__file__).resolve().parent
COURSE_COUNTS = {"dlai_genai_llm_course": 40, "hf_course": 30, "ml_engineering": 30}
KIND_COUNTS = {"direct": 39, "paraphrased": 46, "followup": 15}
FOLLOWUPS, UNANSWERABLE = 30, 20
REQUIRED = {"id", "course", "kind", "question", "answers", "source", "evidence"}
OPTIONAL = {"page", "history"}
SHORTEST, LONGEST = 20, 160  # characters in one quotation
MAX_OVERLAP = 0.34  # of a paraphrased question's content words
STOPWORDS = frozenset(
    "a about all an and any are as at be been before by can could did do does down each even "
    "for from get gets give gives had has have how i if in instead into is it its just make me "
    "more most must my no not of off on once one only or other out over should so some such "
    "than that the their them then there they this those through to two up using very was what "
    "when where whether which while who why will with would yet you your".split()
)

Row = dict[str, Any]


def squash(text: str) -> str:
    """Lower-case and keep letters and digits only."""
    return "".join(char for char in text.lower() if char.isalnum())


def content_words(text: str) -> set[str]:
    words = set(re.findall(r"[a-z0-9]+", text.lower())) - STOPWORDS
    return {word.removesuffix("s") for word in words if len(word) > 1}


@cache
def document_pages(path: Path) -> tuple[str, ...]:
    """The squashed text of each page; a text file is one page."""
    if path.suffix != ".pdf":
        return (squash(path.read_text(encoding="utf-8")),)
    with pypdfium2.PdfDocument(path) as pdf:
        return tuple(squash(page.get_textpage().get_text_range()) for page in pdf)


def quotations(row: Row) -> list[str]:
    evidence = row["evidence"]
    return evidence if isinstance(evidence, list) else [evidence]


def read_rows(name: str) -> list[Row]:
    rows = []
    for number, line in enumerate((HERE / name).read_text(encoding="utf-8").splitlines(), 1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError as error:
            sys.exit(f"{name}:{number}: {error}")
    return rows


def overlap(row: Row) -> float:
    """The share of the question's content words that its quotation also has."""
    asked = content_words(row["question"])
    quoted = content_words(" ".join(quotations(row)))
    return len(asked & quoted) / max(len(asked), 1)


def row_problems(row: Row, data: Path) -> list[str]:
    """Everything wrong with one answerable question."""
    missing, unknown = REQUIRED - row.keys(), row.keys() - REQUIRED - OPTIONAL
    if missing or unknown:
        return [f"missing fields {sorted(missing)}, unknown fields {sorted(unknown)}"]
    problems = []
    answers = row["answers"]
    if not 1 <= len(answers) <= 4 or not all(answer.strip() for answer in answers):
        problems.append("needs one to four non-empty answers")
    if row["course"] not in COURSE_COUNTS:
        return [*problems, f"unknown course {row['course']!r}"]
    if row["kind"] not in KIND_COUNTS:
        problems.append(f"unknown kind {row['kind']!r}")

    history = row.get("history", [])
    if (row["kind"] == "followup") != bool(history):
        problems.append("a follow-up, and nothing else, has a history")
    if any(len(turn) != 2 or not all(part.strip() for part in turn) for turn in history):
        problems.append("each turn of the history is a question and an answer")
    if row["kind"] == "paraphrased" and overlap(row) > MAX_OVERLAP:
        problems.append(f"shares {overlap(row):.0%} of its content words with the evidence")

    path = data / "courses" / row["course"] / row["source"]
    if not path.is_file():
        return [*problems, f"no such source: {row['course']}/{row['source']}"]
    if (path.suffix == ".pdf") != ("page" in row):
        return [*problems, "a PDF, and nothing else, has a page"]
    pages = document_pages(path)
    page = row.get("page", 1)
    if not 1 <= page <= len(pages):
        return [*problems, f"no page {page}"]
    for quotation in quotations(row):
        if not SHORTEST <= len(quotation) <= LONGEST:
            problems.append(f"quotation of {len(quotation)} characters: {quotation!r}")
        if not squash(quotation) or squash(quotation) not in pages[page - 1]:
            problems.append(f"not found in the source: {quotation!r}")
    return problems


def count_problems(name: str, field: str, rows: list[Row], expected: dict[str, int]) -> list[str]:
    found = Counter(row.get(field, "") for row in rows)
    return [] if found == Counter(expected) else [f"{name}: {field}: {found}, expected {expected}"]


def file_problems(name: str, rows: list[Row], check: Callable[[Row], list[str]]) -> list[str]:
    """The problems of one file, each with its line number."""
    problems = []
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        row_id = row.get("id", "")
        found = check(row)
        if not row_id or row_id in seen:
            found.append("id is missing or used twice")
        if not row.get("question", "").strip():
            found.append("no question")
        seen.add(row_id)
        problems += [f"{name}:{number}: {row_id}: {problem}" for problem in found]
    return problems


def unanswerable_problems(row: Row) -> list[str]:
    return [] if row.keys() == {"id", "question"} else ["has fields other than id and question"]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("LECTERN_DATA", "../shared/data")
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of courses/")
    data: Path = parser.parse_args().data

    names = ("answerable.jsonl", "followups.jsonl", "unanswerable.jsonl")
    answerable, followups, unanswerable = map(read_rows, names)

    def check(row: Row) -> list[str]:
        return row_problems(row, data)

    problems = file_problems("answerable.jsonl", answerable, check)
    problems += file_problems("followups.jsonl", followups, check)
    problems += file_problems("unanswerable.jsonl", unanswerable, unanswerable_problems)
    problems += count_problems("answerable.jsonl", "course", answerable, COURSE_COUNTS)
    problems += count_problems("answerable.jsonl", "kind", answerable, KIND_COUNTS)
    problems += count_problems("followups.jsonl", "kind", followups, {"followup": FOLLOWUPS})
    if len(unanswerable) != UNANSWERABLE:
        problems.append(f"unanswerable.jsonl: {len(unanswerable)}, expected {UNANSWERABLE}")
    repeated = [row for row in answerable if row.get("kind") == "followup"]
    if repeated != followups[: len(repeated)]:
        problems.append("followups.jsonl: does not begin with the follow-ups of answerable.jsonl")
    questions = Counter(row.get("question", "") for row in [*answerable, *unanswerable])
    problems += [f"asked twice: {text!r}" for text, times in questions.items() if times > 1]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1

    for kind in ("direct", "paraphrased"):
        shares = [overlap(row) for row in answerable if row["kind"] == kind]
        mean = sum(shares) / len(shares)
        print(f"{kind}: {mean:.1%} of a question's content words are in its evidence (mean)")
    print(
        f"{len(answerable)} answerable, {len(followups)} follow-up, "
        f"{len(unanswerable)} unanswerable: all checks passed"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
