"""`lectern train forgetting`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from finetune.commands.app import DeviceOption, ModelOption, PrecisionOption, SeedOption, train_app
from finetune.commands.data_options import (
    DataOption,
    MixtureOption,
    RootOption,
    chosen_sources,
)


@train_app.command("forgetting")
def forgetting(
    model: ModelOption,
    tuned: Annotated[
        Path,
        typer.Option(help="What was made of it: adapter or model.", exists=True, file_okay=False),
    ],
    out: Annotated[Path, typer.Option("--out", help="Report to write (JSON).", dir_okay=False)],
    data: DataOption = None,
    mixture: MixtureOption = None,
    data_dir: RootOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="First N of each task.")] = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Longest answer.")] = 128,
    precision: PrecisionOption = "auto",
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
) -> None:
    """Compare a model before and after training on tasks it was not trained on.

    Summaries are measured by ROUGE-L, reasoning by exact match, the rest by token F1. Beside
    R.json, R.rows.jsonl holds every answer; a run that was killed goes on from it.
    """
    from rich.table import Table

    from chatbot.engines.hardware import resolve_device
    from evaluation.progress import progress_bar
    from evaluation.provenance import provenance
    from evaluation.rows import write_whole
    from finetune.forgetting import forgetting as measured
    from finetune.precision import Precision

    sources, tests = chosen_sources(data, mixture, data_dir)
    chosen = [
        source.model_copy(update={"limit": limit}) if limit else source
        for source in (tests or sources)
    ]
    compute = Precision.choose(precision, resolve_device(device))
    out.parent.mkdir(parents=True, exist_ok=True)
    with progress_bar() as told:
        tasks = measured(
            model,
            tuned,
            chosen,
            out.with_suffix(".rows.jsonl"),
            precision=compute,
            max_new_tokens=max_new_tokens,
            seed=seed,
            told=told,
        )
    report = {
        "model": model,
        "tuned": tuned.name,
        "tasks": [task.as_json() for task in tasks],
        "compute": str(compute.compute),
        **provenance(),
    }
    write_whole(out, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    table = Table("task", "figure", "before", "after", "change (95 %)", "p", "n")
    table.caption = "* it was trained on this file" if any(t.trained for t in tasks) else None
    for task in tasks:
        change = task.change.difference
        table.add_row(
            f"{task.name}{' *' if task.trained else ''}",
            task.figure,
            f"{task.before.value:.3f}",
            f"{task.after.value:.3f}",
            f"{change.value:+.3f} ({change.low:+.3f} to {change.high:+.3f})",
            f"{task.change.p:.4f}",
            str(change.n),
        )
    console.out.print(table)
