"""A tiny T5 with a LoRA as a policy, for tests; its dropout is live until `Policy` turns it off."""

from __future__ import annotations

from pathlib import Path

import torch

from finetune.models import AdapterSettings, adapt, load_t5, set_dropout
from finetune.policy import Policy


def tiny_policy(folder: Path, *, r: int = 4, seed: int = 0) -> Policy:
    model, tokenizer = load_t5(str(folder))
    set_dropout(model, 0.1)  # the folder's configuration has none: FLAN-T5's has 0.1
    torch.manual_seed(seed)
    adapted = adapt(model, AdapterSettings(r=r, alpha=2 * r, dropout=0.1))
    return Policy(adapted.train(), tokenizer)


def disturb(policy: Policy, size: float = 0.3) -> None:
    """Give the adapter weights that change something: a fresh one has B = 0."""
    draw = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, weights in policy.model.named_parameters():
            if "lora_B" in name:
                weights.copy_(size * torch.randn(weights.shape, generator=draw))
