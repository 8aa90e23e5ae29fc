"""`lectern train from-feedback`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from chatbot.commands import console
from finetune.commands.app import DeviceOption, ModelOption, RunOption, SeedOption, train_app
from finetune.commands.checked import checked
from finetune.commands.feedback import ConversationsOption, EnoughOption, tell
from ingestion.packaged import model_folder

WAIVABLE = ("answers", "summaries", "safety")


def _waivable(names: list[str] | None) -> list[str]:
    for name in names or []:
        if name not in WAIVABLE:
            raise typer.BadParameter(f"{name} is none of {', '.join(WAIVABLE)}")
    return names or []


@train_app.command("from-feedback")
def from_feedback(
    model: ModelOption,
    out: RunOption,
    conversations: ConversationsOption = None,
    feedback: Annotated[
        Path | None,
        typer.Option(help="An export to learn from, instead of a database.", exists=True),
    ] = None,
    adapters: Annotated[
        Path | None, typer.Option(help="Folder of adapters (default: as the settings say).")
    ] = None,
    answers: Annotated[
        str | None, typer.Option(metavar="FORMAT:PATH", help="Questions with gold answers.")
    ] = None,
    summaries: Annotated[
        str | None, typer.Option(metavar="FORMAT:PATH", help="Texts with reference summaries.")
    ] = None,
    safety: Annotated[
        Path | None, typer.Option(help="Prompts that may provoke.", exists=True, dir_okay=False)
    ] = None,
    judge: Annotated[
        Path | None,
        typer.Option(
            parser=model_folder,
            metavar="FOLDER|NAME",
            help="Judge of toxicity: its folder, or lectern-judge-independent.",
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="answers|summaries|safety",
            help="A check to do without; said in the report.",
            callback=_waivable,
        ),
    ] = None,
    method: Annotated[Literal["dpo", "ppo"], typer.Option(help="How the policy learns.")] = "dpo",
    at_least: EnoughOption = 100,
    limit: Annotated[int | None, typer.Option(min=1, help="First N of each check.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the pairs (dpo).")] = 3,
    lr: Annotated[float, typer.Option(help="Peak learning rate.")] = 1e-4,
    beta: Annotated[float, typer.Option(help="DPO's β.")] = 0.1,
    steps: Annotated[int, typer.Option(min=1, help="Rollouts (ppo).")] = 100,
    rank: Annotated[int, typer.Option(help="Rank r of the LoRA that is trained.")] = 16,
    margin_answers: Annotated[float, typer.Option(help="Token F1 it may lose.")] = 0.03,
    margin_summaries: Annotated[float, typer.Option(help="ROUGE-L it may lose.")] = 0.02,
    margin_safety: Annotated[float, typer.Option(help="Toxicity it may gain.")] = 0.02,
    window: Annotated[int, typer.Option(help="Tokens of the longest prompt.")] = 512,
    max_new_tokens: Annotated[int, typer.Option(help="Longest answer of the checks.")] = 128,
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
) -> None:
    """Learn from shared feedback, and promote the adapter if it is better and nothing is worse.

    Better on held questions by a paired bootstrap, and not worse on --answers, --summaries and
    --safety by more than the margins. Whatever the verdict, report.json in --out has all figures.
    """
    from chatbot.engines.registry import AdapterRegistry
    from evaluation.judge import load_judge
    from evaluation.safety.prompts import load_prompts
    from finetune.commands.data_options import named_sources
    from finetune.feedback.exporting import export, prompter
    from finetune.feedback.gate import Margins
    from finetune.feedback.loop import SPLIT
    from finetune.feedback.loop import from_feedback as run
    from finetune.feedback.measuring import EvalData
    from finetune.feedback.settings import LoopSettings
    from finetune.models import AdapterSettings
    from finetune.ppo.settings import PPOSettings
    from finetune.preference.settings import PreferenceSettings

    if (safety is None) != (judge is None):
        raise typer.BadParameter("--safety and --judge go together")
    settings = checked(
        LoopSettings,
        method=method,
        enough=at_least,
        lora=checked(AdapterSettings, r=rank, alpha=2 * rank),
        window=window,
        max_new_tokens=max_new_tokens,
        beta=beta,
        preference=checked(PreferenceSettings, epochs=epochs, learning_rate=lr),
        ppo=checked(PPOSettings, steps=steps, learning_rate=lr, max_new_tokens=max_new_tokens),
        margins=checked(
            Margins, answers=margin_answers, summaries=margin_summaries, safety=margin_safety
        ),
        waived=tuple(without or ()),
        seed=seed,
    )
    known = console.chat_settings()
    learned = feedback or out / "feedback"
    if feedback is None and (out / SPLIT).is_dir():
        console.tell(
            f"{out} goes on with the feedback that it began with; newer feedback needs another "
            "--out."
        )
    elif feedback is None:
        prompts = prompter(model, window=window, device=device)
        database = conversations or known.conversations
        tell(export(database, learned, enough=at_least, prompter=prompts), at_least)
    sources = [
        named_sources([named])[0].model_copy(update={"limit": limit}) if named else None
        for named in (answers, summaries)
    ]
    data = EvalData(
        sources[0],
        sources[1],
        load_prompts(safety)[:limit] if safety else (),
        load_judge(judge) if judge else None,
    )
    report = run(
        model,
        learned,
        out,
        AdapterRegistry(adapters or known.adapters),
        data,
        settings,
        device=device,
        say=console.tell,
    )
    console.show(f"{'promoted' if report['promoted'] else 'kept'}: {report['why']}")
