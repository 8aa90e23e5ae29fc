"""One changed file among 100,000 chunks: seconds until a search finds the change.

A sentence is added to one of some thousand files and the whole folder is ingested again by
`lectern ingest`, a fresh process, with the real encoder. The clock stops when a searcher that had
the index open all along has found the sentence. `benchmarks.large_index` makes the index.

    python -m benchmarks.one_changed_file --work build/large --out docs/results
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from benchmarks.fresh_process import LECTERN, timed
from benchmarks.large_index import large_index
from benchmarks.record import data_argument, median_of, out_argument, record
from chatbot.retrieval.hybrid import Retriever
from chatbot.settings import ChatSettings
from ingestion.index import Index

PASSAGES = 5
"""As many as an answerer reads. The first may be a random vector that lies nearer by chance."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder of the large index")
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()

    made = large_index(asked.data, asked.work, asked.chunks)
    index = Index(made.index)
    retriever = Retriever(index, ChatSettings().fusion_weight)
    retriever.search("what is already there", 1)
    courses = [str(folder.resolve()) for folder in made.courses]
    command = [LECTERN, "ingest", *courses, "--index", str(made.index.resolve()), "--json"]
    changed = sorted(made.courses[0].iterdir())[0]
    before = changed.read_text(encoding="utf-8")
    searchable, ingest, inside, embedded = [], [], [], []
    try:
        for run in range(asked.runs):
            word = f"zyzzogeton{time.time_ns()}"
            added = f"\n\nThe {word} is a leafhopper of the cicada's kin, seen {run} times.\n"
            changed.write_text(before + added, encoding="utf-8")
            start = time.perf_counter()
            printed, seconds = timed(command, asked.work)
            found = retriever.search(f"What is the {word}?", PASSAGES)
            searchable.append(time.perf_counter() - start)
            if not any(word in passage.text for passage in found):
                raise SystemExit(f"The change was not found: {[p.file for p in found]}")
            report = json.loads(printed)
            ingest.append(seconds)
            inside.append(report["seconds"])
            embedded.append(report["embedded"])
    finally:
        changed.write_text(before, encoding="utf-8")
        timed(command, asked.work)
    record(
        asked.out,
        "one_changed_file",
        {
            "searchable": median_of(searchable),
            "ingest_process": median_of(ingest),
            "ingest_inside": median_of(inside),
            "embedded": median_of(embedded),
        },
        unit="seconds",
        chunks=index.chunk_count(),
        files=len(index.files()),
        seconds=searchable,
    )


if __name__ == "__main__":
    main()
