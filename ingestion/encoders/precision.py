"""Which floating-point format the encoder computes in."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

Precision = Literal["auto", "fp32", "bf16"]


def resolve_precision(precision: Precision) -> Literal["fp32", "bf16"]:
    """`auto` is bfloat16 where the processor multiplies it natively, float32 elsewhere."""
    if precision != "auto":
        return precision
    return "bf16" if _has_native_bf16() else "fp32"


@cache
def _has_native_bf16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:  # not Linux: float32 is always right, only slower
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
