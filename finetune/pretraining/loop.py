"""The loop of pre-training: a batch of corrupted windows, its loss, one step of the optimizer.

A step is a function of the weights, the optimizer's moments and its number, so a run that was
killed goes on from its last checkpoint as if nothing had happened.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.optim import AdamW, Optimizer

from finetune.checkpoint import Checkpoints, load_optimizer
from finetune.data.collate import Batch
from finetune.errors import CheckpointUnusable, LossNotFinite
from finetune.log import TrainingLog
from finetune.models import trained_parameters
from finetune.precision import Precision
from finetune.pretraining.batches import Batches
from finetune.pretraining.settings import PretrainSettings
from finetune.progress import Report
from finetune.rng import seed_everything
from finetune.schedule import Schedule
from finetune.sft.objective import summed_loss

Probe = Callable[[Any], Mapping[str, float]]
"""Model in training → figures of a task it is not trained on; called with each validation."""


@dataclass
class PretrainCourse:
    """How the run has gone so far; it is kept in every checkpoint.

    `tokens` are those of sources; `seconds` leave out measuring and saving.
    """

    step: int = 0
    seconds: float = 0.0
    tokens: int = 0
    evaluations: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Pace:
    """When to save and when to stop; neither changes what is learned."""

    save_seconds: float = 1200.0
    save_every: int | None = None
    stop_after_seconds: float = math.inf


class PretrainLoop:
    """A T5 in training. `operations` are a step's and `peak` the device's, both for the MFU.

    `held` are the batches that each validation loss is taken on. `identity` is what the run hangs
    on: checkpoints of another are refused.
    """

    def __init__(
        self,
        model: Any,
        batches: Batches,
        held: Mapping[str, Batches],
        settings: PretrainSettings,
        folder: Path,
        *,
        precision: Precision,
        identity: Mapping[str, Any],
        operations: int,
        peak: float,
        pace: Pace | None = None,
        probe: Probe | None = None,
    ) -> None:
        self.model = model
        self.course = PretrainCourse()
        self._batches = batches
        self._held = held
        self._settings = settings
        self._folder = folder
        self._precision = precision
        self._operations = operations
        self._peak = peak
        self._pace = pace or Pace()
        self._probe = probe
        self._trained = trained_parameters(model)
        self._optimizer = optimizer_of(self._trained, settings)
        self._schedule = Schedule(
            settings.schedule, settings.lr, settings.warmup_steps(), settings.steps
        )
        self._checkpoints = Checkpoints(folder / "checkpoints")
        self._identity = json.loads(
            json.dumps({"settings": settings.model_dump(), **identity}, default=str)
        )

    def run(self, report: Report | None = None) -> PretrainCourse:
        """Train to the last step, or until the time is over; either way the end is saved.

        Raises `LossNotFinite`, `CheckpointNotSaved`.
        """
        course, settings = self.course, self._settings
        began = saved = time.monotonic()
        self.model.train()
        with TrainingLog(self._folder, course.step) as log:
            while course.step < settings.steps:
                start = time.perf_counter()
                figures = self._step(course.step)
                spent = time.perf_counter() - start
                course.seconds += spent
                course.step += 1
                tokens = settings.batch * settings.source
                course.tokens += tokens
                figures |= {
                    "source_tokens_per_second": tokens / spent,
                    "model_flop_utilisation": self._operations / (spent * self._peak),
                }
                if report:
                    rate = course.tokens / course.seconds
                    report(course.step, loss=figures["loss"], tokens_s=rate)
                last = course.step == settings.steps
                if course.step % settings.eval_every == 0 or last:
                    figures |= self._measure()
                now = time.monotonic()
                over = now - began >= self._pace.stop_after_seconds
                due = now - saved >= self._pace.save_seconds or (
                    self._pace.save_every and course.step % self._pace.save_every == 0
                )
                log.write(course.step, figures)
                if last or over or due:
                    self._save()
                    saved = time.monotonic()
                if over:
                    break
        return course

    def _step(self, step: int) -> dict[str, float]:
        settings = self._settings
        seed_everything(settings.seed, step)
        loss = torch.zeros((), dtype=torch.float64)
        parts = torch.arange(settings.batch).tensor_split(settings.accumulation)
        for part in parts:
            batch = self._batches.at(step * settings.batch + int(part[0]), len(part))
            one = self._summed_loss(batch) / (settings.batch * batch.labels.shape[1])
            one.backward()
            loss += one.detach().double().cpu()
        norm = torch.nn.utils.clip_grad_norm_(self._trained.values(), settings.clip)
        self._check_finite(step + 1, float(loss), float(norm))
        rate = self._schedule.apply(self._optimizer, step)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return {"loss": float(loss), "gradient_norm": float(norm), "learning_rate": rate}

    def _summed_loss(self, batch: Batch) -> torch.Tensor:
        with self._precision.autocast():
            return summed_loss(self.model, batch.to(self.model.device))

    def _measure(self) -> dict[str, float]:
        """The loss on held documents, the same corrupted windows each time, and the probe's."""
        self.model.eval()
        figures = {name: self._held_loss(batches) for name, batches in self._held.items()}
        if self._probe is not None:
            figures |= self._probe(self.model)
        for name, value in figures.items():
            if not math.isfinite(value):
                raise self._not_finite(f"After step {self.course.step} {name} is {value}.")
        self.model.train()
        self.course.evaluations.append({"step": self.course.step, **figures})
        return figures

    @torch.inference_mode()
    def _held_loss(self, batches: Batches) -> float:
        settings = self._settings
        total, tokens = 0.0, 0
        piece = max(1, settings.batch // settings.accumulation)
        for first in range(0, settings.eval_windows, piece):
            batch = batches.at(first, min(piece, settings.eval_windows - first))
            total += float(self._summed_loss(batch))
            tokens += batch.target_tokens
        return total / tokens

    def _check_finite(self, step: int, loss: float, norm: float) -> None:
        if math.isfinite(loss) and math.isfinite(norm):
            return
        self._optimizer.zero_grad()
        raise self._not_finite(
            f"In step {step} the loss is {loss} and the norm of the gradient {norm}."
        )

    def _not_finite(self, what: str) -> LossNotFinite:
        return LossNotFinite.after(what, self._checkpoints.latest())

    def _save(self) -> None:
        state = {"course": asdict(self.course), "identity": self._identity}
        self._checkpoints.save(self.course.step, self._trained, self._optimizer, state)

    def resume(self) -> int:
        """Put the last checkpoint back, if there is one; the step it is of, or 0.

        Raises `CheckpointUnusable` where it is damaged, or of other settings or text.
        """
        latest = self._checkpoints.latest()
        if latest is None:
            return 0
        saved = Checkpoints.load(latest)
        before, now = saved.state["identity"], self._identity
        other = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
        if other:
            raise CheckpointUnusable(
                f"{self._folder} holds a run that differs: "
                + "; ".join(f"{n}: {before.get(n)} there, {now.get(n)} here" for n in other)
                + ".",
                "Repeat its settings to go on with it, or give --fresh or another --out.",
            )
        with torch.no_grad():
            for name, weights in self._trained.items():
                weights.copy_(saved.tensors[name])
        load_optimizer(self._optimizer, saved.optimizer)
        self.course = PretrainCourse(**saved.state["course"])
        return self.course.step


def optimizer_of(
    trained: Mapping[str, torch.nn.Parameter], settings: PretrainSettings
) -> Optimizer:
    """Adafactor (Shazeer & Stern 2018), T5's: no momentum, second moments as a row and a column,
    steps in units of a matrix's own size. Or AdamW with β₂ = 0.98.
    """
    named = list(trained.items())
    if settings.optimizer == "adafactor":
        return torch.optim.Adafactor(named, settings.lr, weight_decay=settings.weight_decay)
    return AdamW(named, settings.lr, (0.9, 0.98), eps=1e-6, weight_decay=settings.weight_decay)
