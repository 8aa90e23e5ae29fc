"""`lectern train ppo`, from names and files to adapters on disk with a report of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.engines.hardware import resolve_device
from evaluation.jsonl import sha256_of
from evaluation.judge import record_reward
from evaluation.rows import write_whole
from finetune.before_after import BeforeAfter, before_after
from finetune.errors import KLDiverged
from finetune.policy_run import PolicySource, Say, learned_from, leave
from finetune.ppo.mixture import Mixture, parse_reward
from finetune.ppo.reward_folders import load_reward
from finetune.ppo.settings import PPOSettings
from finetune.ppo.training import PPO
from finetune.progress import training_progress
from finetune.prompts import load_prompts

MEASURED = 200
"""Prompts of the report at most, where none are named."""


@dataclass(frozen=True)
class Seed:
    """What became of one seed. `stopped` says why it ended before its last step, if it did."""

    seed: int
    folder: Path
    report: BeforeAfter
    stopped: str


def train_ppo(
    source: PolicySource,
    prompts: Path,
    rewards: Sequence[str],
    settings: PPOSettings,
    out: Path,
    *,
    eval_prompts: Path | None = None,
    seeds: Sequence[int] = (0,),
    say: Say = lambda line: None,
) -> list[Seed]:
    """Train a policy for each seed: into `out` itself for one, into `out/seed-N` for several.

    A policy that diverges is left as it was at its last checkpoint within the limit, with a report
    that says so; when all seeds are through, `KLDiverged` names those that did.
    """
    device = resolve_device(source.device)
    mixture = Mixture([parse_reward(spec, lambda f: load_reward(f, device)) for spec in rewards])
    base = source.base(out, say)
    made = []
    for seed in seeds:
        folder = out if len(seeds) == 1 else out / f"seed-{seed}"
        of_seed = settings.model_copy(update={"seed": seed})
        made.append(_one(source, base, prompts, eval_prompts, mixture, of_seed, folder, say))
    diverged = [each for each in made if each.stopped]
    if diverged:
        raise KLDiverged(
            "; ".join(f"seed {each.seed}: {each.stopped}" for each in diverged),
            "Lower --lr or raise --kl-coefficient; a higher --kl-stop lets the policy drift "
            "further. The adapters are those of the last checkpoints within the limit.",
        )
    return made


def _one(
    source: PolicySource,
    base: str,
    prompts: Path,
    eval_prompts: Path | None,
    mixture: Mixture,
    settings: PPOSettings,
    out: Path,
    say: Say,
) -> Seed:
    policy = source.open(base, settings.seed)
    loaded = load_prompts(prompts, policy)
    if eval_prompts:
        training, measured = loaded, load_prompts(eval_prompts, policy).texts
    else:
        training, measured = loaded.hold_out(MEASURED, settings.seed)
    say(
        f"Seed {settings.seed}: {len(training.texts):,} prompts to practise on, "
        f"{loaded.too_long:,} too long; {len(measured):,} to measure on."
    )
    data: dict[str, Any] = {
        "prompts": {"file": prompts.name, "sha256": sha256_of(prompts)},
        "measured": {"prompts": len(measured), "file": eval_prompts and eval_prompts.name},
    }
    identity = {
        **source.identity(base, policy),
        "data": data,
        "examples": len(training.texts),
    }
    run = PPO(policy, mixture, training, settings, out / "run", identity)
    stopped = ""
    try:
        with training_progress(f"ppo, seed {settings.seed}", settings.steps) as report:
            run.run(report)
    except KLDiverged as error:
        stopped = error.what
        say(f"{error.what} The adapter of the last checkpoint within the limit is kept.")
    found = before_after(policy, measured, settings.max_new_tokens, mixture, settings.seed)
    record = {
        "method": "ppo",
        "model": base,
        "merged_adapter": source.adapter and source.adapter.name,
        "settings": settings.model_dump(),
        "lora": source.lora.model_dump(),
        "rewards": [part.identity for part in mixture.parts],
        "data": {
            "train": learned_from(prompts, data["prompts"]["sha256"], len(training.texts)),
            "measured": data["measured"],
        },
        "left_out": {"prompts_too_long": loaded.too_long},
        "course": {"steps": run.kept.step, "stopped": stopped},
        "report": found.as_json(),
    }
    leave(policy, out, record)
    record_reward(out, mixture.identity)
    write_whole(out / "report.json", json.dumps(found.as_json(), indent=1) + "\n")
    return Seed(settings.seed, out, found, stopped)
