"""What a device holds and how fast it multiplies.

GPUs: memory and dense bfloat16 peaks of the vendors' data sheets (float32 where a GPU has no
bfloat16), of which training reaches about two fifths with batches that fill it. This machine's
processor is measured on the spot.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

import psutil
import torch

from finetune.precision import Precision
from ingestion.errors import LecternError

REACHED = 0.4
"""Share of a GPU's peak that a step is expected to reach."""
REACHED_CPU = 0.6
"""The same of a product measured on this processor."""

_SIDE = 1024
_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Device:
    """`memory` in bytes; `speed` in operations a second that a step is expected to reach."""

    name: str
    kind: Literal["cpu", "cuda"]
    memory: int
    speed: float


_GPUS = {
    # name: gigabytes, peak in tera-operations a second
    "t4": (16, 8.1),
    "l4": (24, 121),
    "a10g": (24, 70),
    "rtx-3090": (24, 71),
    "rtx-4090": (24, 165),
    "a100-40gb": (40, 312),
    "a100-80gb": (80, 312),
    "h100": (80, 989),
    "h200": (141, 989),
}
GPUS = tuple(_GPUS)
_NO_BFLOAT16 = {"t4"}


def device_of(name: str, half: bool) -> Device:
    """A GPU by name, `cuda` for the one at hand, `cpu` for this machine; `auto` for what there is.

    Raises `LecternError` for a name that is none of these.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cpu":
        return Device("this machine's CPU", "cpu", psutil.virtual_memory().total, _cpu_speed(half))
    if name == "cuda" and torch.cuda.is_available():
        at_hand = torch.cuda.get_device_properties(0)
        return Device(at_hand.name, "cuda", at_hand.total_memory, _speed("cuda", half) * REACHED)
    if name not in _GPUS:
        raise LecternError(
            f"There is no device {name} here, and no GPU of that name is known.",
            f"Give auto, cpu, or one of {', '.join(GPUS)}.",
        )
    gigabytes, peak = _GPUS[name]
    return Device(name, "cuda", gigabytes * 10**9, peak * 1e12 * REACHED)


def half_by_default(name: str) -> bool:
    """Whether training on that device computes in bfloat16, as `finetune.precision` decides."""
    if name in _GPUS:
        return name not in _NO_BFLOAT16
    if name == "cuda" or (name == "auto" and torch.cuda.is_available()):
        return True
    return Precision.choose("auto", "cpu").compute == torch.bfloat16


def _cpu_speed(half: bool) -> float:
    return _speed("cpu", half) * REACHED_CPU


def _speed(place: str, half: bool) -> float:
    """Operations a second of a square product on the device, measured for a third of a second."""
    one = torch.ones(_SIDE, _SIDE, dtype=torch.bfloat16 if half else torch.float32, device=place)
    other = one.clone()
    for _ in range(3):
        torch.mm(one, other)
    _wait(place)
    start, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < _SECONDS:
        torch.mm(one, other)
        _wait(place)
        done += 1
    return done * 2 * _SIDE**3 / spent


def _wait(place: str) -> None:
    if place == "cuda":
        torch.cuda.synchronize()
