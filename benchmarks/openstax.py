"""OpenStax: a question → the section it belongs to; is fusion better than either leg alone?

1,000 exercises drawn with a seed, each searched for among the sections of its own book, from which
all exercises, solutions and answer keys were deleted (`evaluation.openstax_exercises`). Sections
are cut into about 38,000 chunks as an ingest would cut them; the bootstrap resamples sections, not
questions. No weight is fitted here. About fifteen minutes on two cores, most of it encoding, which
`--work` keeps:

    python -m benchmarks.openstax --data ../shared/data --work build/bench/vectors \\
        --out docs/results
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.record import data_argument, out_argument, record_report
from chatbot.settings import ChatSettings
from evaluation.answers import rows_path
from evaluation.kept_vectors import KeepingEncoder
from evaluation.openstax import load_textbooks, textbook_benchmark
from evaluation.progress import progress_bar
from evaluation.retrieval import evaluate_retrieval
from evaluation.rows import write_rows
from ingestion.encoders.factory import DEFAULT_ENCODER, load_encoder


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder to keep the vectors in")
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument("--books", nargs="+", default=[], help="these only (default: all)")
    parser.add_argument("--encoder", default=DEFAULT_ENCODER)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    folder = Path(asked.data) / "qa" / "openstax_qa"
    settings = ChatSettings()
    textbooks = load_textbooks(folder, asked.questions, asked.seed, asked.books)
    encoder = KeepingEncoder(load_encoder(asked.encoder), asked.work)
    with progress_bar() as progress:
        report, rows = evaluate_retrieval(
            textbook_benchmark(textbooks, encoder, progress=progress),
            encoder,
            settings.fusion_weight,
            depth=settings.candidates,
            seed=asked.seed,
            progress=progress,
        )
    record_report(asked.out, "openstax", report)
    write_rows(rows_path(asked.out / "openstax.json"), rows)


if __name__ == "__main__":
    main()
