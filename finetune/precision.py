"""In which precision training computes: bfloat16 where the hardware has it, never float16.

float16 overflows in T5. Weights that are trained stay in float32, because an update smaller than
bfloat16's three digits would be lost; autocast computes the products in bfloat16. Weights that are
frozen (the base under a LoRA) are held in bfloat16 altogether.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from chatbot.engines.hardware import Dtype, resolve_dtype


@dataclass(frozen=True)
class Precision:
    """The precision products are computed in on `device` (`cpu` or `cuda…`)."""

    compute: torch.dtype
    device: str

    @classmethod
    def choose(cls, asked: Dtype, device: str) -> Precision:
        """`auto`: bfloat16 on a GPU, or on a processor with avx512_bf16; else float32.

        Raises `ModelUnavailable` for bfloat16 where it would only be emulated.
        """
        if asked == "auto" and device == "cpu" and torch.cpu._is_avx512_bf16_supported():
            return cls(torch.bfloat16, device)
        return cls(resolve_dtype(asked, device), device)

    def weights(self, trained: bool) -> torch.dtype:
        """The precision to hold a base model's weights in."""
        return torch.float32 if trained else self.compute

    def autocast(self) -> AbstractContextManager[object]:
        """Around the forward pass."""
        if self.compute == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.partition(":")[0], self.compute)
