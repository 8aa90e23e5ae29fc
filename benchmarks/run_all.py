"""Every measurement of the results page, one after the other, and the page's tables filled.

What is compared side by side or does not depend on time runs first; absolute seconds come last and
wait until the machine is quiet (one-minute load below 1.5), half an hour at most. A measurement
that fails is named at the end and the others still run; the exit code is then 1. About two
hours on two cores, and 1.5 GB of disk in `--work`, which a second run uses again. From the
repository's root:

    python -m benchmarks.run_all --data ../shared/data --work build/bench --out docs/results

`--only NAME…` runs some of them; `--quick` runs all on tiny inputs, to see that they work.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fresh_process import LECTERN, REPOSITORY
from benchmarks.record import data_argument, out_argument

PAGE = REPOSITORY / "docs" / "results.md"
SAMPLE_SWEEP = REPOSITORY / "benchmarks" / "sample_sweep.toml"
QUIET_LOAD = 1.5
PATIENCE = 30 * 60
"""Seconds to wait for a quiet machine before measuring anyway; the load is in the results."""


@dataclass(frozen=True, slots=True)
class Measurement:
    name: str
    command: tuple[str, ...]
    quiet: bool = False


def measurements(data: Path, work: Path, out: Path, quick: bool) -> list[Measurement]:
    """In the order they run; the first makes the index that the course questions need."""
    index, large, vectors = work / "courses", work / "large", work / "vectors"
    courses = data / "courses"
    slides = courses / "dlai_genai_llm_course"

    def script(name: str, *arguments: object, sizes: Sequence[object] = ()) -> tuple[str, ...]:
        tiny = sizes if quick else ()
        return sys.executable, "-m", f"benchmarks.{name}", *map(str, [*arguments, *tiny])

    def beir(name: str) -> Measurement:
        folder = data / "retrieval" / name / "beir"
        place = ["--beir", str(folder), "--out", str(out / f"{name}.json")]
        place += ["--work", str(vectors)]
        return Measurement(name, (LECTERN, "eval", "retrieval", *place))

    documents = [slides / f"W{week}.pdf" for week in (1, 2, 3)]
    documents += [courses / "hf_course", courses / "ml_engineering"]
    both = ("--data", data, "--out", out)
    asked = ("--index", index, "--out", out)
    rows = ("--rows", work)
    limit = ("--limit", 4)
    chunks = ("--chunks", 1_000)
    found = [
        Measurement(
            "course_index",
            (LECTERN, "ingest", *map(str, documents), "--index", str(index)),
        ),
        Measurement("course_answers", script("course_answers", *asked, *rows, sizes=limit)),
        Measurement("followups", script("followups", *asked, sizes=limit)),
        Measurement("prompt_window", script("prompt_window", "--data", data, *asked, sizes=limit)),
        Measurement("abstention", script("abstention", *both, "--work", work, sizes=limit)),
        Measurement("reading", script("reading", *both, *rows, sizes=limit)),
        Measurement(
            "reader", script("reader", "--data", data, *asked, *rows, sizes=("--limit", 40))
        ),
        Measurement(
            "faithfulness_method", script("faithfulness_method", *both, sizes=("--questions", 5))
        ),
        Measurement("summaries", script("summaries", *both, *rows, sizes=limit)),
        Measurement(
            "feedback_gate",
            script(
                *("feedback_gate", "--out", out, "--work", work / "feedback"),
                sizes=("--rounds", 1),
            ),
        ),
        Measurement(
            "word_judge",
            script("train_word_judge", *both, "--judge", work / "words", sizes=("--examples", 500)),
        ),
        Measurement(
            "reward_models",
            script("reward_models", *both, "--judges", work / "judges", sizes=("--examples", 300)),
        ),
        Measurement(
            "sft_vs_trainer",
            script(
                "sft_vs_trainer", *both, sizes=("--examples", 32, "--pairs", 1, "--d-model", 64)
            ),
        ),
        *([beir("cisi")] if quick else [beir(name) for name in ("scifact", "cacm", "cisi")]),
        Measurement(
            "openstax",
            script(
                "openstax",
                *both,
                *("--work", vectors),
                sizes=("--books", "principles-marketing", "--questions", 10),
            ),
        ),
        Measurement(
            "ablation",
            script("ablation", *both, "--work", work / "ablation", sizes=("--sweep", SAMPLE_SWEEP)),
        ),
        Measurement(
            "ingestion_vs_langchain",
            script(
                "ingestion_vs_langchain",
                *both,
                sizes=("--pairs", 1, "--share", 0.02, "--whole", 0.02),
            ),
        ),
        Measurement(
            "large_index", script("large_index", "--data", data, "--work", large, sizes=chunks)
        ),
        Measurement(
            "search_latency",
            script("search_latency", *both, "--work", large, sizes=(*chunks, "--questions", 20)),
            quiet=True,
        ),
        Measurement(
            "one_changed_file",
            script("one_changed_file", *both, "--work", large, sizes=(*chunks, "--runs", 1)),
            quiet=True,
        ),
        Measurement(
            "reingest_unchanged",
            script("reingest_unchanged", *both, sizes=("--files", 50, "--runs", 1)),
            quiet=True,
        ),
        Measurement(
            "cold_start", script("cold_start", "--out", out, sizes=("--runs", 1)), quiet=True
        ),
        Measurement(
            "answer_speed",
            script("answer_speed", *asked, *rows, sizes=(*limit, "--cold", 1)),
            quiet=True,
        ),
        Measurement(
            "speed_vs_langchain",
            script(
                "speed_vs_langchain",
                *both,
                *("--work", work / "langchain"),
                sizes=(
                    *("--share", 0.02, "--rounds", 1, "--questions", 3),
                    *("--answers", 2, "--size", "tiny"),
                ),
            ),
            quiet=True,
        ),
    ]
    if not quick:
        found.insert(5, Measurement("dtc_faq", script("dtc_faq", *both)))
    return found


def wait_for_quiet() -> None:
    """Until the one-minute load is low, or patience is at an end."""
    start = time.monotonic()
    while os.getloadavg()[0] >= QUIET_LOAD and time.monotonic() - start < PATIENCE:
        time.sleep(5)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder for indexes")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[])
    parser.add_argument("--quick", action="store_true", help="tiny inputs; the page stays as it is")
    asked = parser.parse_args()
    data, work, out = Path(asked.data), asked.work, asked.out
    for folder in (work, out):
        folder.mkdir(parents=True, exist_ok=True)
    failed = []
    for measurement in measurements(data, work, out, asked.quick):
        if asked.only and measurement.name not in asked.only:
            continue
        if measurement.quiet and not asked.quick:
            wait_for_quiet()
        start = time.monotonic()
        print(f"\n{measurement.name} (load {os.getloadavg()[0]:.1f})", flush=True)
        done = subprocess.run(measurement.command, check=False)
        print(f"{measurement.name}: {time.monotonic() - start:.0f} s", flush=True)
        if done.returncode:
            failed.append(measurement.name)
    if not asked.quick:
        arguments = ("--results", str(out), "--page", str(PAGE))
        subprocess.run([sys.executable, "-m", "benchmarks.fill_tables", *arguments], check=True)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
