"""Checkpoints of a training run: whole or absent, never half, and never a pickle.

    <folder>/step-00000120/tensors.safetensors     what is trained
                          /optimizer.safetensors   the optimizer's moments, by parameter name
                          /state.json              step, caller's state, RNG states
    <folder>/best.json                             which step was best so far

A checkpoint is written beside its place, synced to the disk and renamed. The newest `keep` stay,
and the best one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim import Optimizer

from finetune.errors import CheckpointNotSaved, CheckpointUnusable
from finetune.rng import rng_states

_NAME = "step-{:08d}"


@dataclass(frozen=True)
class Checkpoint:
    """What `Checkpoints.save` was given. `optimizer` goes into `load_optimizer`, `rng` into
    `restore_rng`.
    """

    step: int
    tensors: dict[str, Tensor]
    optimizer: dict[str, Tensor]
    state: dict[str, Any]
    rng: dict[str, Any]


class Checkpoints:
    """The checkpoints in `folder`; `keep` of the newest survive, and the one marked best."""

    def __init__(self, folder: Path, keep: int = 2) -> None:
        if keep < 1:
            raise ValueError(f"keep is {keep}; at least one checkpoint must stay")
        self.folder = folder
        self._keep = keep

    def save(
        self,
        step: int,
        tensors: Mapping[str, Tensor],
        optimizer: Optimizer | None,
        state: Mapping[str, Any],
    ) -> Path:
        """Write the checkpoint of `step` (JSON-able `state`) and drop those no longer kept.

        Raises `CheckpointNotSaved` when it cannot be written whole; the others are untouched.
        """
        place = self.folder / _NAME.format(step)
        beside = self.folder / f".{place.name}.part"
        for torn in self.folder.glob(".step-*.part"):
            shutil.rmtree(torn)
        try:
            beside.mkdir(parents=True)
            _write_tensors(beside / "tensors.safetensors", tensors)
            if optimizer is not None:
                _write_tensors(beside / "optimizer.safetensors", optimizer_tensors(optimizer))
            about = {"step": step, "state": dict(state), "rng": rng_states()}
            _write_json(beside / "state.json", about)
            if place.exists():
                shutil.rmtree(place)
            beside.rename(place)
            _sync(self.folder)
        except (OSError, SafetensorError) as error:
            shutil.rmtree(beside, ignore_errors=True)
            last = self.latest()
            raise CheckpointNotSaved(
                f"The checkpoint of step {step} cannot be written to {self.folder} ({error}).",
                f"Free some space and run the same command again: it goes on from {last}."
                if last
                else "Free some space and run the same command again.",
            ) from error
        self._prune()
        return place

    def latest(self) -> Path | None:
        """The checkpoint with the highest step, None where there is none."""
        saved = self._saved()
        return saved[-1] if saved else None

    def best(self) -> Path | None:
        """The checkpoint last marked best, None where none is."""
        mark = self.folder / "best.json"
        if not mark.is_file():
            return None
        place = self.folder / _NAME.format(json.loads(mark.read_text())["step"])
        return place if place.is_dir() else None

    def mark_best(self, step: int) -> None:
        """Keep the checkpoint of `step` until another is marked."""
        if not (self.folder / _NAME.format(step)).is_dir():
            raise ValueError(f"there is no checkpoint of step {step} in {self.folder}")
        beside = self.folder / ".best.json.part"
        _write_json(beside, {"step": step})
        beside.replace(self.folder / "best.json")
        self._prune()

    @staticmethod
    def load(path: Path) -> Checkpoint:
        """Read one checkpoint onto the CPU. Raises `CheckpointUnusable` for a damaged one."""
        try:
            about = json.loads((path / "state.json").read_text(encoding="utf-8"))
            moments = path / "optimizer.safetensors"
            return Checkpoint(
                about["step"],
                load_file(path / "tensors.safetensors"),
                load_file(moments) if moments.is_file() else {},
                about["state"],
                about["rng"],
            )
        except (OSError, SafetensorError, ValueError, KeyError) as error:
            raise CheckpointUnusable(
                f"The checkpoint {path} is damaged ({error}).",
                "Delete that folder: the run goes on from the checkpoint before it.",
            ) from error

    def _saved(self) -> list[Path]:
        return sorted(self.folder.glob("step-*"))

    def _prune(self) -> None:
        best = self.best()
        for place in self._saved()[: -self._keep]:
            if place != best:
                shutil.rmtree(place)


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """The optimizer's state, flat: `<parameter name>/<moment>` → tensor.

    The optimizer must have been given named parameters (`AdamW(model.named_parameters())`).
    Learning rates are not state: they follow from the schedule and the step.
    """
    names = _names(optimizer)
    return {
        f"{names[number]}/{moment}": value.detach()
        for number, moments in optimizer.state_dict()["state"].items()
        for moment, value in moments.items()
        if isinstance(value, Tensor)
    }


def load_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` gave. Raises `CheckpointUnusable` for other parameters."""
    numbers = {name: number for number, name in _names(optimizer).items()}
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        name, _, moment = key.rpartition("/")
        if name not in numbers:
            raise CheckpointUnusable(
                f"The checkpoint's optimizer knows {name}, which is not trained here.",
                "Resume with the settings of the run that was interrupted.",
            )
        state.setdefault(numbers[name], {})[moment] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def _names(optimizer: Optimizer) -> dict[int, str]:
    groups = optimizer.state_dict()["param_groups"]
    if not all("param_names" in group for group in groups):
        raise ValueError("the optimizer was not given named parameters")
    return {
        number: name
        for group in groups
        for number, name in zip(group["params"], group["param_names"], strict=True)
    }


def _write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, path)
    _sync(path)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, allow_nan=False), encoding="utf-8")
    _sync(path)


def _sync(path: Path) -> None:
    """Have the disk hold a file, or a folder's names, before anything refers to it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
