"""`lectern eval sweep`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from evaluation.commands.app import SeedOption, eval_app, write_report


@eval_app.command("sweep")
def sweep(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="SWEEP.toml", help="What to try, on what.", exists=True, dir_okay=False
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", help="Folder for reports, rows and indexes.", file_okay=False)
    ],
    data: Annotated[
        Path | None,
        typer.Option(help="What {data} stands for in the file's paths.", file_okay=False),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="First N questions of each file, whatever it says.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure all again, finished points or not.")
    ] = False,
    seed: SeedOption = 0,
) -> None:
    """Answer the same questions under many settings, and hold each against the default.

    The folder gets `sweep.json`, a line for each finished point in `points.jsonl`, a report of
    each in `points/`, and the indexes in `indexes/`. A run that was killed goes on from there.
    """
    from evaluation.progress import progress_bar
    from evaluation.sweep.running import POINTS, run_sweep
    from evaluation.sweep.specification import load_sweep
    from evaluation.sweep.table import sweep_table

    specification = load_sweep(file, data)
    if limit:
        specification = specification.model_copy(update={"limit": limit})
    if fresh:
        (out / POINTS).unlink(missing_ok=True)
        shutil.rmtree(out / "points", ignore_errors=True)
    with progress_bar() as progress:
        report = run_sweep(specification, out, seed=seed, progress=progress)
    write_report(out / "sweep.json", report)
    console.out.print(sweep_table(report))
    for point, why in report["not_run"].items():
        console.err.print(f"{point} was not run. {why}", style="yellow", markup=False)
