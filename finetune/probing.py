"""Whether two forms of one model are the same: logits on fixed prompts, held against each other."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

PAIRS = (
    ("Summarize: The learner asked when the exam is, and was told Friday at ten.", "Friday."),
    ("Question: What does a tokenizer do? Let's think step by step.", "It cuts text into pieces."),
    ("Is this sentence about attention? It is not.", "No"),
)
"""Prompts and completions that a model is asked before and after its form changes."""


def probe(model: Any, tokenizer: Any) -> Tensor:
    """Logits of the model on `PAIRS`, dropout off: (pairs, target tokens, vocabulary), float32.

    Positions of padding are zero.
    """
    prompts, answers = zip(*PAIRS, strict=True)
    inputs = tokenizer(list(prompts), padding=True, return_tensors="pt")
    targets = tokenizer(list(answers), padding=True, return_tensors="pt")
    labels = targets.input_ids.masked_fill(targets.attention_mask == 0, -100)
    training = model.training
    model.eval()
    with torch.inference_mode():
        logits: Tensor = model(
            input_ids=inputs.input_ids.to(model.device),
            attention_mask=inputs.attention_mask.to(model.device),
            labels=labels.to(model.device),
        ).logits.float()
    model.train(training)
    mask: Tensor = targets.attention_mask[..., None]
    return logits.cpu() * mask


def distance(before: Tensor, after: Tensor) -> float:
    """The largest difference of two logits, as a share of the spread of those before."""
    spread = float(before.std()) or 1.0
    return float((before - after).abs().max()) / spread
