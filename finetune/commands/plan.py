"""`lectern train plan`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from chatbot.commands import console
from chatbot.commands.console import JsonOption
from finetune.commands.app import train_app


@train_app.command("plan")
def plan(
    model: Annotated[
        list[str] | None,
        typer.Option(help="FLAN-T5 by name or folder.", show_default="small to xxl"),
    ] = None,
    device: Annotated[
        str, typer.Option(help="auto, cpu, or a GPU such as t4, l4, rtx-4090, a100-80gb, h200.")
    ] = "auto",
    batch: Annotated[int, typer.Option(min=1, help="Examples at a time.")] = 8,
    source: Annotated[int, typer.Option(min=1, help="Tokens of an input, padded.")] = 512,
    target: Annotated[int, typer.Option(min=1, help="Tokens of an output, padded.")] = 128,
    rank: Annotated[int, typer.Option(min=1, help="Rank of LoRA, on all linear layers.")] = 16,
    precision: Annotated[
        Literal["auto", "bfloat16", "float32"],
        typer.Option(help="auto: as this machine, or the GPU named, would train."),
    ] = "auto",
    gradient_checkpointing: Annotated[
        bool, typer.Option("--gradient-checkpointing", help="Keep block inputs alone.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Memory and time of training (full, LoRA, LoRA on int8) and of answering, before they start.

    Memory comes from formulas held against real runs; time from the operations and the speed that
    a step is expected to reach, measured on the spot for this machine, two fifths of the data
    sheet's for a GPU. On a CPU a process takes up to 1.7 times the peak, as glibc keeps freed
    memory: what “fits” has room for that.
    """
    from finetune.planning.activations import Batch
    from finetune.planning.devices import device_of, half_by_default
    from finetune.planning.memory import Job, Way
    from finetune.planning.shapes import FLAN_T5, shape_of
    from finetune.planning.table import plan as run
    from finetune.planning.table import plan_table

    half = half_by_default(device) if precision == "auto" else precision == "bfloat16"
    ways: tuple[Way, ...] = ("full", "lora", "int8-lora", "inference")
    size = Batch(batch, source, target)
    jobs = [Job(way, size, half, rank, gradient_checkpointing) for way in ways]
    place = device_of(device, half)
    rows = run([(name, shape_of(name)) for name in model or FLAN_T5], jobs, place)
    if json:
        console.print_json([row.as_json() for row in rows])
    else:
        console.out.print(plan_table(rows, place))
