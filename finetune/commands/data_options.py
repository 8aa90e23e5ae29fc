"""How data are named on the command line: a mixture file, or `format:path` as often as wanted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from finetune.data.mixture import Source

DataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="FORMAT:PATH",
        help="A file to train on; without FORMAT, JSON lines of source and target.",
    ),
]
MixtureOption = Annotated[
    Path | None,
    typer.Option(
        "--mixture", exists=True, dir_okay=False, help="Files with rates and caps (TOML)."
    ),
]
RootOption = Annotated[
    Path | None,
    typer.Option("--data-dir", file_okay=False, help="Where relative paths of the mixture start."),
]


def chosen_sources(
    data: list[str] | None, mixture: Path | None, root: Path | None
) -> tuple[list[Source], list[Source]]:
    """(trained on, measured) of the options. Raises `LecternError` where neither names any."""
    from finetune.data.mixture import MixtureFile
    from ingestion.errors import LecternError

    if bool(data) == bool(mixture):
        raise LecternError(
            "The data to train on are named by --data or by --mixture, and by one of them alone.",
            "Give --data dialogsum:dialogsum.train.jsonl.gz, say.",
        )
    if mixture is not None:
        found = MixtureFile.load(mixture, root)
        return list(found.source), list(found.eval)
    return named_sources(data or []), []


def named_sources(named: list[str]) -> list[Source]:
    """`format:path`, or a path to one's own pairs."""
    from finetune.data.formats import FORMATS
    from finetune.data.mixture import Source

    sources = []
    for one in named:
        kind, colon, path = one.partition(":")
        known = bool(colon) and kind in FORMATS
        sources.append(Source(format=kind if known else "pairs", path=Path(path if known else one)))
    return sources
