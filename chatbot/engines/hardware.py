"""Where the generator computes, and in which precision."""

from __future__ import annotations

from typing import Literal

import torch

from ingestion.errors import ModelUnavailable

Dtype = Literal["auto", "float32", "bfloat16"]


def resolve_device(device: str) -> str:
    """`auto` is the GPU where there is one. Raises `ModelUnavailable` for one that is not there."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelUnavailable(
            f"The device {device} was asked for, but PyTorch finds no CUDA GPU here.",
            "Use --device cpu, or install a CUDA build of torch.",
        )
    return device


def resolve_dtype(dtype: Dtype, device: str) -> torch.dtype:
    """`auto` is bfloat16 on a GPU and float32 on a CPU, where bfloat16 must be asked for.

    Raises `ModelUnavailable` for bfloat16 on a processor that would only emulate it.
    """
    if dtype == "auto":
        return torch.bfloat16 if device.startswith("cuda") else torch.float32
    if dtype == "float32":
        return torch.float32
    if dtype != "bfloat16":
        raise ModelUnavailable(
            f"The precision {dtype} cannot be used: float16 overflows in T5.",
            "Use float32 or bfloat16.",
        )
    if device == "cpu" and not torch.cpu._is_avx512_bf16_supported():
        raise ModelUnavailable(
            "bfloat16 was asked for, but this processor has no avx512_bf16.", "Use float32."
        )
    return torch.bfloat16
