"""Weights of a model in eight bits: each row of a matrix as whole numbers and one scale.

A row w is stored as round(w / s) with s = max|w| / 127 (symmetric absmax quantization by row, as
in Dettmers et al. 2022, §2). What is read back is in float32 and computes like any other weights:
the file is a quarter of the size, the model in memory is not. Vectors (norms) and the small tables
of relative positions stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

FILE = "model.int8.safetensors"
_SCALE = ".int8_scale"
_KEPT = "relative_attention_bias"


def write_int8(weights: Mapping[str, Tensor], folder: Path) -> Path:
    """Store a model's weights, by name, in `folder`."""
    stored: dict[str, Tensor] = {}
    for name, weight in weights.items():
        if weight.ndim != 2 or _KEPT in name:
            stored[name] = weight.to(torch.bfloat16)
            continue
        scale = weight.float().abs().amax(1, keepdim=True) / 127
        safe = torch.where(scale > 0, scale, torch.ones_like(scale))
        stored[name] = (weight.float() / safe).round().to(torch.int8)
        stored[name + _SCALE] = scale[:, 0]
    path = folder / FILE
    save_file({name: value.contiguous() for name, value in stored.items()}, path)
    return path


def read_int8(folder: Path) -> dict[str, Tensor]:
    """The weights by name, in float32.

    Raises what safetensors does for a damaged file, `KeyError` for a matrix without its scale.
    """
    stored = load_file(folder / FILE)
    return {
        name: value.float() * stored[name + _SCALE][:, None]
        if value.dtype == torch.int8
        else value.float()
        for name, value in stored.items()
        if not name.endswith(_SCALE)
    }
