"""`lectern train pretrain`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import typer

from chatbot.commands import console
from finetune.commands.app import DeviceOption, PrecisionOption, RunOption, SeedOption, train_app
from finetune.commands.checked import checked
from finetune.commands.data_options import named_sources
from finetune.commands.vocabulary import CorpusOption, CorpusRootOption


@train_app.command("pretrain")
def pretrain(
    vocabulary: Annotated[
        Path,
        typer.Option("--vocabulary", file_okay=False, help="Folder of a tokenizer."),
    ],
    out: RunOption,
    corpus: CorpusOption = None,
    data_dir: CorpusRootOption = None,
    size: Annotated[
        Literal["tiny", "mini", "small"], typer.Option(help="Layers and widths of the T5.")
    ] = "mini",
    embeddings: Annotated[
        Literal["random", "encoder"],
        typer.Option(help="What they begin as; those of the packaged encoder know words already."),
    ] = "random",
    copied: Annotated[
        float, typer.Option(help="Part of the output matrix that begins as the embeddings.")
    ] = 0.0,
    attention: Annotated[
        Literal["random", "mimetic"],
        typer.Option(help="What it begins as; mimetic looks for equal tokens from the start."),
    ] = "random",
    source: Annotated[int, typer.Option(help="Tokens of a source.")] = 512,
    shown: Annotated[
        float,
        typer.Option(help="Share of steps whose windows stand whole before their corruption."),
    ] = 0.0,
    batch: Annotated[int, typer.Option(help="Windows of one step.")] = 32,
    accumulation: Annotated[int, typer.Option(help="Pieces a step is computed in.")] = 1,
    steps: Annotated[int, typer.Option(help="Steps of the whole training.")] = 1000,
    minutes: Annotated[
        float | None, typer.Option(help="Save and stop after so long; the same command goes on.")
    ] = None,
    optimizer: Annotated[
        Literal["adafactor", "adamw"], typer.Option(help="AdamW wants a far smaller --lr.")
    ] = "adafactor",
    lr: Annotated[float, typer.Option(help="Peak learning rate.")] = 1e-2,
    schedule: Annotated[
        Literal["linear", "cosine", "constant", "inverse-sqrt"],
        typer.Option(help="The learning rate after the warm-up."),
    ] = "inverse-sqrt",
    warmup: Annotated[float, typer.Option(help="Steps, or below 1 a share of them.")] = 0.1,
    weight_decay: Annotated[float, typer.Option(help="The optimizer's.")] = 0.0,
    clip: Annotated[float, typer.Option(help="Largest norm of the gradient.")] = 1.0,
    held_out: Annotated[float, typer.Option(help="Share of documents to measure on.")] = 0.01,
    eval_every: Annotated[int, typer.Option(help="Steps between validations.")] = 200,
    eval_windows: Annotated[int, typer.Option(help="Held windows of a validation.")] = 64,
    probe: Annotated[
        list[str] | None,
        typer.Option("--probe", metavar="FORMAT:PATH", help="Examples to take the loss on too."),
    ] = None,
    save_minutes: Annotated[float, typer.Option(min=0, help="Time between checkpoints.")] = 20,
    save_every: Annotated[int | None, typer.Option(min=1, help="Steps between them, too.")] = None,
    tokens: Annotated[
        Path | None,
        typer.Option("--tokens", help="Where encoded text is kept; else with the vocabulary."),
    ] = None,
    peak: Annotated[
        float | None,
        typer.Option(
            help="The device's tera-operations a second, for the MFU; else it is measured."
        ),
    ] = None,
    precision: PrecisionOption = "auto",
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew, whatever lies in --out.")
    ] = False,
) -> None:
    """Train a small T5 from nothing by span corruption; `train sft` goes on from it."""
    from finetune.pretraining.corpus import CORPUS, Corpus
    from finetune.pretraining.loop import Pace
    from finetune.pretraining.run import pretrain as run
    from finetune.pretraining.settings import PretrainSettings

    settings = checked(
        PretrainSettings,
        size=size,
        embeddings=embeddings,
        copied=copied,
        attention=attention,
        source=source,
        shown=shown,
        batch=batch,
        accumulation=accumulation,
        steps=steps,
        optimizer=optimizer,
        lr=lr,
        schedule=schedule,
        warmup=warmup,
        weight_decay=weight_decay,
        clip=clip,
        held_out=held_out,
        eval_every=eval_every,
        eval_windows=eval_windows,
        precision=precision,
        seed=seed,
    )
    pace = Pace(save_minutes * 60, save_every, math.inf if minutes is None else minutes * 60)
    course = run(
        Corpus.load(corpus or CORPUS, data_dir),
        vocabulary,
        settings,
        out,
        tokens=tokens,
        probed=named_sources(probe or []),
        pace=pace,
        peak=peak and peak * 1e12,
        device=device,
        fresh=fresh,
        say=console.tell,
    )
    speed = course.tokens / max(course.seconds, 1e-9)
    console.show(f"{out}: {course.step} of {steps} steps, {speed:.0f} source tokens/s")
    for row in course.evaluations:
        figures = "  ".join(f"{name} {value:.4f}" for name, value in row.items() if name != "step")
        console.show(f"step {row['step']:.0f}: {figures}")
    if course.step < steps:
        console.out.print("Give the same command again to go on.")
