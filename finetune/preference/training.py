"""Training on preferences: passes over the examples, the KL to the reference measured on the way.

None of the losses holds the policy on a leash as PPO's penalty does, so its distance is measured
every `kl_every` steps on responses of its own. A checkpoint is written where it was found within
the limit; beyond it the run ends with the last such checkpoint.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from finetune.divergence import measured_kl
from finetune.log import TrainingLog
from finetune.models import trained_parameters
from finetune.policy import Policy
from finetune.ppo.kl import stop_if_diverged
from finetune.preference.examples import Judgement, Pair
from finetune.preference.objectives import Objective
from finetune.preference.settings import PreferenceSettings
from finetune.progress import Report
from finetune.resumable import Resumable
from finetune.rng import seed_everything
from finetune.schedule import Schedule

E = TypeVar("E", Pair, Judgement)


class PreferenceTraining(Generic[E]):
    """A policy learning from `examples`. `folder` gets `log.jsonl` and `checkpoints/`."""

    def __init__(
        self,
        policy: Policy,
        objective: Objective[E],
        examples: Sequence[E],
        settings: PreferenceSettings,
        folder: Path,
        identity: Mapping[str, Any] | None = None,
    ) -> None:
        self.policy = policy
        self.objective: Objective[E] = objective
        self.examples: list[E] = list(examples)
        self.settings = settings
        self.folder = folder
        self.batches = -(-len(self.examples) // settings.batch)
        self.steps = settings.epochs * self.batches
        self.schedule = Schedule(
            settings.schedule, settings.learning_rate, settings.warmup, self.steps
        )
        made_of = {
            "settings": settings.model_dump(exclude={"microbatch"}),
            "objective": repr(objective),
            **(identity or {}),
        }
        self.kept = Resumable(
            trained_parameters(policy.model), folder, made_of, settings.learning_rate
        )

    def run(self, report: Report | None = None) -> None:
        """Train, going on from the last checkpoint in the folder if there is one.

        Raises `KLDiverged` or `LossNotFinite`; the policy then holds the last checkpoint's weights.
        """
        start, _ = self.kept.resume()
        with TrainingLog(self.folder, start) as log:
            try:
                for step in range(start, self.steps + 1):
                    figures = {}
                    if step % self.settings.kl_every == 0 or step == self.steps:
                        figures["kl"] = self._within_limit(step)
                    if step < self.steps:
                        figures |= self._learn(step)
                    log.write(step + 1, figures)
                    if report:
                        report(
                            step, **{k: figures[k] for k in ("loss", "accuracy") if k in figures}
                        )
            except Exception:
                self.kept.restore()
                raise

    def _within_limit(self, step: int) -> float:
        settings = self.settings
        seed_everything(settings.seed, step)
        chosen = np.random.default_rng(settings.seed).permutation(len(self.examples))
        prompts = [self.examples[place].prompt for place in chosen[: settings.kl_prompts]]
        found = measured_kl(self.policy, prompts, max_new_tokens=self.longest)
        kl = sum(found) / len(found)
        stop_if_diverged(kl, settings.kl_stop, step)
        self.kept.save(step)
        return kl

    @cached_property
    def longest(self) -> int:
        """The longest response learned from: as far as the policy was told anything."""
        return max(
            self.policy.tokens_of(text) for example in self.examples for text in example.responses
        )

    def _learn(self, step: int) -> dict[str, float]:
        rate = self.schedule.apply(self.kept.optimizer, step)
        totals: dict[str, float] = defaultdict(float)
        batch = self._batch(step)
        for loss, figures in self.objective.parts(self.policy, batch, self.settings.microbatch):
            loss.backward()
            totals["loss"] += float(loss.detach())
            for name, figure in figures.items():
                totals[name] += figure
        norm = self.kept.descend(self.settings.max_grad_norm)
        return {**totals, "learning_rate": rate, "grad_norm": norm}

    def _batch(self, step: int) -> list[E]:
        epoch, number = divmod(step, self.batches)
        order = np.random.default_rng([self.settings.seed, epoch]).permutation(len(self.examples))
        size = self.settings.batch
        return [self.examples[place] for place in order[number * size : (number + 1) * size]]
