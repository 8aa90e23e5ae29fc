"""Means and variances over the tokens that count."""

from __future__ import annotations

import torch
from torch import Tensor


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of `values` where `mask` is true (both any one shape), a scalar.

    What is masked out may be anything, NaN included. Raises `ValueError` for an empty mask.
    """
    if not bool(mask.any()):
        raise ValueError("a mean over no tokens at all")
    return torch.where(mask, values, 0).sum() / mask.sum()


def masked_variance(values: Tensor, mask: Tensor) -> Tensor:
    """Population variance of `values` where `mask` is true, a scalar."""
    return masked_mean((values - masked_mean(values, mask)) ** 2, mask)


def whiten(values: Tensor, mask: Tensor, epsilon: float = 1e-8) -> Tensor:
    """`values` shifted and scaled to mean 0 and variance 1 over the mask, and 0 outside it."""
    centred = values - masked_mean(values, mask)
    scaled = centred * torch.rsqrt(masked_variance(values, mask) + epsilon)
    return torch.where(mask, scaled, 0)
