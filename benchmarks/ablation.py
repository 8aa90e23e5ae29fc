"""What chunk size, heading trail, fusion weight, neighbours and templates each bring.

`lectern eval sweep` over `ablation.toml`: 100 answerable and 20 unanswerable questions on three
courses, one factor at a time, each point against the default by a paired bootstrap. Half an hour on
two cores, nearly all of it for the five indexes; a run that was killed goes on where it was.

    python -m benchmarks.ablation --data ../shared/data --work build/ablation --out docs/results
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.bars.ablation import MEASURES
from benchmarks.record import data_argument, out_argument, record
from evaluation.progress import progress_bar
from evaluation.sweep.running import run_sweep
from evaluation.sweep.specification import load_sweep

SWEEP = Path(__file__).parent / "ablation.toml"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder for indexes and rows")
    parser.add_argument("--sweep", type=Path, default=SWEEP, help="another sweep, to try it out")
    asked = parser.parse_args()

    with progress_bar() as progress:
        report = run_sweep(load_sweep(asked.sweep, Path(asked.data)), asked.work, progress=progress)
    figures = {
        f"{point}: {name}": found[name]
        for point, found in report["figures"].items()
        for name in MEASURES
    }
    figures |= {
        f"{pair}: {name}": found[name]["difference"]
        for pair, found in report["comparisons"].items()
        for name in MEASURES
    }
    record(
        asked.out,
        "ablation",
        figures,
        p={
            pair: {name: found[name]["p"] for name in MEASURES}
            for pair, found in report["comparisons"].items()
        },
        not_run=report["not_run"],
        data=report["data"],
        seed=report["seed"],
    )


if __name__ == "__main__":
    main()
