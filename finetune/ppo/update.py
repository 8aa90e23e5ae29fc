"""One PPO update: a few epochs of minibatches over one rollout."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from finetune.policy import Policy
from finetune.ppo.losses import policy_loss, value_loss
from finetune.ppo.masked import masked_mean
from finetune.ppo.rollout import Experience
from finetune.ppo.settings import PPOSettings
from finetune.ppo.value_head import ValueHead
from finetune.responses import token_entropy, token_logprobs
from finetune.resumable import Resumable


@dataclass
class UpdateFigures:
    """Means over the minibatches of an update, within each over its tokens."""

    policy_loss: float = 0.0
    value_loss: float = 0.0
    clip_fraction: float = 0.0
    value_clip_fraction: float = 0.0
    old_kl: float = 0.0
    grad_norm: float = 0.0

    def add(self, share: float, **figures: Tensor) -> None:
        for name, figure in figures.items():
            setattr(self, name, getattr(self, name) + share * float(figure.detach()))

    def divided(self, by: int) -> UpdateFigures:
        return UpdateFigures(*(getattr(self, field.name) / by for field in fields(self)))


def update(
    policy: Policy,
    head: ValueHead,
    kept: Resumable,
    batch: Experience,
    settings: PPOSettings,
) -> UpdateFigures:
    """Change the weights in `kept` by L = L^CLIP + c_V L^V − c_H H, Schulman et al. 2017, eq. 9.

    A minibatch larger than `microbatch` is gone through in parts whose gradients add up to that of
    the whole. Raises `LossNotFinite`.
    """
    figures = UpdateFigures()
    rounds = 0
    for _ in range(settings.epochs):
        order = torch.randperm(len(batch.responses.tokens)).to(policy.device)
        for minibatch in order.split(settings.minibatch):
            tokens = batch.responses.mask[minibatch].sum()
            for chosen in minibatch.split(settings.microbatch):
                part = batch.rows(chosen)
                share = float(part.responses.mask.sum() / tokens)
                loss = _loss(policy, head, part, settings, figures, share)
                (share * loss).backward()
            figures.grad_norm += kept.descend(settings.max_grad_norm)
            rounds += 1
    return figures.divided(rounds)


def _loss(
    policy: Policy,
    head: ValueHead,
    part: Experience,
    settings: PPOSettings,
    figures: UpdateFigures,
    share: float,
) -> Tensor:
    mask = part.responses.mask
    logits, states = policy.logits_and_states(part.inputs, part.responses.tokens)
    surrogate = policy_loss(
        token_logprobs(logits, part.responses.tokens),
        part.logprobs,
        part.advantages,
        mask,
        settings.clip,
    )
    fit = value_loss(head(states), part.values, part.returns, mask, settings.value_clip)
    loss = surrogate.loss + settings.value_coefficient * fit.loss
    if settings.entropy_coefficient:
        loss = loss - settings.entropy_coefficient * masked_mean(token_entropy(logits), mask)
    figures.add(
        share,
        policy_loss=surrogate.loss,
        value_loss=fit.loss,
        clip_fraction=surrogate.clip_fraction,
        value_clip_fraction=fit.clip_fraction,
        old_kl=surrogate.old_kl,
    )
    return loss
