"""What the verbs of `lectern eval` share: the Typer application, `--out`, `--seed`."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

eval_app = typer.Typer(
    help="Measure answers and retrieval offline, without keys or network.", no_args_is_help=True
)

OutOption = Annotated[Path, typer.Option("--out", help="Report to write (JSON).", dir_okay=False)]
SeedOption = Annotated[int, typer.Option(help="Seed of the bootstrap intervals.")]


def write_report(out: Path, report: Mapping[str, Any]) -> None:
    """The report as JSON, with the command that made it."""
    from evaluation.rows import write_whole

    program, *arguments = sys.argv
    command = {"command": shlex.join([Path(program).name, *arguments])}
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, json.dumps({**report, **command}, indent=1, ensure_ascii=False) + "\n")
