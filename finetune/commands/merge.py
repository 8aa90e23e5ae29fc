"""`lectern train merge`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from chatbot.commands import console
from finetune.commands.app import train_app


@train_app.command("merge")
def merge(
    adapter: Annotated[
        Path, typer.Argument(help="Folder of the adapter.", exists=True, file_okay=False)
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the whole model.")],
    model: Annotated[
        str | None, typer.Option(help="Its base, where it lies elsewhere than the adapter says.")
    ] = None,
    precision: Annotated[
        Literal["float32", "bfloat16"], typer.Option(help="What the weights are saved in.")
    ] = "float32",
) -> None:
    """Make one model of an adapter and its base, with a model card.

    What was saved is read again and must give the logits of base and adapter.
    """
    import torch

    from chatbot.engines.factory import find_model
    from finetune.merging import merge as run
    from finetune.model_card import Measured
    from finetune.t5_card import t5_card

    dtype = torch.float32 if precision == "float32" else torch.bfloat16
    merged = run(adapter, out, base=model, dtype=dtype)
    card = t5_card(
        out,
        title=out.resolve().name,
        base=merged.base,
        how=f"{merged.base} with the adapter {adapter.resolve().name} merged into it, {precision}.",
        usage=f"`lectern ask --model {out}`",
        checks=[
            Measured(
                "largest difference of a logit from base and adapter, in spreads",
                "three probes",
                merged.distance,
            )
        ],
        start=find_model(merged.base)[1],
    )
    card.write(out)
    console.show(
        f"{out}: logits as those of {merged.base} with its adapter, up to {merged.distance:.2g} of "
        "their spread."
    )
