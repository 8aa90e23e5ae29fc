"""The plan of several models and ways as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from finetune.planning.devices import Device
from finetune.planning.memory import Job, Memory, plan_memory
from finetune.planning.shapes import T5Shape
from finetune.planning.time import step_seconds

_GB = 1e9


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
            fits = memory.total <= device.memory
            rows.append(Row(name, job.way, memory, fits, seconds, job.batch.examples))
    return rows


def plan_table(rows: Sequence[Row], device: Device) -> Table:
    """Gigabytes of 10⁹ bytes."""
    speed = f"{device.speed / 1e12:.2g} tera-operations/s"
    table = Table(title=f"{device.name}: {device.memory / _GB:.0f} GB, {speed} expected")
    table.add_column("model")
    table.add_column("way")
    for name in ("weights", "gradients", "moments", "activations", "peak", "with runtime"):
        table.add_column(f"{name}, GB", justify="right")
    table.add_column("fits")
    table.add_column("s a step", justify="right")
    table.add_column("examples/s", justify="right")
    for row in rows:
        memory = row.memory
        parts = (
            memory.weights, memory.gradients, memory.optimizer, memory.activations, memory.peak,
            memory.total,
        )  # fmt: skip
        table.add_row(
            row.model,
            row.way,
            *(f"{part / _GB:.2f}" for part in parts),
            "yes" if row.fits else "no",
            f"{row.seconds:.3g}",
            f"{row.examples / row.seconds:.3g}",
        )
    return table
