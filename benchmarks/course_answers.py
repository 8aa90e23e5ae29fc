"""The course questions answered: `lectern eval answers`, with the figures of each course beside it.

100 answerable and 20 unanswerable questions over an index of exactly the three courses:

    lectern ingest ../shared/data/courses/dlai_genai_llm_course/W{1,2,3}.pdf \\
        ../shared/data/courses/hf_course ../shared/data/courses/ml_engineering --index DIR
    python -m benchmarks.course_answers --index DIR --rows build --out docs/results

The report, which has the figures by kind of question too, goes to `--out`; a line per question,
which quotes the courses and so is not for publishing, to `course_answers.rows.jsonl` in `--rows`.
A generator: `--model lectern-t5-mini --name course_answers_mini`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.answerer_options import add_answerer, settle_answerer
from benchmarks.fresh_process import LECTERN, REPOSITORY, timed
from benchmarks.record import out_argument, record_report
from evaluation.answers import figures, rows_path
from evaluation.jsonl import read_objects
from evaluation.questions import load_questions

FOLDER = Path(__file__).parent / "course_questions"
ANSWERABLE, UNANSWERABLE = FOLDER / "answerable.jsonl", FOLDER / "unanswerable.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    out_argument(parser)
    parser.add_argument("--index", type=Path, required=True, help="index of the three courses")
    parser.add_argument("--rows", type=Path, required=True, help="folder for the rows")
    add_answerer(parser, "course_answers")
    parser.add_argument("--limit", type=int, help="first N of each file")
    asked = parser.parse_args()
    answerer = settle_answerer(parser, asked)

    asked.rows.mkdir(parents=True, exist_ok=True)
    out = asked.rows / f"{asked.name}.json"
    command = [LECTERN, "eval", "answers", "--fresh", *answerer]
    files = ["--questions", str(ANSWERABLE), "--unanswerable", str(UNANSWERABLE)]
    limit = ["--limit", str(asked.limit)] if asked.limit else []
    place = ["--index", str(asked.index.resolve()), "--out", str(out.resolve())]
    timed([*command, *files, *limit, *place], REPOSITORY)

    course = {question.id: question.course for question in load_questions(ANSWERABLE)}
    measures: dict[str, list[dict[str, float]]] = {}
    for _, row in read_objects(rows_path(out)):
        if row["id"] in course:
            measures.setdefault(course[row["id"]], []).append(row["measures"])
    report = json.loads(out.read_text(encoding="utf-8"))
    report["courses"] = {name: figures(rows, report["seed"]) for name, rows in measures.items()}
    for names_folders in ("index", "chatbot"):
        del report["settings"][names_folders]
    record_report(asked.out, asked.name, report)


if __name__ == "__main__":
    main()
