"""Cold start of `lectern ask`: seconds to the first word of the answer, and to the exit.

A fresh process for every question, with no generator on the machine, so the extractive answerer
speaks; the files it reads are in the page cache, as on any second call. The index is that of the
sample course, made here.

    python -m benchmarks.cold_start --out docs/results
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.fresh_process import LECTERN, REPOSITORY, timed
from benchmarks.record import median_of, out_argument, record
from evaluation.questions import load_questions


def ask(question: str, index: Path, folder: Path) -> tuple[float, float, str]:
    """Seconds to the first byte on standard output and to the exit, and what was printed."""
    nowhere = {"HF_HOME": str(folder / "no-models"), "PYTHONPATH": str(REPOSITORY)}
    start = time.perf_counter()
    with subprocess.Popen(
        [LECTERN, "ask", question, "--index", str(index)],
        cwd=folder,
        env={**os.environ, **nowhere},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.read(1)
        seconds = time.perf_counter() - start
        said = (first + process.stdout.read()).decode()
    if process.returncode:
        raise SystemExit(f"lectern ask ended with exit code {process.returncode}.")
    return seconds, time.perf_counter() - start, said


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    out_argument(parser)
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args()

    course = REPOSITORY / "examples" / "course"
    question = load_questions(REPOSITORY / "examples" / "questions.jsonl")[0].question
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        index = folder / "index"
        timed([LECTERN, "ingest", str(course), "--index", str(index), "--json"], folder)
        ask(question, index, folder)
        runs = [ask(question, index, folder) for _ in range(asked.runs)]
    record(
        asked.out,
        "cold_start",
        {
            "first_token": median_of([first for first, _, _ in runs]),
            "exit": median_of([end for _, end, _ in runs]),
        },
        unit="seconds",
        question=question,
        printed=runs[-1][2],
    )


if __name__ == "__main__":
    main()
