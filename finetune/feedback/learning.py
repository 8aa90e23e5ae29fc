"""A candidate from one round's pairs: a reward model, then DPO on the pairs or PPO on the reward.

Every round starts from the base model and learns from all feedback so far. So adapters never stand
on each other, and any of them can be swapped in while the chatbot runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.judging.reward_model import RewardModel
from evaluation.bootstrap import interval
from evaluation.jsonl import sha256_of
from evaluation.judge import record_reward
from finetune.feedback.settings import LoopSettings
from finetune.feedback.split import Rounds, held
from finetune.policy_run import PolicySource, learned_from, leave
from finetune.ppo.mixture import Mixture, Weighted
from finetune.ppo.reward_folders import load_reward
from finetune.ppo.settings import PPOSettings
from finetune.ppo.training import PPO
from finetune.preference.examples import load_pairs
from finetune.preference.objectives import DPO
from finetune.preference.settings import PreferenceSettings
from finetune.preference.training import PreferenceTraining
from finetune.progress import training_progress
from finetune.prompts import load_prompts
from finetune.reward.examples import Preference
from finetune.reward.pairs import read_pairs
from finetune.reward.training import train_reward

DEV_SHARE = 0.2
"""Of the training questions, to choose the reward model's best weights by."""


@dataclass(frozen=True)
class Rewarded:
    """A reward model and its accuracy on pairs that it has not seen (value, interval, n)."""

    folder: Path
    accuracy: dict[str, float | int]


def learn_reward(rounds: Rounds, out: Path, settings: LoopSettings, device: str) -> Rewarded:
    """Train Bradley–Terry on the training pairs and measure it on the held ones."""
    pairs = read_pairs(str(rounds.train), out)
    dev = [pair for pair in pairs if held(f"dev {pair.group}", DEV_SHARE)]
    rest = [pair for pair in pairs if not held(f"dev {pair.group}", DEV_SHARE)]
    train_reward(rest, dev or rest, out, settings.reward, device)
    judged = read_pairs(str(rounds.held), out)
    model = RewardModel(out, device=device)
    right = [
        float(a > b) for a, b in zip(*(_logits(model, judged, s) for s in (0, 1)), strict=True)
    ]
    found = interval(right, clusters=[pair.group for pair in judged], seed=settings.seed)
    return Rewarded(out, found.as_json() if found else {})


def learn(
    model: str, rounds: Rounds, rewarded: Rewarded, out: Path, settings: LoopSettings, device: str
) -> dict[str, Any]:
    """Train the candidate and leave its adapter in `out`; goes on where a run was killed.

    Raises `KLDiverged` or `LossNotFinite` where training went wrong: then there is no candidate.
    """
    source = PolicySource(model=model, lora=settings.lora, window=settings.window, device=device)
    policy = source.open(model, settings.seed)
    about = {**source.identity(model, policy), "pairs": sha256_of(rounds.train)}
    record: dict[str, Any] = {"method": settings.method, **about}
    how: PreferenceSettings | PPOSettings
    if settings.method == "dpo":
        how = settings.preference.model_copy(update={"seed": settings.seed})
        loaded = load_pairs(rounds.train, policy, settings.preference.max_response)
        run = PreferenceTraining(
            policy,
            DPO(settings.beta, settings.label_noise),
            loaded.examples,
            how,
            out / "run",
            about,
        )
        with training_progress("dpo", run.steps) as report:
            run.run(report)
        record |= {"examples": len(loaded.examples), "left_out": loaded.left_out}
    else:
        mixture = Mixture([Weighted(1.0, load_reward(rewarded.folder, device))])
        prompts = load_prompts(rounds.train, policy)
        how = settings.ppo.model_copy(update={"seed": settings.seed})
        practice = PPO(policy, mixture, prompts, how, out / "run", about)
        with training_progress("ppo", how.steps) as report:
            practice.run(report)
        record |= {"examples": len(prompts.texts), "left_out": {"too long": prompts.too_long}}
        record_reward(out, mixture.identity)
    data = learned_from(rounds.train, about["pairs"], record["examples"])
    leave(policy, out, {**record, "settings": how.model_dump(), "data": {"train": data}})
    return record


def _logits(model: RewardModel, pairs: Sequence[Preference], side: int) -> Any:
    texts = [(pair.chosen, pair.rejected)[side] for pair in pairs]
    return model.logits(texts, [pair.prompt for pair in pairs])
