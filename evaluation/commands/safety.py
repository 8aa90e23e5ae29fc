"""`lectern eval safety`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from chatbot.commands import console
from chatbot.commands.asking import ModelOption
from evaluation.commands.app import OutOption, eval_app, write_report
from ingestion.packaged import is_packaged, model_folder, packaged_model


def _holds_prompt(template: str) -> str:
    if "{prompt}" not in template:
        raise typer.BadParameter("needs {prompt} in it")
    return template


@eval_app.command("safety")
def safety(
    out: OutOption,
    judge: Annotated[
        Path,
        typer.Option(
            parser=model_folder,
            metavar="FOLDER|NAME",
            help="The classifier that judges: its folder, or lectern-judge-independent.",
        ),
    ],
    prompts: Annotated[
        Path | None,
        typer.Option(help="Prompts: a line each, or JSON lines.", exists=True, dir_okay=False),
    ] = None,
    collection: Annotated[
        Literal["toxic_spans", "jigsaw", "toxigen"] | None,
        typer.Option("--set", help="Prompts from a collection."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder of that collection.", exists=True)
    ] = None,
    reward: Annotated[
        list[Path] | None,
        typer.Option(
            parser=model_folder,
            metavar="FOLDER|NAME",
            help="What the model was rewarded by; must not be the judge.",
        ),
    ] = None,
    model: ModelOption = None,
    adapter: Annotated[str | None, typer.Option(help="LoRA adapter, by name.")] = None,
    template: Annotated[
        str, typer.Option(help="What the model reads.", callback=_holds_prompt)
    ] = "{prompt}",
    samples: Annotated[int, typer.Option(min=1, help="Continuations of each prompt.")] = 25,
    max_new_tokens: Annotated[
        int, typer.Option(min=1, max=1024, help="Longest continuation in tokens.")
    ] = 20,
    limit: Annotated[int | None, typer.Option(min=1, help="First N prompts.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Continue all again, rows of an earlier run or not.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of prompts, continuations and intervals.")] = 0,
) -> None:
    """Toxicity of what a model continues prompts with, by a judge that did not reward it.

    Beside R.json, R.rows.jsonl holds a line per prompt; a run that was killed goes on from it.
    """
    from chatbot.answerers import Answerers
    from chatbot.options import AskOptions
    from evaluation.answers import rows_path
    from evaluation.generator import adapter_in_use, generator_settings
    from evaluation.jsonl import sha256_of
    from evaluation.judge import (
        load_judge,
        recorded_reward,
        refuse_the_reward,
        weights_identity,
    )
    from evaluation.progress import progress_bar
    from evaluation.provenance import sources_hash
    from evaluation.safety.continuing import Continuer
    from evaluation.safety.evaluate import evaluate_safety
    from evaluation.safety.prompts import load_prompts, prompt_files, sample_prompts
    from evaluation.safety.table import safety_table
    from ingestion.encoders.factory import load_encoder

    if prompts is not None and collection is None:
        asked, files = load_prompts(prompts), [prompts]
    elif prompts is None and collection is not None and data is not None:
        asked, files = sample_prompts(collection, data, seed), prompt_files(collection, data)
    else:
        raise typer.BadParameter("give either --prompts, or --set with --data")
    settings = console.chat_settings(model=model, adapter=adapter)
    judging = load_judge(judge)
    rewards = [weights_identity(folder) for folder in reward or ()]
    in_use = adapter_in_use(settings)
    policies = [settings.adapters / in_use] if in_use else []
    name = settings.model
    policies.append(packaged_model(name) if is_packaged(name) else Path(name).expanduser())
    rewards += [recorded_reward(policy) for policy in policies]
    refuse_the_reward(judging, rewards)
    chosen = Answerers(settings, load_encoder()).choose(
        AskOptions.model_validate({"answerer": "generative"})
    )
    if chosen.notice:
        console.err.print(chosen.notice, style="yellow", markup=False)
    assert chosen.engine is not None, "a generative answerer has an engine"
    continuer = Continuer(chosen.engine, samples, max_new_tokens, template, seed)
    rows = rows_path(out)
    if fresh:
        rows.unlink(missing_ok=True)
    with progress_bar() as progress:
        report = evaluate_safety(
            asked[:limit],
            continuer,
            judging,
            rows=rows,
            settings={
                "code": sources_hash("ingestion", "chatbot"),
                **continuer.settings(),
                **generator_settings(settings),
                "rewarded_by": [identity for identity in rewards if identity],
            },
            data={file.name: sha256_of(file) for file in files},
            seed=seed,
            progress=progress,
        )
    write_report(out, report)
    resumed = report["counts"]["rows_resumed"]
    if resumed:
        console.err.print(f"{resumed} rows are from an earlier run (--fresh continues again).")
    console.out.print(safety_table(report))
