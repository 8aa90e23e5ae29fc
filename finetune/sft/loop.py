"""The loop of supervised fine-tuning: batch, loss, gradient, step; measure and keep on the way.

A step is a function of the weights, the optimizer's moments and its number: the batch and all
randomness follow from (seed, step). So a run that was killed goes on from its last checkpoint as if
nothing had happened.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from finetune.checkpoint import Checkpoint, Checkpoints, load_optimizer
from finetune.data.collate import collate
from finetune.data.encoding import Encoded
from finetune.data.order import Order
from finetune.errors import AnotherRun, LossNotFinite
from finetune.log import TrainingLog
from finetune.models import trained_parameters
from finetune.peak_memory import peak_memory
from finetune.precision import Precision
from finetune.processes import Processes
from finetune.progress import Report
from finetune.rng import seed_everything
from finetune.schedule import Schedule
from finetune.scoring import HEADLINE, Scorer
from finetune.sft.objective import summed_loss
from finetune.sft.settings import SftSettings

EPSILON = 1e-6
"""AdamW's ε, RoBERTa's: with torch's 1e-8 the rounding of a tiny gradient decides a whole step."""


@dataclass
class Course:
    """How the run has gone so far; it is kept in every checkpoint.

    `tokens` are those that are no padding, of sources and targets, over all processes; `seconds`
    leave out measuring and saving. `peak_memory_bytes` is 0 for a run begun before it was kept.
    """

    step: int = 0
    seconds: float = 0.0
    tokens: int = 0
    best_step: int | None = None
    best_value: float = math.inf
    stale: int = 0
    evaluations: list[dict[str, float]] = field(default_factory=list)
    peak_memory_bytes: int = 0


class SftLoop:
    """A model in training on `examples`, in the order of `order`. `folder` gets its record.

    `identity` is what the run hangs on (base model, data): checkpoints of another are refused.
    """

    def __init__(
        self,
        model: Any,
        examples: Sequence[Encoded],
        order: Order,
        settings: SftSettings,
        folder: Path,
        *,
        precision: Precision,
        processes: Processes,
        scorer: Scorer | None = None,
        identity: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.examples = examples
        self.order = order
        self.settings = settings
        self.folder = folder
        self.total = settings.steps or order.steps(settings.epochs)
        self.course = Course()
        self._precision = precision
        self._processes = processes
        self._scorer = scorer
        self._trained = trained_parameters(model)
        self._optimizer = torch.optim.AdamW(
            list(self._trained.items()),
            settings.lr,
            eps=EPSILON,
            weight_decay=settings.weight_decay,
        )
        warmup = settings.warmup_steps(self.total)
        self._schedule = Schedule(settings.schedule, settings.lr, warmup, self.total)
        self._eval_every = settings.eval_every or order.steps(1)
        self._checkpoints = Checkpoints(folder / "checkpoints")
        self._identity = json.loads(
            json.dumps({"settings": settings.model_dump(), **(identity or {})}, default=str)
        )

    def run(self, report: Report | None = None) -> Course:
        """Train to the end; leaves the best weights measured, or without a scorer the last.

        Raises `LossNotFinite`, `CheckpointNotSaved`.
        """
        course = self.course
        self.model.train()
        with self._log() as log:
            while course.step < self.total and not self._stopped:
                began = time.perf_counter()
                figures, tokens = self._step(course.step)
                course.seconds += time.perf_counter() - began
                course.tokens += tokens
                course.step += 1
                speed = course.tokens / course.seconds
                if report:
                    report(course.step, loss=figures["loss"], tokens_s=speed)
                figures |= self._measure()
                # Here, because a run that goes on from its end holds its model alone.
                held = peak_memory(self._processes.device)
                course.peak_memory_bytes = max(course.peak_memory_bytes, held)
                # Before the checkpoint: what a kill leaves beyond it is dropped on resume.
                if log:
                    log.write(course.step, {**figures, "tokens_per_second": speed})
                self._save()
        self._take_best()
        return course

    def _log(self) -> AbstractContextManager[TrainingLog | None]:
        return TrainingLog(self.folder, self.course.step) if self._processes.main else nullcontext()

    def _step(self, step: int) -> tuple[dict[str, float], int]:
        """One optimizer step: its figures, and how many tokens it read."""
        settings = self.settings
        seed_everything(settings.seed, step, self._processes.rank)
        chosen = self.order.at(step)
        pieces = np.array_split(
            chosen, min(len(chosen), settings.accumulation * self._processes.count)
        )
        targets = sum(len(self.examples[index].target) for index in chosen)
        loss = torch.zeros((), dtype=torch.float64, device=self._processes.device)
        for piece in pieces[self._processes.rank :: self._processes.count]:
            part = self._summed_loss(piece.tolist()) / targets
            part.backward()
            loss += part.detach()
        self._processes.sum_gradients(self._trained.values())
        loss = self._processes.total(loss)
        norm = torch.nn.utils.clip_grad_norm_(self._trained.values(), settings.clip)
        self._check_finite(step + 1, float(loss), float(norm), chosen.tolist())
        rate = self._schedule.apply(self._optimizer, step)
        self._optimizer.step()
        self._optimizer.zero_grad()
        read = sum(len(self.examples[index].source) for index in chosen)
        figures = {"loss": float(loss), "gradient_norm": float(norm), "learning_rate": rate}
        return figures, read + targets

    def _summed_loss(self, chosen: Sequence[int]) -> torch.Tensor:
        config = self.model.config
        batch = collate(
            [self.examples[index].source for index in chosen],
            [self.examples[index].target for index in chosen],
            pad=config.pad_token_id,
            start=config.decoder_start_token_id,
        ).to(self._processes.device)
        with self._precision.autocast():
            return summed_loss(self.model, batch, self.settings.label_smoothing)

    def _check_finite(self, step: int, loss: float, norm: float, chosen: Sequence[int]) -> None:
        if math.isfinite(loss) and math.isfinite(norm):
            return
        self._optimizer.zero_grad()
        longest = max(chosen, key=lambda index: len(self.examples[index].source))
        begins = self.examples[longest].example.source[:60]
        raise self._not_finite(
            f"In step {step} the loss is {loss} and the norm of the gradient {norm}; the longest "
            f"of its {len(chosen)} examples begins “{begins}”."
        )

    def _not_finite(self, what: str) -> LossNotFinite:
        return LossNotFinite.after(what, self._checkpoints.latest())

    def _measure(self) -> dict[str, float]:
        """The figures of an evaluation, if it is time for one; remembers whether it is the best."""
        if self._scorer is None or not self._due(self._eval_every):
            return {}
        course, metric = self.course, self.settings.metric
        figures = self._scorer.figures(self.model, metric)
        for name, value in figures.items():
            if not math.isfinite(value):
                raise self._not_finite(f"After step {course.step} the measured {name} is {value}.")
        found = {f"eval_{name}": value for name, value in figures.items()}
        value = found[f"eval_{HEADLINE[metric]}"] * (1 if metric == "loss" else -1)
        course.stale += 1
        if value < course.best_value:
            course.best_step, course.best_value, course.stale = course.step, value, 0
        course.evaluations.append({"step": course.step, **found})
        return found

    def _save(self) -> None:
        """Write a checkpoint, if it is time for one."""
        every = self.settings.save_every or self._eval_every
        measured = self._scorer is not None and self._due(self._eval_every)
        if not measured and not self._due(every):
            return
        course = self.course
        if self._processes.main:
            self._checkpoints.save(course.step, self._trained, self._optimizer, self._state())
            if course.best_step == course.step:
                self._checkpoints.mark_best(course.step)
        self._processes.wait()

    def _due(self, every: int) -> bool:
        """Whether this is such a step, or the last."""
        return self.course.step % every == 0 or self.course.step == self.total

    @property
    def _stopped(self) -> bool:
        """Whether patience has run out."""
        return self.settings.patience is not None and self.course.stale >= self.settings.patience

    def _state(self) -> dict[str, Any]:
        course = asdict(self.course)
        # JSON has no infinity: no best value yet.
        course["best_value"] = None if self.course.best_step is None else self.course.best_value
        return {"course": course, "identity": self._identity}

    def resume(self) -> int:
        """Put the last checkpoint back, if there is one; the step it is of, or 0.

        Raises `CheckpointUnusable` where it is damaged, or of other settings or data.
        """
        latest = self._checkpoints.latest()
        if latest is None:
            return 0
        saved = Checkpoints.load(latest)
        self._check_identity(saved)
        self._put_back(saved)
        load_optimizer(self._optimizer, saved.optimizer)
        course = saved.state["course"]
        if course["best_value"] is None:
            course["best_value"] = math.inf
        self.course = Course(**course)
        if self._processes.main and self.course.best_step == self.course.step:
            # The kill may have come between the checkpoint and its mark.
            self._checkpoints.mark_best(self.course.step)
        return self.course.step

    def take_back(self) -> bool:
        """Put the best weights measured back, or the last saved; False where there are none."""
        if not self.resume():
            return False
        self._take_best()
        return True

    def _check_identity(self, saved: Checkpoint) -> None:
        before, now = (_flat(one) for one in (saved.state["identity"], self._identity))
        other = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
        if other:
            told = "; ".join(
                f"{name}: {before.get(name)} there, {now.get(name)} here" for name in other
            )
            raise AnotherRun(
                f"{self.folder} holds a run of other settings or data ({told}).",
                "Repeat its settings to go on with it, or give --fresh or another --out.",
            )

    def _put_back(self, saved: Checkpoint) -> None:
        with torch.no_grad():
            for name, weights in self._trained.items():
                weights.copy_(saved.tensors[name])

    def _take_best(self) -> None:
        best = self._checkpoints.best()
        if self.course.best_step is not None and best is not None:
            self._put_back(Checkpoints.load(best))


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Nested JSON as `outer.inner` → leaf, to name what differs."""
    if not isinstance(value, dict):
        return {name: value}
    return {
        key: leaf
        for part, inner in value.items()
        for key, leaf in _flat(inner, f"{name}.{part}" if name else part).items()
    }
