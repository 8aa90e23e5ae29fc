"""Greedy answers to many prompts, those of one length together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from finetune.data.collate import padded
from finetune.precision import Precision

TOKENS = 8192
"""Padded tokens of prompts that are read at a time."""


def batches_by_length(lengths: Sequence[int], budget: int = TOKENS) -> Iterator[list[int]]:
    """Indices of the longest first, as many at a time as stay within `budget` when padded."""
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    start = 0
    while start < len(order):
        size = max(1, budget // max(lengths[order[start]], 1))
        yield order[start : start + size]
        start += size


@torch.inference_mode()
def greedy(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Sequence[int]],
    *,
    max_new_tokens: int,
    precision: Precision,
) -> list[str]:
    """The most likely next token again and again: one text for each prompt of token ids."""
    was_training = model.training
    model.eval()
    ids = padded(prompts, tokenizer.pad_token_id)
    mask = padded([[1] * len(prompt) for prompt in prompts], 0)
    try:
        with precision.autocast():
            made = model.generate(
                input_ids=ids.to(model.device),
                attention_mask=mask.to(model.device),
                max_new_tokens=max_new_tokens,
                do_sample=False,
                num_beams=1,
            )
    finally:
        model.train(was_training)
    texts: list[str] = tokenizer.batch_decode(made, skip_special_tokens=True)
    return [text.strip() for text in texts]
