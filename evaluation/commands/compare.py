"""`lectern eval compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from evaluation.commands.app import SeedOption, eval_app, write_report


@eval_app.command("compare")
def compare(
    first: Annotated[
        Path, typer.Argument(metavar="A.json", help="A report.", exists=True, dir_okay=False)
    ],
    second: Annotated[
        Path,
        typer.Argument(
            metavar="B.json", help="One to hold it against.", exists=True, dir_okay=False
        ),
    ],
    measure: Annotated[
        str | None, typer.Option(help="The measure whose most moved examples are shown.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Comparison to write (JSON).", dir_okay=False)
    ] = None,
    allow_different_data: Annotated[
        bool,
        typer.Option("--allow-different-data", help="Pair by id even over different files."),
    ] = False,
    seed: SeedOption = 0,
) -> None:
    """Hold two runs against each other: paired differences, and the examples that moved most.

    Differences are B − A with their 95 % interval and two-sided p (paired bootstrap, 10,000
    resamples); wins are examples on which B is better.
    """
    from evaluation.comparing import compare_runs
    from evaluation.comparison_tables import difference_table, moved_table, settings_table
    from evaluation.runs import load_run

    report = compare_runs(
        load_run(first),
        load_run(second),
        measure,
        allow_different_data=allow_different_data,
        seed=seed,
    )
    if out:
        write_report(out, report)
    for table in (difference_table(report), settings_table(report), moved_table(report)):
        console.out.print(table)
