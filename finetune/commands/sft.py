"""`lectern train sft`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from chatbot.commands import console
from finetune.commands.app import (
    DeviceOption,
    ModelOption,
    PrecisionOption,
    RunOption,
    SeedOption,
    train_app,
)
from finetune.commands.checked import checked
from finetune.commands.data_options import (
    DataOption,
    MixtureOption,
    RootOption,
    chosen_sources,
    named_sources,
)


@train_app.command("sft")
def sft(
    model: ModelOption,
    out: RunOption,
    data: DataOption = None,
    mixture: MixtureOption = None,
    data_dir: RootOption = None,
    eval_data: Annotated[
        list[str] | None,
        typer.Option("--eval-data", metavar="FORMAT:PATH", help="A file to measure on."),
    ] = None,
    held_out: Annotated[
        float,
        typer.Option(min=0, max=0.9, help="Without --eval-data: share of passages to measure on."),
    ] = 0.0,
    method: Annotated[
        Literal["lora", "dora", "rslora", "full"], typer.Option(help="What is trained.")
    ] = "lora",
    rank: Annotated[
        int | None, typer.Option(min=1, show_default="16", help="Rank r of the adapter.")
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(show_default="32", help="The adapter counts α/r (rslora: α/√r)."),
    ] = None,
    targets: Annotated[
        str | None,
        typer.Option(show_default="all-linear", help='all-linear, or modules such as "q,v".'),
    ] = None,
    adapter_dropout: Annotated[
        float | None, typer.Option(show_default="0", help="Dropout before the adapter.")
    ] = None,
    batch: Annotated[
        int | None, typer.Option(min=1, help="Examples of one step, over all processes; else 32.")
    ] = None,
    batch_tokens: Annotated[
        int | None, typer.Option(min=1, help="Instead of --batch: padded tokens of one step.")
    ] = None,
    accumulation: Annotated[int, typer.Option(help="Pieces a process takes a step in.")] = 1,
    lr: Annotated[float, typer.Option(help="Peak learning rate.")] = 5e-4,
    schedule: Annotated[
        Literal["linear", "cosine", "constant", "inverse-sqrt"],
        typer.Option(help="The learning rate after the warm-up."),
    ] = "linear",
    warmup: Annotated[float, typer.Option(help="Steps, or below 1 a share of them.")] = 0.03,
    epochs: Annotated[float, typer.Option(help="Passes over the data.")] = 3.0,
    steps: Annotated[int | None, typer.Option(help="Instead of --epochs.")] = None,
    weight_decay: Annotated[float, typer.Option(help="AdamW's.")] = 0.0,
    clip: Annotated[float, typer.Option(help="Largest norm of the gradient.")] = 1.0,
    label_smoothing: Annotated[float, typer.Option(help="ε of the smoothed labels.")] = 0.0,
    dropout: Annotated[float, typer.Option(help="Dropout of the T5.")] = 0.0,
    gradient_checkpointing: Annotated[
        bool, typer.Option("--gradient-checkpointing", help="Less memory for a third more time.")
    ] = False,
    max_source: Annotated[int, typer.Option(help="Longer examples are left out.")] = 512,
    max_target: Annotated[int, typer.Option(help="Longer examples are left out.")] = 256,
    eval_metric: Annotated[
        Literal["loss", "rouge", "f1", "em"],
        typer.Option(help="What decides which weights are best; rouge means ROUGE-L."),
    ] = "loss",
    eval_every: Annotated[int | None, typer.Option(help="Steps; else once an epoch.")] = None,
    patience: Annotated[
        int | None, typer.Option(help="Stop after so many evaluations without a better one.")
    ] = None,
    save_every: Annotated[int | None, typer.Option(help="Steps between checkpoints.")] = None,
    precision: PrecisionOption = "auto",
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew, whatever lies in --out.")
    ] = False,
) -> None:
    """Fine-tune a T5 on examples, by a LoRA, DoRA or rsLoRA adapter or in full.

    The same command goes on where it was killed. An adapter is used with LECTERN_ADAPTERS_DIR and
    LECTERN_ADAPTER, a fully tuned model as --model. Several processes: `torchrun --no-python
    --nproc-per-node 2 lectern train sft …`.
    """
    from finetune.models import AdapterSettings
    from finetune.processes import Processes
    from finetune.sft.run import train_sft
    from finetune.sft.settings import SftSettings
    from ingestion.errors import LecternError

    given = {"r": rank, "alpha": alpha, "targets": targets, "dropout": adapter_dropout}
    shape = {name: value for name, value in given.items() if value is not None}
    if method == "full" and shape:
        raise LecternError(
            "--method full trains no adapter that --rank, --alpha, --targets or "
            "--adapter-dropout could shape.",
            "Leave them out, or choose lora, dora or rslora.",
        )
    adapter = checked(AdapterSettings, method=method, **shape)
    settings = checked(
        SftSettings,
        adapter=adapter,
        batch=32 if batch is None and batch_tokens is None else batch,
        batch_tokens=batch_tokens,
        accumulation=accumulation,
        lr=lr,
        schedule=schedule,
        warmup=warmup,
        epochs=epochs,
        steps=steps,
        weight_decay=weight_decay,
        clip=clip,
        label_smoothing=label_smoothing,
        dropout=dropout,
        gradient_checkpointing=gradient_checkpointing,
        max_source=max_source,
        max_target=max_target,
        metric=eval_metric,
        eval_every=eval_every,
        patience=patience,
        save_every=save_every,
        precision=precision,
        seed=seed,
    )
    sources, measured = chosen_sources(data, mixture, data_dir)
    course = train_sft(
        model,
        sources,
        named_sources(eval_data) if eval_data else measured,
        settings,
        out,
        held_out=held_out,
        device=device,
        fresh=fresh,
        say=console.tell,
    )
    if not Processes().main:
        return  # one of several processes talks
    console.show(f"{out}: {course.step} steps, {course.tokens / course.seconds:.0f} tokens/s")
    for row in course.evaluations:
        marked = " (kept)" if row["step"] == course.best_step else ""
        figures = "  ".join(f"{k} {v:.4f}" for k, v in row.items() if k != "step")
        console.show(f"step {row['step']:.0f}: {figures}{marked}")
