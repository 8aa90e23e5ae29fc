"""`lectern train ship`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from chatbot.commands import console
from finetune.commands.app import train_app


@train_app.command("ship")
def ship(
    folder: Annotated[Path, typer.Argument(help="What was trained.", exists=True, file_okay=False)],
    name: Annotated[
        str,
        typer.Option(
            help="lectern-reader, lectern-judge, lectern-judge-independent, lectern-preference, "
            "lectern-t5-mini; with --out lectern-t5-small."
        ),
    ],
    weights: Annotated[
        Literal["bf16", "int8"],
        typer.Option(help="How a T5's weights are stored; int8 takes half the space of bf16."),
    ] = "bf16",
    base: Annotated[
        Path | None,
        typer.Option(
            help="What it was trained from, where it lies elsewhere than its record says.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="R.json",
            help="Report of `lectern eval` on it, for its card.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where to pack what is too large for the package.", file_okay=False
        ),
    ] = None,
) -> None:
    """Put a trained model into the package, to travel with every install under its name.

    Its data must be on the list of what may be shipped, what is written must say what was trained,
    and all packaged models together must stay within 36 MB; else nothing is changed.
    """
    from finetune.shipping.ship import LARGEST
    from finetune.shipping.ship import ship as run

    shipped = run(folder, name, weights=weights, base=base, reports=report or (), out=out)
    moved = "" if shipped.apart is None else f", within {shipped.apart:.2g} nats a token"
    where = (
        f"It lies in {out}."
        if out
        else f"All packaged models: {shipped.total / 1e6:.2f} of {LARGEST / 1e6:.0f} MB."
    )
    console.show(f"{name}: {shipped.model.bytes / 1e6:.2f} MB{moved}. {where}")
