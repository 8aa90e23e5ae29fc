"""What the verbs of `lectern train` share: the Typer application and its common options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

train_app = typer.Typer(
    help="Adapt a T5: fine-tune, learn rewards and preferences, merge, export.",
    no_args_is_help=True,
)

ModelOption = Annotated[
    str,
    typer.Option("--model", help="T5 to start from: hub name, alias, lectern-t5-mini or folder."),
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or cuda:N.")]
PrecisionOption = Annotated[
    Literal["auto", "float32", "bfloat16"],
    typer.Option("--precision", help="auto: bfloat16 where the hardware has it."),
]
SeedOption = Annotated[
    int, typer.Option("--seed", min=0, help="Everything random follows from it.")
]
RunOption = Annotated[
    Path,
    typer.Option(
        "--out", metavar="DIR", help="What is made, and what a run that was killed goes on from."
    ),
]
