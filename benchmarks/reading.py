"""Reading with the paragraph given, on four collections: `lectern eval reading` on each, whole.

SQuAD 2.0 dev with its impossible questions, QED dev (Natural Questions), FairytaleQA test, and
PubMedQA's expert-labelled part. About ten minutes for the extractive answerer:

    python -m benchmarks.reading --data ../shared/data --rows build --out docs/results

A generator: `--model lectern-t5-mini --name reading_mini`.

Reports go to `--out`; the rows, which quote the collections and so are not for publishing, to
`--rows`. A run begins anew; `--resume` goes on with one that was killed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path

from benchmarks.answerer_options import add_answerer, settle_answerer
from benchmarks.fresh_process import LECTERN
from benchmarks.record import data_argument, out_argument, record_report

COLLECTIONS = {
    "squad": ("squad_v2_dev/dev-v2.0.json.gz", "--impossible"),
    "qed": ("qed_nq/qed-dev.jsonlines.gz",),
    "fairytaleqa": ("fairytaleqa/test.csv.gz",),
    "pubmedqa": ("pubmedqa/ori_pqal.json.gz",),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--rows", type=Path, required=True, help="folder for the rows")
    add_answerer(parser, "reading")
    parser.add_argument("--limit", type=int, help="N questions of each, drawn with a seed")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was killed")
    asked = parser.parse_args()
    answerer = settle_answerer(parser, asked)

    asked.rows.mkdir(parents=True, exist_ok=True)
    for form, (file, *options) in COLLECTIONS.items():
        name = f"{asked.name}_{form}"
        report = asked.rows / f"{name}.json"
        place = ["--data", str(asked.data / "qa" / file), "--out", str(report)]
        how = ["--form", form, *answerer, *options]
        how += ["--limit", str(asked.limit)] if asked.limit else []
        how += [] if asked.resume else ["--fresh"]
        subprocess.run([LECTERN, "eval", "reading", *how, *place], check=True)
        content = json.loads(report.read_text(encoding="utf-8"))
        del content["settings"]["chatbot"]  # names folders of this machine
        record_report(asked.out, name, content)


if __name__ == "__main__":
    main()
