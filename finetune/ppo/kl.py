"""The leash: KL to the reference as a penalty, its adaptive coefficient, and the hard stop."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from finetune.errors import KLDiverged


def token_rewards(
    scores: Tensor, logprobs: Tensor, reference: Tensor, mask: Tensor, beta: float
) -> Tensor:
    """r_t = −β (log π(a_t|s_t) − log ρ(a_t|s_t)), and R(x, y) on top at the last token.

    Ziegler et al. 2019, eq. 2, spread over the tokens. `scores`: (batch,), the rest (batch, time).
    """
    rewards = torch.where(mask, -beta * (logprobs - reference), 0)
    last = mask.sum(1) - 1
    rewards[torch.arange(len(scores), device=last.device), last] += scores
    return rewards


@dataclass
class AdaptiveKL:
    """β that keeps the KL near `target` (Ziegler et al. 2019, §2.2).

        e_t     = clip((KL(π, ρ) − target) / target, −0.2, 0.2)
        β_{t+1} = β_t (1 + K_β e_t)

    KL in nats per response. `gain` is K_β; 0 keeps β as it is.
    """

    beta: float
    target: float
    gain: float = 0.1

    def update(self, kl: float) -> None:
        error = min(max((kl - self.target) / self.target, -0.2), 0.2)
        self.beta *= 1 + self.gain * error


def stop_if_diverged(kl: float, limit: float, step: int) -> None:
    """Raises `KLDiverged` where the policy is further from its reference than `limit` nats.

    A KL that is not a number is too far as well. Every verb that trains a policy has the option
    that the remedy names; whoever has more names them.
    """
    if not kl <= limit:
        raise KLDiverged(
            f"At step {step} the policy is {kl:.2f} nats per response away from its reference; "
            f"the limit is {limit:g}.",
            "Lower --lr.",
        )
