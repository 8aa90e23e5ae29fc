"""Kahneman–Tversky optimisation (Ethayarajh et al. 2024): single thumbs instead of pairs."""

from __future__ import annotations

import torch
from torch import Tensor


def kto_loss(
    logprobs: Tensor,
    reference: Tensor,
    desirable: Tensor,
    z0: float,
    beta: float,
    desirable_weight: float = 1.0,
    undesirable_weight: float = 1.0,
) -> Tensor:
    """λ_y − v(x, y), eq. 8, for each example: (batch,).

        r = log π(y|x) − log ρ(y|x)
        v = λ_D σ(β (r − z_0)) for a desirable y, λ_U σ(β (z_0 − r)) for an undesirable one

    `logprobs`, `reference`: of whole responses, (batch,); `desirable`: bool, (batch,); `z0`: see
    `reference_point`.
    """
    gain = logprobs - reference - z0
    sign = torch.where(desirable, 1.0, -1.0)
    weight = torch.where(desirable, desirable_weight, undesirable_weight)
    return weight * (1 - torch.sigmoid(beta * sign * gain))


def reference_point(logprobs: Tensor, reference: Tensor) -> float:
    """z_0 = max(0, mean of log π(y'|x)/ρ(y'|x)) over prompts with another prompt's response.

    A biased, cheap estimate of KL(π ‖ ρ); no gradient goes through it (§4.1).
    """
    return max(0.0, float((logprobs - reference).mean()))


def balanced_weights(desirable: int, undesirable: int) -> tuple[float, float]:
    """(λ_D, λ_U), the smaller of them 1, with λ_D n_D = λ_U n_U: the paper's way with imbalance."""
    if not desirable or not undesirable:
        return 1.0, 1.0
    ratio = undesirable / desirable
    return max(1.0, ratio), max(1.0, 1 / ratio)
