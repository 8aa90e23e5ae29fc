"""Check that the slides W1–W3 say nothing about the answers of `near_topics.jsonl`.

Each question has a few terms in `near_topics_terms.json` without which it cannot be answered: the
name of the method asked about, or what an answer would have to speak of. None of them may stand
anywhere in the text of the slides. Ids, fields and counts are checked too. Needs pypdfium2.

    python benchmarks/course_questions/verify_near_topics.py --data ../shared/data
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path

import pypdfium2

HERE = Path(__file__).resolve().parent
SLIDES = ("W1.pdf", "W2.pdf", "W3.pdf")
QUESTIONS = 60


def text_of(path: Path) -> str:
    """All text of a PDF, each run of white space one blank, hyphens at line ends as hyphens."""
    with pypdfium2.PdfDocument(path) as pdf:
        pages = [page.get_textpage().get_text_range() for page in pdf]
    return " ".join(" ".join(pages).replace("\ufffe", "-").split())


def stands_in(term: str, text: str) -> str:
    """The words around the first place where `term` stands as whole words; empty if nowhere.

    Case makes no difference, nor does a hyphen, a blank or nothing between the term's parts.
    """
    parts = [re.escape(part) for part in re.split(r"[-\s]+", term)]
    found = re.search(rf"(?<!\w){'[- ]?'.join(parts)}(?!\w)", text, re.IGNORECASE)
    return text[max(0, found.start() - 40) : found.end() + 40] if found else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = os.environ.get("LECTERN_DATA", "../shared/data")
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of courses/")
    folder: Path = parser.parse_args().data / "courses" / "dlai_genai_llm_course"

    lines = (HERE / "near_topics.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    terms = json.loads((HERE / "near_topics_terms.json").read_text(encoding="utf-8"))
    slides = {name: text_of(folder / name) for name in SLIDES}

    problems = [f"{row['id']}: unknown fields" for row in rows if row.keys() != {"id", "question"}]
    if [row["id"] for row in rows] != list(terms):
        problems.append("the ids of near_topics.jsonl and near_topics_terms.json differ")
    if len({row["id"] for row in rows}) != QUESTIONS or len(rows) != QUESTIONS:
        problems.append(f"{len(rows)} questions, expected {QUESTIONS} with ids of their own")
    if len({row["question"] for row in rows}) != len(rows):
        problems.append("a question is asked twice")
    for identifier, needed in terms.items():
        if not needed:
            problems.append(f"{identifier}: no terms")
        for term in needed:
            for name, text in slides.items():
                if around := stands_in(term, text):
                    problems.append(f"{identifier}: {term!r} stands in {name}: …{around}…")
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    count = sum(map(len, terms.values()))
    print(f"{len(rows)} questions, {count} terms, none of them in {', '.join(SLIDES)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
