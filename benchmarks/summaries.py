"""Summaries by the product: DialogSum, SAMSum, QMSum, and ten documents against key points.

`lectern eval summaries` on the test split of each, with the trivial summaries beside it. The
summarizer picks sentences; for a generator give `--model` and another `--name`, and whatever else
that verb takes (`--adapter`, `--as-written`, `--limit`). About five minutes on two cores:

    python -m benchmarks.summaries --data ../shared/data --rows build --out docs/results

The reports go to `--out` as `summaries_SET.json`; a line per text, which quotes the data sets and
so is not for publishing, to `--rows`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.answerer_options import add_answerer, settle_answerer
from benchmarks.fresh_process import LECTERN, REPOSITORY, timed
from benchmarks.record import data_argument, out_argument, record_report

FOLDERS = {
    "dialogsum": "dialogue/dialogsum",
    "samsum": "dialogue/samsum",
    "qmsum": "dialogue/qmsum_academic",
    "documents": "courses",
}
KEY_POINTS = Path(__file__).parent / "key_points"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--rows", type=Path, required=True, help="folder for the rows")
    add_answerer(parser, "summaries")
    asked, options = parser.parse_known_args()
    options += settle_answerer(parser, asked)

    asked.rows.mkdir(parents=True, exist_ok=True)
    for name, folder in FOLDERS.items():
        out = asked.rows / f"{asked.name}_{name}.json"
        command = [LECTERN, "eval", "summaries", "--set", name, "--baselines", *options]
        command += ["--data", str((asked.data / folder).resolve()), "--out", str(out.resolve())]
        if name == "documents":
            command += ["--key-points", str(KEY_POINTS)]
        timed(command, REPOSITORY)
        record_report(asked.out, out.stem, json.loads(out.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
