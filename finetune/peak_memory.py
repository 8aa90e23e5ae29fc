"""The most memory that a training has held at once."""

from __future__ import annotations

import torch

from evaluation.peak_memory import peak_memory_mb


def peak_memory(device: torch.device) -> int:
    """Bytes, so far: of the GPU's memory, or of this process with interpreter and libraries."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return round(peak_memory_mb() * 1e6)
