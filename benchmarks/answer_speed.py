"""Every stage of an answer over the real courses: `lectern eval speed`, extractive.

The 100 course questions, follow-ups with their history, over the index of the three courses (see
`benchmarks.course_answers` for how it is made). About half a minute:

    python -m benchmarks.answer_speed --index build/bench/courses --rows build --out docs/results

`lectern eval speed --model NAME` measures a generator as well; there is none here.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.course_answers import ANSWERABLE
from benchmarks.fresh_process import LECTERN, REPOSITORY, timed
from benchmarks.record import out_argument, record


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    out_argument(parser)
    parser.add_argument("--index", type=Path, required=True, help="index of the three courses")
    parser.add_argument("--rows", type=Path, required=True, help="folder for report and rows")
    parser.add_argument("--cold", type=int, default=7, help="fresh processes")
    parser.add_argument("--limit", type=int, help="first N questions")
    asked = parser.parse_args()

    report = asked.rows.resolve() / "answer_speed.json"
    command = [LECTERN, "eval", "speed", "--questions", str(ANSWERABLE)]
    command += ["--index", str(asked.index.resolve()), "--out", str(report)]
    command += ["--cold", str(asked.cold), *(["--limit", str(asked.limit)] if asked.limit else [])]
    timed(command, REPOSITORY)
    measured = json.loads(report.read_text(encoding="utf-8"))
    record(
        asked.out,
        "answer_speed",
        measured["figures"]["extractive"],
        unit="times: seconds; memory: MB (10⁶ bytes)",
        load=measured["load_average"],
        threads=measured["threads"],
        data=measured["data"],
        chunks=measured["settings"]["extractive"]["chunks"],
    )


if __name__ == "__main__":
    main()
