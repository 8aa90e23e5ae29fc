"""The losses of reward models, means over the batch in nats."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid


def bradley_terry(chosen: Tensor, rejected: Tensor) -> Tensor:
    """−log σ(r(x, y⁺) − r(x, y⁻)) (Bradley & Terry 1952; Ouyang et al. 2022, eq. 1)."""
    return -logsigmoid(chosen - rejected).mean()


def soft_label(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy to the share of annotators who found the text toxic."""
    return binary_cross_entropy_with_logits(logits, labels)
