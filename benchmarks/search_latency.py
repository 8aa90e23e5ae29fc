"""Search without generation over 100,000 chunks, warm: percentiles, question encoding included.

`Retriever.search` is timed call by call in one process, without filters, with a course filter that
admits most of the index, and with a file filter that admits little; the three take turns. Questions
are those of the course FAQ, each asked once, encoded by the real encoder. See
`benchmarks.large_index` for the index (its vectors are random unless it says otherwise).

    python -m benchmarks.search_latency --work build/large --out docs/results
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import numpy as np

from benchmarks.large_index import TEXTBOOKS, large_index
from benchmarks.record import Figure, data_argument, out_argument, record
from chatbot.retrieval.hybrid import Retriever
from chatbot.settings import ChatSettings
from evaluation.dtc_faq import load_dtc_faq
from ingestion.index import Index

WARM_UP = 20
PERCENTILES = (50, 95, 99)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder of the large index")
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    made = large_index(asked.data, asked.work, asked.chunks)
    index = Index(made.index)
    settings = ChatSettings()
    retriever = Retriever(index, settings.fusion_weight, settings.candidates)
    everything = sorted(set(load_dtc_faq(asked.data / "qa" / "dtc_faq", "held").queries.values()))
    questions = random.Random(asked.seed).sample(everything, WARM_UP + asked.questions)
    file = index.files(TEXTBOOKS)[0].path
    filters = {"none": (None, None), "course": (TEXTBOOKS, None), "file": (TEXTBOOKS, file)}
    seconds: dict[str, list[float]] = {name: [] for name in filters}
    for question in questions:
        for name, (course, file_path) in filters.items():
            start = time.perf_counter()
            retriever.search(question, settings.passages, course=course, file=file_path)
            seconds[name].append(time.perf_counter() - start)
    encoding = []
    for question in questions:
        start = time.perf_counter()
        index.encoder.encode([question])
        encoding.append(time.perf_counter() - start)

    figures: dict[str, Figure] = {}
    for name, taken in {**seconds, "encoding": encoding}.items():
        for percentile in PERCENTILES:
            value = float(np.percentile(taken[WARM_UP:], percentile))
            figures[f"{name}_p{percentile}"] = {"value": 1000 * value, "n": asked.questions}
    record(
        asked.out,
        "search_latency",
        figures,
        unit="milliseconds",
        chunks=index.chunk_count(),
        admitted={n: len(s.chunk_ids) for n, f in filters.items() if (s := index.selection(*f))},
        seed=asked.seed,
    )


if __name__ == "__main__":
    main()
