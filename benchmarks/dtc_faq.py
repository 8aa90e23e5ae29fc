"""Course FAQ, question → entry within its course: is fusion better than either leg alone?

Measured on the half of the entries that the fusion weight was not fitted on; the bootstrap
resamples entries, not questions. About three minutes on two cores.

    python -m benchmarks.dtc_faq --data ../shared/data --out dtc_faq.json
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from evaluation.answers import rows_path
from evaluation.dtc_faq import load_dtc_faq
from evaluation.progress import progress_bar
from evaluation.retrieval import evaluate_retrieval
from evaluation.rows import write_rows, write_whole
from ingestion.encoders.factory import DEFAULT_ENCODER, load_encoder


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("LECTERN_DATA", "../shared/data")
    )
    parser.add_argument("--encoder", default=DEFAULT_ENCODER)
    parser.add_argument("--weight", type=float, default=0.5)
    parser.add_argument("--depth", type=int, default=100, help="candidates of each leg")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()

    benchmark = load_dtc_faq(asked.data / "qa" / "dtc_faq", "held")
    with progress_bar() as progress:
        report, rows = evaluate_retrieval(
            benchmark,
            load_encoder(asked.encoder),
            asked.weight,
            depth=asked.depth,
            progress=progress,
        )
    write_whole(asked.out, json.dumps(report, indent=1))
    write_rows(rows_path(asked.out), rows)

    print("| | hit@5 | MRR@10 |\n|---|---|---|")
    for leg, figures in report["figures"].items():
        cells = (figures[measure] for measure in ("hit@5", "mrr@10"))
        spread = (f"{c['value']:.4f} ({c['low']:.4f}–{c['high']:.4f})" for c in cells)
        print(f"| {leg} | {' | '.join(spread)} |")
    for pair, measures in report["comparisons"].items():
        cells = (measures[measure] for measure in ("hit@5", "mrr@10"))
        spread = (f"{c['difference']['value']:+.4f}, p = {c['p']:.4f}" for c in cells)
        print(f"| {pair} | {' | '.join(spread)} |")


if __name__ == "__main__":
    main()
