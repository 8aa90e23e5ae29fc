"""Direct preference optimisation (Rafailov et al. 2023)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def dpo_loss(
    chosen: Tensor,
    rejected: Tensor,
    reference_chosen: Tensor,
    reference_rejected: Tensor,
    beta: float,
    label_noise: float = 0.0,
) -> Tensor:
    """−log σ(β [log π(y_w|x)/ρ(y_w|x) − log π(y_l|x)/ρ(y_l|x)]), eq. 7, for each pair: (batch,).

    All log-probabilities are of whole responses (sums over tokens), (batch,). `label_noise` is the
    assumed share of pairs that are the wrong way round (conservative DPO, Mitchell 2023).
    """
    margin = beta * ((chosen - reference_chosen) - (rejected - reference_rejected))
    return -(1 - label_noise) * F.logsigmoid(margin) - label_noise * F.logsigmoid(-margin)
