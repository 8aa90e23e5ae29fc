"""Course FAQ, question → entry within its course: is fusion better than either leg alone?

Measured on the half of the entries that the fusion weight was not fitted on; the bootstrap
resamples entries, not questions. About three minutes on two cores.

    python -m benchmarks.dtc_faq --data ../shared/data --out docs/results
"""

from __future__ import annotations

import argparse

from benchmarks.record import data_argument, out_argument, record_report
from chatbot.settings import ChatSettings
from evaluation.answers import rows_path
from evaluation.dtc_faq import load_dtc_faq
from evaluation.progress import progress_bar
from evaluation.retrieval import evaluate_retrieval
from evaluation.rows import write_rows
from ingestion.encoders.factory import DEFAULT_ENCODER, load_encoder


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--encoder", default=DEFAULT_ENCODER)
    asked = parser.parse_args()

    settings = ChatSettings()
    with progress_bar() as progress:
        report, rows = evaluate_retrieval(
            load_dtc_faq(asked.data / "qa" / "dtc_faq", "held"),
            load_encoder(asked.encoder),
            settings.fusion_weight,
            depth=settings.candidates,
            progress=progress,
        )
    record_report(asked.out, "dtc_faq", report)
    write_rows(rows_path(asked.out / "dtc_faq.json"), rows)


if __name__ == "__main__":
    main()
