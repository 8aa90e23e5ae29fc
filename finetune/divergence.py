"""How far a policy has moved from its reference, measured on responses of its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from finetune.policy import Policy
from finetune.responses import token_kl
from finetune.sampling import Sampling, sample


@torch.no_grad()
def measured_kl(
    policy: Policy, prompts: Sequence[str], *, max_new_tokens: int, batch: int = 16
) -> list[float]:
    """An estimate of KL(π(·|x) ‖ ρ(·|x)) in nats for each prompt, from one response each.

    Their mean estimates the KL over the prompts without bias. Draws from torch's global generator.
    """
    found: list[float] = []
    for start in range(0, len(prompts), batch):
        inputs = policy.encode_prompts(prompts[start : start + batch])
        responses = sample(policy, inputs, Sampling(max_new_tokens))
        logits = policy.logits(inputs, responses.tokens)
        with policy.reference():
            reference = policy.logits(inputs, responses.tokens)
        kl = torch.where(responses.mask, token_kl(logits, reference), 0)
        found += kl.sum(1).tolist()
    return found
