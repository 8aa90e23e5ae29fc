"""PPO from its first rollout to its last: sample, measure the distance, score, learn.

Every step draws from a seed of its own number, and the checkpoint of step n is written when the
policy after n updates has been measured to be within the KL limit. A run that goes on from a
checkpoint repeats that step's rollout, and from there on is the run that was not interrupted.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from evaluation.degeneration import is_empty
from finetune.log import TrainingLog
from finetune.models import trained_parameters
from finetune.policy import Policy
from finetune.ppo.kl import AdaptiveKL, stop_if_diverged
from finetune.ppo.losses import explained_variance
from finetune.ppo.mixture import Mixture, total
from finetune.ppo.rollout import Rollout, collect, experience
from finetune.ppo.settings import PPOSettings
from finetune.ppo.transcripts import Transcripts
from finetune.ppo.update import update
from finetune.ppo.value_head import ValueHead
from finetune.progress import Report
from finetune.prompts import Prompts
from finetune.resumable import Resumable
from finetune.rng import seed_everything
from finetune.schedule import Schedule


class PPO:
    """A policy in training. `folder` gets `log.jsonl`, `samples.jsonl` and `checkpoints/`.

    `identity` says what else the run hangs on (base model, data): a checkpoint of a run with other
    settings or another identity is refused.
    """

    def __init__(
        self,
        policy: Policy,
        reward: Mixture,
        prompts: Prompts,
        settings: PPOSettings,
        folder: Path,
        identity: Mapping[str, Any] | None = None,
    ) -> None:
        self.policy = policy
        self.reward = reward
        self.prompts = prompts
        self.settings = settings
        self.folder = folder
        self.head = ValueHead(policy.t5.config.d_model).to(policy.device)
        self.kl = AdaptiveKL(settings.kl_coefficient, settings.kl_target, settings.kl_gain)
        trained = {
            **trained_parameters(policy.model),
            **{f"value_head.{name}": part for name, part in self.head.named_parameters()},
        }
        made_of = {
            "settings": settings.model_dump(exclude={"microbatch", "save_every", "samples"}),
            "reward": reward.identity,
            **(identity or {}),
        }
        self.kept = Resumable(trained, folder, made_of, settings.learning_rate)
        self.schedule = Schedule(
            settings.schedule, settings.learning_rate, settings.warmup, settings.steps
        )

    def run(self, report: Report | None = None) -> None:
        """Train, going on from the last checkpoint in the folder if there is one.

        Raises `KLDiverged` or `LossNotFinite`; the policy then holds the last checkpoint's weights.
        """
        start, state = self.kept.resume()
        self.kl.beta = state.get("kl_coefficient", self.kl.beta)
        with (
            TrainingLog(self.folder, start) as log,
            Transcripts(self.folder / "samples.jsonl", start) as transcripts,
        ):
            try:
                for step in range(start, self.settings.steps + 1):
                    figures = self._step(step, transcripts)
                    log.write(step + 1, figures)
                    if report:
                        report(step, reward=figures["reward"], KL=figures["kl"])
            except Exception:
                self.kept.restore()
                raise

    def _step(self, step: int, transcripts: Transcripts) -> dict[str, float]:
        """One row of the table. The last step only measures the policy that the others made."""
        settings = self.settings
        learning = step < settings.steps
        began = time.perf_counter()
        seed_everything(settings.seed, step)
        rollout = collect(
            self.policy,
            self.head,
            self.prompts.of_step(step, settings.batch, settings.seed),
            max_new_tokens=settings.max_new_tokens,
            microbatch=settings.microbatch,
        )
        stop_if_diverged(rollout.sequence_kl, settings.kl_stop, step)
        if step % settings.save_every == 0 or not learning:
            self.kept.save(step, kl_coefficient=self.kl.beta)
        components = self.reward.components(rollout.prompts, rollout.texts)
        transcripts.write(step + 1, rollout, components, settings.samples)
        figures = {
            **{f"reward/{name}": sum(part) / len(part) for name, part in components.items()},
            **self._learn(step, rollout, total(components), learning),
        }
        return figures | {"seconds": time.perf_counter() - began}

    def _learn(
        self, step: int, rollout: Rollout, scores: list[float], learning: bool
    ) -> dict[str, float]:
        settings = self.settings
        device = self.policy.device
        ended = rollout.ended(self.policy.end).float()
        empty = torch.tensor([float(is_empty(text)) for text in rollout.texts], device=device)
        earned = torch.tensor(scores, device=device)
        penalised = earned - settings.no_end_penalty * (1 - ended) - settings.empty_penalty * empty
        batch = experience(rollout, penalised, self.kl.beta, settings)
        mask, kl = rollout.responses.mask, rollout.sequence_kl
        figures = {
            "reward": float(earned.mean()),
            "reward_std": float(earned.std()),
            "kl": kl,
            "kl_coefficient": self.kl.beta,
            "objective": float(penalised.mean()) - self.kl.beta * kl,
            "entropy": float(rollout.entropy[mask].mean()),
            "explained_variance": explained_variance(batch.values, batch.returns, mask),
            "length": float(rollout.lengths.float().mean()),
            "ended": float(ended.mean()),
            "empty": float(empty.mean()),
        }
        if learning:
            figures["learning_rate"] = self.schedule.apply(self.kept.optimizer, step)
            figures |= vars(update(self.policy, self.head, self.kept, batch, settings))
            self.kl.update(kl)
        return figures
