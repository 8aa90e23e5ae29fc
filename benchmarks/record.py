"""What the benchmarks share: where the data lie, and how a result is written down and shown.

A result is a JSON file `{"figures": {name: {"value": …, "low"?, "high"?, "n"?}}, …}` with the
command, the machine and its load, in the form that `lectern eval` writes; `benchmarks.bars` says
which figure answers to which bar.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.bars import print_rows
from evaluation.provenance import provenance
from evaluation.rows import write_whole

Figure = dict[str, float]


def data_argument(parser: argparse.ArgumentParser) -> None:
    """`--data`: LECTERN_DATA, else beside the repository."""
    data = os.environ.get("LECTERN_DATA", "../shared/data")
    parser.add_argument("--data", type=Path, default=data, help="folder of the shared data")


def out_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="folder to write the result into")


def median_of(values: Sequence[float]) -> Figure:
    """The median of repeated measurements with the least and the greatest of them."""
    return {
        "value": statistics.median(values),
        "low": min(values),
        "high": max(values),
        "n": len(values),
    }


def record(out: Path, name: str, figures: Mapping[str, Figure], **details: Any) -> None:
    """Write `out/name.json` and print the lines of the results page that it fills."""
    record_report(out, name, {"figures": dict(figures), "details": details, **provenance()})


def record_report(out: Path, name: str, report: Mapping[str, Any]) -> None:
    """The same for a report as `lectern eval` makes it."""
    out.mkdir(parents=True, exist_ok=True)
    script = f"benchmarks.{Path(sys.argv[0]).stem}"
    result = {
        **report,
        "command": shlex.join(["python", "-m", script, *sys.argv[1:]]),
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }
    write_whole(out / f"{name}.json", json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    print_rows(out, name)
