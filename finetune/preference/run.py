"""`lectern train dpo | kto | orpo`, from names and files to an adapter on disk with its report."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from evaluation.jsonl import sha256_of
from evaluation.rows import write_whole
from finetune.before_after import BeforeAfter, before_after
from finetune.errors import KLDiverged
from finetune.policy import Policy
from finetune.policy_run import PolicySource, Say, learned_from, leave
from finetune.preference.examples import (
    Judgement,
    Loaded,
    Pair,
    load_judgements,
    load_pairs,
)
from finetune.preference.kto import balanced_weights
from finetune.preference.objectives import DPO, KTO, ORPO, Objective
from finetune.preference.settings import PreferenceSettings
from finetune.preference.training import PreferenceTraining
from finetune.progress import training_progress

E = TypeVar("E", Pair, Judgement)

MEASURED = 200
"""Prompts of the report at most."""


def train_dpo(
    source: PolicySource,
    data: Path,
    settings: PreferenceSettings,
    out: Path,
    *,
    beta: float = 0.1,
    label_noise: float = 0.0,
    eval_data: Path | None = None,
    say: Say = lambda line: None,
) -> BeforeAfter:
    """See `_train`."""
    objective = DPO(beta, label_noise)
    return _train(source, data, load_pairs, lambda _: objective, settings, out, eval_data, say)


def train_orpo(
    source: PolicySource,
    data: Path,
    settings: PreferenceSettings,
    out: Path,
    *,
    weight: float = 0.1,
    eval_data: Path | None = None,
    say: Say = lambda line: None,
) -> BeforeAfter:
    """See `_train`."""
    objective = ORPO(weight)
    return _train(source, data, load_pairs, lambda _: objective, settings, out, eval_data, say)


def train_kto(
    source: PolicySource,
    data: Path,
    settings: PreferenceSettings,
    out: Path,
    *,
    beta: float = 0.1,
    eval_data: Path | None = None,
    say: Say = lambda line: None,
) -> BeforeAfter:
    """See `_train`. The rarer label weighs as much more as it is rarer."""

    def objective(examples: Sequence[Judgement]) -> KTO:
        liked = sum(example.desirable for example in examples)
        return KTO(beta, *balanced_weights(liked, len(examples) - liked))

    return _train(source, data, load_judgements, objective, settings, out, eval_data, say)


def _train(
    source: PolicySource,
    data: Path,
    load: Callable[[Path, Policy, int], Loaded[E]],
    objective_of: Callable[[Sequence[E]], Objective[E]],
    settings: PreferenceSettings,
    out: Path,
    eval_data: Path | None,
    say: Say,
) -> BeforeAfter:
    """Train, and leave in `out` the adapter, `training.json`, `report.json`, and `run/`.

    Measured on `eval_data`, or else on a tenth of the prompts that is not trained on. Raises
    `KLDiverged` when the policy drifts beyond the limit, having left the adapter of the last
    checkpoint within it and a report that says so.
    """
    base = source.base(out, say)
    policy = source.open(base, settings.seed)
    loaded = load(data, policy, settings.max_response)
    if eval_data:
        training, held = loaded.examples, load(eval_data, policy, settings.max_response).examples
    else:
        training, held = hold_out(loaded.examples, settings.seed)
    left_out = "".join(f"; {count:,} {why} left out" for why, count in loaded.left_out.items())
    say(f"{len(training):,} examples to train on, {len(held):,} to measure on{left_out}.")
    objective = objective_of(training)
    about: dict[str, Any] = {
        "data": {"file": data.name, "sha256": sha256_of(data)},
        "measured": {
            "examples": len(held),
            "file": eval_data and eval_data.name,
            "sha256": eval_data and sha256_of(eval_data),
        },
    }
    name = type(objective).__name__.lower()
    identity = {**source.identity(base, policy), "data": about, "examples": len(training)}
    run = PreferenceTraining(policy, objective, training, settings, out / "run", identity)
    stopped = ""
    try:
        with training_progress(name, run.steps) as report:
            run.run(report)
    except KLDiverged as error:
        stopped = error.what
        say(f"{error.what} The adapter of the last checkpoint within the limit is kept.")
    prompts = list(dict.fromkeys(example.prompt for example in held))[:MEASURED]
    found = before_after(policy, prompts, run.longest, seed=settings.seed)
    shown = {"held": held_figures(policy, objective, held, settings.microbatch), **found.as_json()}
    record = {
        "method": name,
        "objective": asdict(objective),  # type: ignore[call-overload]  # all three are dataclasses
        "model": base,
        "merged_adapter": source.adapter and source.adapter.name,
        "settings": settings.model_dump(),
        "lora": source.lora.model_dump(),
        "data": {
            "train": learned_from(data, about["data"]["sha256"], len(training)),
            "measured": about["measured"],
        },
        "left_out": loaded.left_out,
        "course": {"steps": run.kept.step, "stopped": stopped},
        "report": shown,
    }
    leave(policy, out, record)
    write_whole(out / "report.json", json.dumps(shown, indent=1) + "\n")
    if stopped:
        leash = " or raise --beta" if hasattr(objective, "beta") else ""
        raise KLDiverged(
            stopped,
            f"Lower --lr{leash}; a higher --kl-stop lets the policy drift further. The adapter of "
            "the last checkpoint within the limit is kept.",
        )
    return found


def hold_out(examples: Sequence[E], seed: int) -> tuple[list[E], list[E]]:
    """(to train on, to measure on): a tenth of the prompts with all that was said to them.

    With a single prompt both are everything.
    """
    prompts = sorted({example.prompt for example in examples})
    order = np.random.default_rng([seed, len(prompts)]).permutation(len(prompts))
    held = {prompts[place] for place in order[: max(1, len(prompts) // 10)]}
    rest = [example for example in examples if example.prompt not in held]
    return rest or list(examples), [example for example in examples if example.prompt in held]


@torch.no_grad()
def held_figures(
    policy: Policy, objective: Objective[E], examples: Sequence[E], microbatch: int
) -> dict[str, float]:
    """Loss and figures of the objective on examples that were not trained on."""
    totals: dict[str, Any] = {"loss": 0.0}
    for loss, figures in objective.parts(policy, examples, microbatch):
        for figure, value in {**figures, "loss": float(loss)}.items():
            totals[figure] = totals.get(figure, 0.0) + value
    return totals
