"""How long a benchmark trains: epochs, steps, or about so many minutes on the machine at hand."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.rows import write_whole
from finetune.data.mixture import Source
from finetune.errors import AnotherRun
from finetune.sft.run import train_sft
from finetune.sft.settings import SftSettings

TRIAL = 12
"""Steps whose mean time tells how many fit into the minutes asked for."""
EVALUATIONS = 4
"""Of the held loss during a training; the best weights are kept."""
SAVE_EVERY = 100
"""Steps that a kill can cost."""


@dataclass(frozen=True)
class Budget:
    """Exactly one of the three is given."""

    epochs: float | None = None
    steps: int | None = None
    minutes: float | None = None

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser, epochs: float) -> None:
        """`--epochs` (the default), `--steps` and `--minutes`, of which one can be given."""
        of_three = parser.add_mutually_exclusive_group()
        of_three.add_argument("--epochs", type=float, help=f"of each training [{epochs:g}]")
        of_three.add_argument("--steps", type=int, help="of each training")
        of_three.add_argument(
            "--minutes", type=float, help="of each training, by the speed of its first steps"
        )
        parser.set_defaults(default_epochs=epochs)

    @classmethod
    def of(cls, asked: argparse.Namespace) -> Budget:
        if asked.steps or asked.minutes:
            return cls(steps=asked.steps, minutes=asked.minutes)
        return cls(epochs=asked.epochs or asked.default_epochs)


def train(
    model: str,
    sources: Sequence[Source],
    measured: Sequence[Source],
    settings: SftSettings,
    budget: Budget,
    folder: Path,
    device: str,
) -> None:
    """Train into `folder` as far as the budget goes; killed, it goes on.

    Raises `AnotherRun` where the folder holds a run of another budget, other settings or data.
    """
    chosen: dict[str, float | None] = {"epochs": budget.epochs}
    if not budget.epochs:
        steps = budget.steps or _affordable(model, sources, settings, budget, folder, device)
        chosen = {"steps": steps, "eval_every": max(1, steps // EVALUATIONS)}
    settings = settings.model_copy(update={**chosen, "save_every": SAVE_EVERY})
    try:
        train_sft(model, sources, measured, settings, folder, device=device, say=print)
    except AnotherRun as error:
        # The options that training by itself offers against this, a benchmark does not have.
        raise AnotherRun(
            error.what,
            "Repeat the options that it was begun with, or give another --work, or delete "
            f"{folder} to train anew.",
        ) from error


def _affordable(
    model: str,
    sources: Sequence[Source],
    settings: SftSettings,
    budget: Budget,
    folder: Path,
    device: str,
) -> int:
    """Steps that fit into the minutes; the time of one is found out once, so that a run that goes
    on has as many.
    """
    assert budget.minutes is not None
    found = folder / "affordable.json"
    if not found.is_file():
        trial = folder / "trial"
        short = settings.model_copy(update={"steps": TRIAL})
        course = train_sft(model, sources, [], short, trial, device=device, fresh=True)
        shutil.rmtree(trial)
        write_whole(found, json.dumps({"seconds_a_step": course.seconds / course.step}) + "\n")
    seconds = json.loads(found.read_text(encoding="utf-8"))["seconds_a_step"]
    steps = max(1, round(60 * budget.minutes / seconds))
    print(f"{folder.name}: {steps} steps in about {budget.minutes:g} minutes", flush=True)
    return steps
