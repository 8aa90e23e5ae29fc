"""Generalised advantage estimation (Schulman et al. 2016, eq. 16) over padded responses."""

from __future__ import annotations

import torch
from torch import Tensor


def advantages_and_returns(
    rewards: Tensor, values: Tensor, mask: Tensor, *, gamma: float, lam: float
) -> tuple[Tensor, Tensor]:
    """(Â, R̂), each (batch, time) and 0 outside `mask`.

        δ_t = r_t + γ V(s_{t+1}) − V(s_t)
        Â_t = δ_t + γ λ Â_{t+1}
        R̂_t = Â_t + V(s_t)

    `rewards`, `values`, `mask`: (batch, time), the mask true from the first to the last token of
    each response. The episode ends with that token: the value after it is 0.
    """
    advantages = torch.zeros_like(rewards)
    later = torch.zeros_like(rewards[:, 0])
    next_value = torch.zeros_like(later)
    for t in reversed(range(rewards.shape[1])):
        delta = rewards[:, t] + gamma * next_value - values[:, t]
        later = torch.where(mask[:, t], delta + gamma * lam * later, 0)
        next_value = torch.where(mask[:, t], values[:, t], 0)
        advantages[:, t] = later
    return advantages, torch.where(mask, advantages + values, 0)
