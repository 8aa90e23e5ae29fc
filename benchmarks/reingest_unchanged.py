"""Ingest 1,000 unchanged files again: no embedding computed, and how long it takes.

In process (encoder loading included, after one run that pays the imports) and as `lectern ingest`,
a fresh process. The files are sections of real textbooks; the index is made with random vectors,
which nothing here reads.

    python -m benchmarks.reingest_unchanged --data ../shared/data --out docs/results
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.fresh_process import LECTERN, timed
from benchmarks.large_index import TEXTBOOKS, RandomVectors, sections
from benchmarks.record import data_argument, median_of, out_argument, record
from ingestion.encoders.factory import load_encoder
from ingestion.pipeline import ingest


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--files", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args()

    with tempfile.TemporaryDirectory() as temporary:
        folder, index = Path(temporary) / "course", Path(temporary) / "index"
        folder.mkdir()
        texts = sections(asked.data / "text" / TEXTBOOKS)
        for _, (name, text) in zip(range(asked.files), texts, strict=False):
            (folder / name).write_text(text, encoding="utf-8")
        chunks = ingest([folder], index, encoder=RandomVectors(load_encoder())).chunks
        command = [LECTERN, "ingest", str(folder), "--index", str(index), "--json"]
        again = [ingest([folder], index) for _ in range(1 + asked.runs)][1:]
        runs = [timed(command, Path(temporary)) for _ in range(asked.runs)]
    reports = [report.as_json() for report in again] + [json.loads(out) for out, _ in runs]
    if any(report["unchanged"] != asked.files for report in reports):
        raise SystemExit("Not every file was found unchanged.")
    record(
        asked.out,
        "reingest_unchanged",
        {
            "embedded": {"value": max(report["embedded"] for report in reports)},
            "in_process": median_of([report.seconds for report in again]),
            "process": median_of([seconds for _, seconds in runs]),
        },
        unit="seconds",
        files=asked.files,
        chunks=chunks,
    )


if __name__ == "__main__":
    main()
