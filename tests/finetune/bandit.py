"""A T5 over a dozen words, small enough that every response's probability can be written down.

With one-token responses it is a bandit with a context: the best policy under a reward r and a KL
penalty β is known in closed form, π*(y|x) ∝ ρ(y|x) exp(r(y)/β) (Rafailov et al. 2023, eq. 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tiny_t5
import torch
from torch import Tensor
from transformers import T5ForConditionalGeneration, T5Tokenizer

from finetune.models import AdapterSettings, adapt, load_t5, set_dropout
from finetune.policy import Policy
from finetune.prompts import Prompts

ARMS = ["red", "green", "blue", "cyan", "pink", "gold", "grey", "teal"]
PROMPTS = Prompts(["red", "green blue", "gold gold gold", "teal"], 0)


class ArmReward:
    """0 for the first arm to 1 for the last, 0 for anything else."""

    identity = "arm"

    def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        return [ARMS.index(said) / (len(ARMS) - 1) if said in ARMS else 0.0 for said in responses]


def build(folder: Path, silent: int = 0) -> Path:
    """A model that answers any prompt with one arm and ends, the less rewarded the likelier.

    `silent`: how many in 36 answers are none at all.
    """
    pieces = ["<pad>", "</s>", "<unk>", "▁", *(f"▁{arm}" for arm in ARMS)]
    words = T5Tokenizer(vocab=[(piece, 0.0) for piece in pieces], extra_ids=0)
    torch.manual_seed(0)
    model = T5ForConditionalGeneration(tiny_t5.config(len(words), d_model=32))
    model.config.tie_word_embeddings = False
    model.lm_head.weight = torch.nn.Parameter(2 * torch.randn(model.lm_head.weight.shape))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    said = [arm for place, arm in enumerate(ARMS) for _ in range(len(ARMS) - place)]
    said[len(said) - silent :] = [""] * silent
    batch = tiny_t5.batch(
        words, [prompt for prompt in PROMPTS.texts for _ in said], said * len(PROMPTS.texts)
    )
    for _ in range(80):
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def policy(folder: Path, seed: int) -> Policy:
    """With a fresh adapter, and dropout alive until `Policy` turns it off."""
    model, tokenizer = load_t5(str(folder))
    set_dropout(model, 0.1)
    torch.manual_seed(seed)
    return Policy(adapt(model, AdapterSettings(r=8, alpha=16, dropout=0.1)).train(), tokenizer)


@dataclass(frozen=True)
class Exact:
    """Means over the prompts, nothing sampled. `objective` is reward − β KL."""

    reward: float
    kl: float
    objective: float


def exact(policy: Policy, beta: float) -> tuple[Exact, Exact, Exact]:
    """(reference, policy, optimum) for responses of one token."""
    with torch.no_grad():
        inputs = policy.encode_prompts(PROMPTS.texts)
        any_token = torch.zeros((len(PROMPTS.texts), 1), dtype=torch.long)
        log_pi = policy.logits(inputs, any_token)[:, 0].double().log_softmax(-1)
        with policy.reference():
            log_rho = policy.logits(inputs, any_token)[:, 0].double().log_softmax(-1)
    tokens = torch.arange(log_pi.shape[1])[:, None]
    said = policy.decode(policy.responses(tokens))
    r = torch.tensor(ArmReward().scores(said, said), dtype=torch.float64)

    def of(log_p: Tensor) -> Exact:
        reward = float((log_p.exp() * r).sum(1).mean())
        kl = float((log_p.exp() * (log_p - log_rho)).sum(1).mean())
        return Exact(reward, kl, reward - beta * kl)

    return of(log_rho), of(log_pi), of((log_rho + r / beta).log_softmax(-1))
