"""The loss of supervised fine-tuning.

    L = −1/N Σ_t [ (1 − ε) log p(y_t | x, y_<t) + ε/V Σ_v log p(v | x, y_<t) ]

over the N target tokens of a whole optimizer step, so that cutting the step into pieces, or sharing
it among processes, leaves the gradient as it is. ε smooths the labels (Szegedy et al. 2016, §7).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from finetune.data.collate import IGNORED, Batch


def summed_loss(model: Any, batch: Batch, label_smoothing: float = 0.0) -> Tensor:
    """N·L of one batch: the sum over its target tokens, in float32 nats."""
    wanted = batch.labels != IGNORED
    with _output_at(model, wanted):
        logits = model(
            input_ids=batch.input_ids,
            attention_mask=batch.attention_mask,
            decoder_input_ids=batch.decoder_input_ids,
            use_cache=False,
        ).logits
    return F.cross_entropy(
        logits.float(), batch.labels[wanted], label_smoothing=label_smoothing, reduction="sum"
    )


@contextmanager
def _output_at(model: Any, wanted: Tensor) -> Iterator[None]:
    """Within this block the logits are those of `wanted` positions: (target tokens, vocabulary).

    Over a vocabulary of 32,000 the logits of padding are a good part of a small model's work.
    """
    hook = model.get_output_embeddings().register_forward_pre_hook(
        lambda module, given: (given[0][wanted],)
    )
    try:
        yield
    finally:
        hook.remove()
