"""PPO's objective (Schulman et al. 2017, eqs. 7 and 9), as losses to be minimised."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from finetune.ppo.masked import masked_mean, masked_variance


@dataclass(frozen=True)
class PolicyLoss:
    """The clipped surrogate and how far the update has gone from the policy that sampled.

    `clip_fraction`: share of tokens whose gradient the clip has cut off. `old_kl`: estimate of
    KL(π_old ‖ π), nats per token, by Schulman's (r − 1) − log r.
    """

    loss: Tensor
    clip_fraction: Tensor
    old_kl: Tensor


def policy_loss(
    logprobs: Tensor, old_logprobs: Tensor, advantages: Tensor, mask: Tensor, clip: float
) -> PolicyLoss:
    """−E_t[min(r_t Â_t, clip(r_t, 1 − ε, 1 + ε) Â_t)] with r_t = π(a_t|s_t) / π_old(a_t|s_t).

    All of shape (batch, time); the mean is over the tokens of the mask.
    """
    # Padding outside the mask may hold anything; exp of it must not overflow.
    log_ratio = torch.where(mask, logprobs - old_logprobs, 0)
    ratio = log_ratio.exp()
    unclipped = ratio * advantages
    clipped = ratio.clamp(1 - clip, 1 + clip) * advantages
    with torch.no_grad():
        clip_fraction = masked_mean((clipped < unclipped).float(), mask)
        old_kl = masked_mean(ratio - 1 - log_ratio, mask)
    return PolicyLoss(-masked_mean(torch.min(unclipped, clipped), mask), clip_fraction, old_kl)


@dataclass(frozen=True)
class ValueLoss:
    loss: Tensor
    clip_fraction: Tensor


def value_loss(
    values: Tensor, old_values: Tensor, returns: Tensor, mask: Tensor, clip: float
) -> ValueLoss:
    """½ E_t[max((V − R̂)², (V_old + clip(V − V_old, −ε, ε) − R̂)²)].

    The clipped form of Schulman's and Ziegler's implementations: the value, too, stays near the
    one that made the advantages.
    """
    near = old_values + (values - old_values).clamp(-clip, clip)
    free_error, near_error = (values - returns) ** 2, (near - returns) ** 2
    loss = 0.5 * masked_mean(torch.max(free_error, near_error), mask)
    return ValueLoss(loss, masked_mean((near_error > free_error).float(), mask))


def explained_variance(values: Tensor, returns: Tensor, mask: Tensor) -> float:
    """1 − Var(R̂ − V) / Var(R̂): 1 for a perfect value head, 0 for a constant one.

    0 where the returns do not vary: there is nothing to explain.
    """
    variance = float(masked_variance(returns, mask))
    if variance < 1e-12:
        return 0.0
    return 1 - float(masked_variance(returns - values, mask)) / variance
