"""What dpo, kto and orpo share beyond `finetune/commands/policy_options.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatbot.commands import console
from finetune.commands.checked import checked

if TYPE_CHECKING:
    from finetune.before_after import BeforeAfter
    from finetune.preference.settings import PreferenceSettings


def _positive(value: float) -> float:
    if not value > 0:
        raise typer.BadParameter(f"{value:g} is not above 0")
    return value


PairsOption = Annotated[
    Path,
    typer.Option(
        "--data", help='JSON lines {"prompt", "chosen", "rejected"}.', exists=True, dir_okay=False
    ),
]
LabelsOption = Annotated[
    Path,
    typer.Option(
        "--data", help='JSON lines {"prompt", "response", "label"}.', exists=True, dir_okay=False
    ),
]
EvalOption = Annotated[
    Path | None,
    typer.Option(
        "--eval-data",
        help="The same, to measure on; else a tenth of the prompts.",
        exists=True,
        dir_okay=False,
    ),
]
BetaOption = Annotated[
    float,
    typer.Option(
        "--beta",
        help="β: the smaller, the further it may drift.",
        callback=_positive,
    ),
]
EpochsOption = Annotated[int, typer.Option("--epochs", help="Passes over the data.")]
BatchOption = Annotated[int, typer.Option("--batch", help="Examples of one step.")]
MicrobatchOption = Annotated[
    int, typer.Option("--microbatch", help="Examples in memory at a time.")
]
WarmupOption = Annotated[int, typer.Option("--warmup", help="Steps.")]
LongestOption = Annotated[
    int, typer.Option("--max-response", help="Tokens; longer responses are left out, and counted.")
]
EveryOption = Annotated[
    int, typer.Option("--kl-every", help="Steps between measurements of the KL, and checkpoints.")
]


def preference_settings(
    epochs: int,
    batch: int,
    microbatch: int,
    lr: float,
    warmup: int,
    max_response: int,
    kl_every: int,
    kl_stop: float,
    seed: int,
) -> PreferenceSettings:
    from finetune.preference.settings import PreferenceSettings

    return checked(
        PreferenceSettings,
        epochs=epochs,
        batch=batch,
        microbatch=microbatch,
        learning_rate=lr,
        warmup=warmup,
        max_response=max_response,
        kl_every=kl_every,
        kl_stop=kl_stop,
        seed=seed,
    )


def show(out: Path, found: BeforeAfter) -> None:
    console.show(f"{out}: KL {found.kl.value:.2f} ({found.kl.low:.2f} to {found.kl.high:.2f})")
    for fault in found.faults:
        console.show(f"  not an improvement: {fault}")
