"""What the verbs that train a policy (ppo, dpo, kto, orpo) share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from finetune.commands.checked import checked

if TYPE_CHECKING:
    from finetune.policy_run import PolicySource

AdapterOption = Annotated[
    Path | None,
    typer.Option(
        "--adapter",
        help="Adapter that is merged into the model first, so that it is the reference.",
        exists=True,
        file_okay=False,
    ),
]
RankOption = Annotated[int, typer.Option("--rank", help="Rank r of the LoRA that is trained.")]
AlphaOption = Annotated[float, typer.Option("--alpha", help="The LoRA counts α/r.")]
TargetsOption = Annotated[
    str, typer.Option("--targets", help='all-linear, or modules such as "q,v".')
]
WindowOption = Annotated[
    int, typer.Option("--window", help="Tokens; longer prompts are left out, and counted.")
]
LearningRateOption = Annotated[float, typer.Option("--lr", help="Peak learning rate.")]
KLStopOption = Annotated[
    float,
    typer.Option(
        "--kl-stop", help="Nats per response away from the reference at which the run ends."
    ),
]


def policy_source(
    model: str,
    adapter: Path | None,
    rank: int,
    alpha: float,
    targets: str,
    window: int,
    precision: str,
    device: str,
) -> PolicySource:
    from finetune.models import AdapterSettings
    from finetune.policy_run import PolicySource

    lora = checked(AdapterSettings, r=rank, alpha=alpha, targets=targets)
    return checked(
        PolicySource,
        model=model,
        adapter=adapter,
        lora=lora,
        window=window,
        precision=precision,
        device=device,
    )
