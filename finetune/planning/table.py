"""The plan of several models and ways as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from finetune.planning.devices import Device
from finetune.planning.memory import Job, Memory, plan_memory
from finetune.planning.shapes import T5Shape
from finetune.planning.time import step_seconds

_GB = 1e9
FREED = (
    "By default glibc keeps freed memory: a process has taken up to 1.7 times the peak, for which "
    "“fits” leaves room. MALLOC_MMAP_THRESHOLD_=131072 holds it to the plan, and a step takes 1.3 "
    "to 1.7 times as long."
)
"""What the plan for a CPU cannot know; figures of `docs/results/training_memory.json`."""


@dataclass(frozen=True, slots=True)
class Row:
    """`seconds` are those of one step, or of one batch answered."""

    model: str
    way: str
    memory: Memory
    fits: bool
    seconds: float
    examples: int

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "way": self.way,
            "bytes": {**asdict(self.memory), "peak": self.memory.peak, "total": self.memory.total},
            "fits": self.fits,
            "seconds_per_step": self.seconds,
            "examples_per_second": self.examples / self.seconds,
        }


def plan(models: Sequence[tuple[str, T5Shape]], jobs: Sequence[Job], device: Device) -> list[Row]:
    """Every model in every way, in that order."""
    rows = []
    for name, shape in models:
        for job in jobs:
            memory = plan_memory(shape, job, device.kind)
            seconds = step_seconds(shape, job, device.speed)
            fits = memory.fits(device.kind, device.memory)
            rows.append(Row(name, job.way, memory, fits, seconds, job.batch.examples))
    return rows


def plan_table(rows: Sequence[Row], device: Device) -> Table:
    """In 80 columns, so that no figure is cut; the JSON has more digits."""
    speed = f"{device.speed / 1e12:.2g} tera-operations/s"
    table = Table(
        title=f"{device.name}: {device.memory / _GB:.0f} GB, {speed} expected",
        caption="Memory in GB of 10⁹ bytes; Adam: its moments; all: the peak with the runtime.\n"
        "s: seconds a step, or a batch answered; ex/s: examples a second."
        + (f"\n{FREED}" if device.kind == "cpu" else ""),
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=0,
    )
    table.add_column("model", overflow="fold", min_width=13)
    table.add_column("way", no_wrap=True)
    for name in ("weights", "grads", "Adam", "activ", "peak", "all"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("fits", no_wrap=True)
    table.add_column("s", justify="right", no_wrap=True)
    table.add_column("ex/s", justify="right", no_wrap=True)
    for row in rows:
        memory = row.memory
        parts = (
            memory.weights, memory.gradients, memory.optimizer, memory.activations, memory.peak,
            memory.total,
        )  # fmt: skip
        table.add_row(
            row.model,
            row.way,
            *(_gigabytes(part) for part in parts),
            "yes" if row.fits else "no",
            _short(row.seconds),
            _short(row.examples / row.seconds),
        )
    return table


def _gigabytes(size: float) -> str:
    figure = size / _GB
    return f"{figure:.2f}" if figure < 10 else f"{figure:.1f}" if figure < 100 else f"{figure:.0f}"


def _short(figure: float) -> str:
    """Two or three digits, and no exponent for what is large."""
    return f"{figure:.2g}" if figure < 1 else f"{figure:.1f}" if figure < 100 else f"{figure:.0f}"
