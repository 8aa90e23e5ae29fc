"""`lectern train reward`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from finetune.commands.app import DeviceOption, RunOption, SeedOption, train_app
from finetune.commands.checked import checked


@train_app.command("reward")
def reward(
    task: Annotated[str, typer.Option(help="toxicity (labelled texts) or preference (pairs).")],
    data: Annotated[
        list[str],
        typer.Option(
            metavar="NAME",
            help="To train on: jigsaw, toxic_spans, davidson, surge; hh_harmless, pandalm, dolly; "
            "or a JSON-lines file. NAME:COUNT takes a part, NAME:COUNT: the rest.",
        ),
    ],
    out: RunOption,
    judge_on: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="To measure on, and never to train on."),
    ] = None,
    data_dir: Annotated[
        Path, typer.Option(file_okay=False, help="Where the named collections lie.")
    ] = Path(),
    model: Annotated[
        str | None,
        typer.Option(help="Encoder or T5 to start from.", show_default="the packaged encoder"),
    ] = None,
    method: Annotated[str, typer.Option(help="lora or full.")] = "lora",
    rank: Annotated[int, typer.Option(help="Rank r of the deltas.")] = 8,
    alpha: Annotated[float, typer.Option(help="The deltas count α/r.")] = 16,
    layers: Annotated[int, typer.Option(help="How many of the upper layers are trained.")] = 6,
    window: Annotated[int, typer.Option(help="Tokens; longer texts are cut, and counted.")] = 96,
    lr: Annotated[float, typer.Option(help="Peak learning rate.")] = 1e-3,
    epochs: Annotated[float, typer.Option(help="Passes over the data.")] = 1.0,
    batch_tokens: Annotated[int, typer.Option(help="Padded tokens of one step.")] = 2048,
    drop: Annotated[float, typer.Option(help="Dropout before the head.")] = 0.1,
    evaluate: Annotated[int, typer.Option(help="Steps between checkpoints.")] = 200,
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
) -> None:
    """Train a judge: toxicity from labelled texts, or preference from pairs of answers.

    A tenth of the groups (comments, prompts) chooses the best weights and the calibration, another
    tenth is measured on. The same command goes on where it was killed.
    """
    from chatbot.engines.hardware import resolve_device
    from finetune.reward.run import train_and_measure
    from finetune.reward.settings import RewardSettings
    from ingestion.encoders.factory import DEFAULT_ENCODER

    settings = checked(
        RewardSettings,
        task=task,
        base=model or DEFAULT_ENCODER,
        method=method,
        r=rank,
        alpha=alpha,
        layers=layers,
        window=window,
        lr=lr,
        epochs=epochs,
        tokens=batch_tokens,
        drop=drop,
        seed=seed,
        evaluate=evaluate,
    )
    record = train_and_measure(
        data,
        judge_on or [],
        data_dir,
        out,
        settings,
        device=resolve_device(device),
        say=console.tell,
    )
    for source, figures in record["figures"].items():
        for name, figure in figures.items():
            spread = f" ({figure['low']:.3f}–{figure['high']:.3f})" if "low" in figure else ""
            console.show(f"{source}: {name} {figure['value']:.3f}{spread}")
