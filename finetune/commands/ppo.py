"""`lectern train ppo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from chatbot.commands import console
from finetune.commands.app import DeviceOption, ModelOption, PrecisionOption, RunOption, train_app
from finetune.commands.checked import checked
from finetune.commands.policy_options import (
    AdapterOption,
    AlphaOption,
    KLStopOption,
    LearningRateOption,
    RankOption,
    TargetsOption,
    WindowOption,
    policy_source,
)
from ingestion.errors import LecternError


@train_app.command("ppo")
def ppo(
    model: ModelOption,
    prompts: Annotated[
        Path, typer.Option(help='Prompts, JSON lines {"prompt"}.', exists=True, dir_okay=False)
    ],
    reward: Annotated[
        list[str],
        typer.Option(
            metavar="[WEIGHT*]KIND",
            help="model:FOLDER or model:NAME (a model of preference; or a judge of toxicity, such "
            "as -1*model:lectern-judge), length:LOW-HIGH (words), faithfulness (to the prompt), "
            "-1*repetition. Several are added.",
        ),
    ],
    out: RunOption,
    adapter: AdapterOption = None,
    eval_prompts: Annotated[
        Path | None,
        typer.Option(
            help="Prompts of the report; else a tenth of --prompts.", exists=True, dir_okay=False
        ),
    ] = None,
    seeds: Annotated[str, typer.Option(help='Such as "0,1,2": a policy for each.')] = "0",
    steps: Annotated[int, typer.Option(help="Rollouts, each with its updates.")] = 100,
    batch: Annotated[int, typer.Option(help="Prompts of a rollout.")] = 64,
    minibatch: Annotated[int, typer.Option(help="Responses of an optimizer step.")] = 16,
    microbatch: Annotated[int, typer.Option(help="Responses in memory at a time.")] = 16,
    epochs: Annotated[int, typer.Option(help="Passes over a rollout.")] = 4,
    max_new_tokens: Annotated[int, typer.Option(help="Longest response.")] = 48,
    lr: LearningRateOption = 1e-4,
    schedule: Annotated[
        Literal["linear", "cosine", "constant", "inverse-sqrt"],
        typer.Option(help="The learning rate after the warm-up."),
    ] = "linear",
    warmup: Annotated[int, typer.Option(help="Steps.")] = 0,
    clip: Annotated[float, typer.Option(help="ε of the clipped surrogate.")] = 0.2,
    value_clip: Annotated[float, typer.Option(help="ε of the clipped value loss.")] = 0.2,
    value_coefficient: Annotated[float, typer.Option(help="Weight of the value loss.")] = 0.1,
    entropy_coefficient: Annotated[float, typer.Option(help="Weight of the entropy.")] = 0.0,
    gamma: Annotated[float, typer.Option(help="Discount.")] = 1.0,
    lam: Annotated[float, typer.Option("--lambda", help="λ of the advantages.")] = 0.95,
    kl_coefficient: Annotated[float, typer.Option(help="β, to begin with.")] = 0.05,
    kl_target: Annotated[float, typer.Option(help="Nats per response that β steers to.")] = 6.0,
    kl_gain: Annotated[float, typer.Option(help="K_β; 0 keeps β as it is.")] = 0.1,
    kl_stop: KLStopOption = 20.0,
    no_end_penalty: Annotated[
        float, typer.Option(help="Taken off a response that was cut off.")
    ] = 0.0,
    empty_penalty: Annotated[
        float, typer.Option(help="Taken off a response without a word.")
    ] = 1.0,
    save_every: Annotated[int, typer.Option(help="Steps between checkpoints.")] = 10,
    rank: RankOption = 16,
    alpha: AlphaOption = 32,
    targets: TargetsOption = "all-linear",
    window: WindowOption = 512,
    precision: PrecisionOption = "float32",
    device: DeviceOption = "auto",
) -> None:
    """Have a T5 learn from rewards by PPO, on a leash to what it was.

    --out gets an adapter for the chatbot (with several seeds a folder of them), the table of all
    steps (run/log.jsonl), samples of what was said (run/samples.jsonl) and a report beside the
    reference. The same command goes on where it was killed.
    """
    from finetune.ppo.run import train_ppo
    from finetune.ppo.settings import PPOSettings

    settings = checked(
        PPOSettings,
        steps=steps,
        batch=batch,
        minibatch=minibatch,
        microbatch=microbatch,
        epochs=epochs,
        max_new_tokens=max_new_tokens,
        learning_rate=lr,
        schedule=schedule,
        warmup=warmup,
        clip=clip,
        value_clip=value_clip,
        value_coefficient=value_coefficient,
        entropy_coefficient=entropy_coefficient,
        gamma=gamma,
        lam=lam,
        kl_coefficient=kl_coefficient,
        kl_target=kl_target,
        kl_gain=kl_gain,
        kl_stop=kl_stop,
        no_end_penalty=no_end_penalty,
        empty_penalty=empty_penalty,
        save_every=save_every,
    )
    made = train_ppo(
        policy_source(model, adapter, rank, alpha, targets, window, precision, device),
        prompts,
        reward,
        settings,
        out,
        eval_prompts=eval_prompts,
        seeds=_seeds(seeds),
        say=console.tell,
    )
    for each in made:
        found = each.report
        if found.reward_before and found.reward_after and found.reward:
            change = found.reward.difference
            console.show(
                f"{each.folder}: reward {found.reward_before.value:.4f} → "
                f"{found.reward_after.value:.4f} "
                f"({change.value:+.4f}, {change.low:+.4f} to {change.high:+.4f}), "
                f"KL {found.kl.value:.2f}"
            )
        for fault in found.faults:
            console.show(f"  not an improvement: {fault}")


def _seeds(written: str) -> list[int]:
    try:
        seeds = [int(seed) for seed in written.split(",")]
    except ValueError:
        seeds = [-1]
    if min(seeds) < 0:
        raise LecternError(f"{written!r} are no seeds.", 'Write whole numbers such as "0,1,2".')
    return list(dict.fromkeys(seeds))
