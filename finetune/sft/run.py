"""`lectern train sft`, from names and files to a trained model on disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from chatbot.engines.factory import find_model
from chatbot.engines.hardware import resolve_device
from finetune.data.encoding import Encoded, Lengths, encode
from finetune.data.example import Example
from finetune.data.mixture import Mixture, Source
from finetune.data.order import Order
from finetune.errors import EmptySplit, LossNotFinite
from finetune.models import adapt, load_t5, set_dropout, trainable_share
from finetune.precision import Precision
from finetune.processes import Processes
from finetune.progress import training_progress
from finetune.rng import seed_everything
from finetune.saving import demand_own_folder, save_model
from finetune.scoring import Scorer
from finetune.sft.loop import Course, SftLoop
from finetune.sft.record import (
    as_kept,
    how_it_went,
    measured_on,
    trained_on,
    write_record,
)
from finetune.sft.settings import SftSettings
from finetune.sft.splits import read_splits
from finetune.weights import weights_hash
from ingestion.errors import LecternError

LONGEST_MEASURED = 2048
"""Tokens of a source that is measured: the most the engine reads."""

Say = Callable[[str], None]


def train_sft(
    model_name: str,
    sources: Sequence[Source],
    measured: Sequence[Source],
    settings: SftSettings,
    out: Path,
    *,
    held_out: float = 0.0,
    device: str = "auto",
    fresh: bool = False,
    say: Say = lambda line: None,
) -> Course:
    """Train, and leave in `out` the adapter or model, `training.json`, and `run/` to go on from.

    `say` hears in plain lines what a person should know. What goes wrong is a `LecternError`;
    after `LossNotFinite` too the best weights measured lie in `out`, or the last saved.
    """
    base = find_model(model_name)[1]
    demand_own_folder(out, base)
    processes = Processes(resolve_device(device))
    precision = Precision.choose(settings.precision, processes.device.type)
    if not processes.main:
        say = _silent

    splits = read_splits(sources, measured, held_out)
    if not splits.measured and (settings.patience or settings.metric != "loss"):
        raise LecternError(
            "--patience and --eval-metric need data to measure on, and none are named.",
            "Give --eval-data or --held-out.",
        )
    if splits.overlapping:
        say(f"{splits.overlapping} examples are left out of training: they are measured.")
    model, tokenizer = prepare(model_name, settings, precision, processes)
    mixture, lengths = _mixture(sources, splits.train, tokenizer, settings)
    say(f"Training: {lengths}.")
    scorer, held = _scorer(splits.measured, tokenizer, settings, precision, processes)
    say(f"Measuring: {held}." if scorer else "Nothing is measured: the last weights are kept.")

    data = {"train": trained_on(mixture.parts), "measured": measured_on(measured)}
    loop = SftLoop(
        model,
        mixture.examples,
        order_of(mixture, settings),
        settings,
        out / "run",
        precision=precision,
        processes=processes,
        scorer=scorer,
        identity={"model": model_name, "weights": weights_hash(base), "held_out": held_out, **data},
    )
    if fresh and processes.main:
        shutil.rmtree(out / "run", ignore_errors=True)
    processes.wait()
    start = loop.resume()
    if start:
        say(f"Going on from step {start} of {loop.total}.")
    stopped: LossNotFinite | None = None
    try:
        with training_progress("sft", loop.total, start=start, shown=processes.main) as report:
            loop.run(report)
    except LossNotFinite as error:
        if not loop.take_back():
            raise
        stopped = error
        say(f"{out} gets the weights of step {loop.course.best_step or loop.course.step}.")
    course = loop.course
    if processes.main:
        save_model(model, tokenizer, out)
        seen = _seen(mixture, loop.order, course.best_step or course.step)
        record = {
            "model": model_name,
            "settings": settings.model_dump(),
            "data": {**data, "train": as_kept(mixture.parts, seen)},
            "left_out": {"overlapping": splits.overlapping, **asdict(lengths)},
            "left_out_of_measuring": asdict(held),
            "trainable_share": trainable_share(model),
            "course": {**how_it_went(course), "stopped": stopped.what if stopped else ""},
            "compute": str(precision.compute),
            "processes": processes.count,
            "peak_memory_bytes": course.peak_memory_bytes or None,
        }
        write_record(out / "training.json", record)
    processes.wait()
    if stopped:
        raise stopped
    return course


def prepare(
    model_name: str, settings: SftSettings, precision: Precision, processes: Processes
) -> tuple[Any, Any]:
    """(the model as it is before the first step, its tokenizer), the same in every process."""
    full = settings.adapter.method == "full"
    model, tokenizer = load_t5(model_name, precision.weights(trained=full))
    set_dropout(model, settings.dropout)
    seed_everything(settings.seed)
    model = adapt(model, settings.adapter).to(processes.device)
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return model, tokenizer


def order_of(mixture: Mixture[Encoded], settings: SftSettings) -> Order:
    """The order in which a run of these settings sees the mixture."""
    lengths = [(len(one.source), len(one.target)) for one in mixture.examples]
    return Order(
        mixture.epoch,
        lengths,
        batch=settings.batch,
        batch_tokens=settings.batch_tokens,
        seed=settings.seed,
    )


def _seen(mixture: Mixture[Encoded], order: Order, steps: int) -> list[int]:
    """How many different examples of each source the first `steps` steps show."""
    shown = np.unique(np.concatenate([order.at(step) for step in range(steps)]))
    starts = np.cumsum([0, *(part.examples for part in mixture.parts)])
    found: list[int] = np.diff(np.searchsorted(shown, starts)).tolist()
    return found


def _mixture(
    sources: Sequence[Source],
    read: Sequence[Sequence[Example]],
    tokenizer: Any,
    settings: SftSettings,
) -> tuple[Mixture[Encoded], Lengths]:
    encoded, lengths = [], Lengths(0, 0, 0, 0, 0)
    for examples in read:
        fitting, found = encode(
            examples, tokenizer, max_source=settings.max_source, max_target=settings.max_target
        )
        encoded.append(fitting)
        lengths += found
    return Mixture(sources, encoded, settings.seed), lengths


def _scorer(
    examples: Sequence[Example],
    tokenizer: Any,
    settings: SftSettings,
    precision: Precision,
    processes: Processes,
) -> tuple[Scorer | None, Lengths]:
    held, lengths = encode(
        examples, tokenizer, max_source=LONGEST_MEASURED, max_target=LONGEST_MEASURED
    )
    if examples and not held:
        raise EmptySplit(
            f"Every example to measure on is longer than {LONGEST_MEASURED} tokens.",
            "Measure on other data.",
        )
    if not held:
        return None, lengths
    longest = settings.max_target
    return Scorer(held, tokenizer, precision, processes, max_new_tokens=longest), lengths


def _silent(line: str) -> None:
    """Only one of several processes talks."""
