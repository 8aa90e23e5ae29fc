"""`lectern train export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from chatbot.commands import console
from finetune.commands.app import train_app


@train_app.command("export")
def export(
    model: Annotated[str, typer.Argument(help="T5 by folder, alias or hub name; no adapter.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="An empty or new folder.")],
    format: Annotated[Literal["ctranslate2"], typer.Option(help="ctranslate2.")] = "ctranslate2",
    quantization: Annotated[
        Literal["int8", "float32"], typer.Option(help="How the weights are stored.")
    ] = "int8",
) -> None:
    """Convert a T5 to CTranslate2, which answers faster on CPUs, with a model card.

    Its log-likelihoods must be PyTorch's, or nothing is left in --out.
    """
    from chatbot.engines.factory import find_model
    from finetune.exporting import export as run
    from finetune.model_card import Measured
    from finetune.t5_card import t5_card

    exported = run(model, out, quantization)
    card = t5_card(
        find_model(model)[1],
        title=out.resolve().name,
        base=model,
        how=f"{model} in the format of CTranslate2, {quantization}.",
        usage=f'`ctranslate2.Translator("{out}")`; its tokenizer lies beside it.',
        checks=[
            Measured(
                "largest difference of log-likelihood a token from PyTorch, in nats",
                "three probes",
                exported.difference,
            )
        ],
    )
    card.write(out)
    console.show(
        f"{out}: {exported.megabytes:.0f} MB, log-likelihoods a token as PyTorch's up to "
        f"{exported.difference:.2g} nats."
    )
