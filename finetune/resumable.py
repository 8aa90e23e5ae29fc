"""What policy training keeps between steps: weights, optimizer, a little state."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from finetune.checkpoint import Checkpoint, Checkpoints, load_optimizer
from finetune.errors import CheckpointUnusable, LossNotFinite


class Resumable:
    """AdamW over `trained`, with checkpoints in `<folder>/checkpoints/`.

    `identity` is what the run hangs on (settings, data, base): a checkpoint of another run is
    refused. `learning_rate` is the first; a schedule may set others. `step` is that of the last
    checkpoint written or put back.
    """

    def __init__(
        self,
        trained: Mapping[str, Tensor],
        folder: Path,
        identity: Mapping[str, Any],
        learning_rate: float,
    ) -> None:
        self.trained = dict(trained)
        # ε as in Ziegler et al. 2019: with Adam's own 1e-8 tiny gradients make full steps.
        self.optimizer = torch.optim.AdamW(
            list(self.trained.items()), learning_rate, eps=1e-5, weight_decay=0.0
        )
        self.folder = folder
        self.step = 0
        self._checkpoints = Checkpoints(folder / "checkpoints")
        self._identity = json.loads(json.dumps(identity))

    def descend(self, max_grad_norm: float) -> float:
        """Clip the gradients to a total norm, make one optimizer step, and return the norm before.

        Raises `LossNotFinite` before a broken gradient reaches the weights.
        """
        norm = float(torch.nn.utils.clip_grad_norm_(self.trained.values(), max_grad_norm))
        if not math.isfinite(norm):
            self.optimizer.zero_grad()
            raise LossNotFinite(
                f"The gradient is {norm}.",
                "Lower the learning rate, or compute in float32 (--precision float32). The last "
                "checkpoint is whole.",
            )
        self.optimizer.step()
        self.optimizer.zero_grad()
        return norm

    def save(self, step: int, **state: float) -> None:
        """A checkpoint: `step` updates are behind. Raises `CheckpointNotSaved`."""
        about = {"identity": self._identity, "state": state}
        self._checkpoints.save(step, self.trained, self.optimizer, about)
        self.step = step

    def resume(self) -> tuple[int, dict[str, float]]:
        """Put the last checkpoint back; its step and state, (0, {}) where there is none.

        Raises `CheckpointUnusable` where it is damaged or of another run.
        """
        saved = self._last()
        if saved is None:
            return 0, {}
        demand_same_run(self.folder, saved.state["identity"], self._identity)
        self._put_back(saved)
        return saved.step, saved.state["state"]

    def restore(self) -> None:
        """Weights and optimizer of the last checkpoint, if any: after a step that went wrong."""
        saved = self._last()
        if saved is not None:
            self._put_back(saved)

    def _last(self) -> Checkpoint | None:
        latest = self._checkpoints.latest()
        return Checkpoints.load(latest) if latest else None

    def _put_back(self, saved: Checkpoint) -> None:
        with torch.no_grad():
            for name, weights in self.trained.items():
                weights.copy_(saved.tensors[name])
        load_optimizer(self.optimizer, saved.optimizer)
        self.step = saved.step


def demand_same_run(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raises `CheckpointUnusable` that names in what the run in `folder` differs from this one."""
    names = sorted({*before, *now})
    other = [name for name in names if before.get(name) != now.get(name)]
    if other:
        raise CheckpointUnusable(
            f"{folder} holds a run that differs in {', '.join(other)}.",
            "Give another --out, or the settings and data of that run.",
        )
