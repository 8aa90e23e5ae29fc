"""Gradients are clipped, and refused where they are no numbers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from finetune.errors import LossNotFinite


def clip_finite(
    weights: Iterable[Tensor], clip: float, *, step: int, loss: Tensor, lr: float, out: Path
) -> None:
    """Clip the gradients of `weights` to the total norm `clip`, before the optimizer's `step`.

    Raises `LossNotFinite` where loss or norm is NaN or infinite: weights made of such a gradient
    would be saved over the good ones in `out`. `lr` is the peak learning rate.
    """
    norm = torch.nn.utils.clip_grad_norm_(weights, clip)
    if not (torch.isfinite(loss) and torch.isfinite(norm)):
        raise LossNotFinite(
            f"The loss of step {step} is {loss.item()}, its gradient {norm.item()}.",
            f"Run again with a smaller --lr than {lr:g} and another --out; {out} keeps what was "
            "saved.",
        )
