"""`lectern train reader`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from finetune.commands.app import RunOption, SeedOption, train_app


@train_app.command("reader")
def reader(
    data_dir: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Folder of the data collections.")
    ],
    out: RunOption,
    rank: Annotated[int, typer.Option(min=1, help="Rank of the deltas on the encoder.")] = 64,
    lr: Annotated[float, typer.Option(min=0, help="Peak learning rate.")] = 6e-4,
    epochs: Annotated[float, typer.Option(min=0, help="Passes over the data.")] = 2.0,
    start_from: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="A trained reader to go on from."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="First N of each collection.")] = None,
    seed: SeedOption = 0,
) -> None:
    """Train a reader on the packaged encoder: the span of a passage that answers, or none.

    The same command goes on where it was killed.
    """
    from finetune.reader.mixture import reading_data
    from finetune.reader.training import ReaderTraining, train_reader
    from ingestion.encoders.factory import DEFAULT_ENCODER, packaged_folder

    data = reading_data(data_dir, seed, limit)
    settings = ReaderTraining(rank=rank, alpha=float(rank), lr=lr, epochs=epochs, seed=seed)
    about = {"data": data.files, "examples": data.counts}
    figures = train_reader(
        packaged_folder(),
        DEFAULT_ENCODER,
        data.train,
        data.held,
        out,
        settings,
        about,
        trained_before=start_from,
    )
    for name, value in figures.items():
        console.out.print(f"{name}: {value:.3f}")
