"""The loss of supervised fine-tuning.

    L = −1/N Σ_t [ (1 − ε) log p(y_t | x, y_<t) + ε/V Σ_v log p(v | x, y_<t) ]

over the N target tokens of a whole optimizer step, so that cutting the step into pieces, or sharing
it among processes, leaves the gradient as it is. ε smooths the labels (Szegedy et al. 2016, §7).
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from finetune.data.collate import IGNORED, Batch


def summed_loss(model: Any, batch: Batch, label_smoothing: float = 0.0) -> Tensor:
    """N·L of one batch: the sum over its target tokens, in float32 nats."""
    logits = model(
        input_ids=batch.input_ids,
        attention_mask=batch.attention_mask,
        decoder_input_ids=batch.decoder_input_ids,
        use_cache=False,
    ).logits
    return F.cross_entropy(
        logits.float().flatten(0, 1),
        batch.labels.flatten(),
        ignore_index=IGNORED,
        label_smoothing=label_smoothing,
        reduction="sum",
    )
