"""Odds-ratio preference optimisation (Hong et al. 2024): tuning and preference at once."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def log_odds(mean_logprobs: Tensor) -> Tensor:
    """log P / (1 − P), where P(y|x) is the geometric mean of the tokens' probabilities (eqs. 3, 4).

    `mean_logprobs`: mean log-probability per token, (batch,), below 0.
    """
    # log(1 − P) without cancellation near P = 1; a P that rounds to 1 stays finite.
    below_zero = mean_logprobs.clamp_max(-1e-7)
    return below_zero - torch.log(-torch.expm1(below_zero))


def odds_ratio_loss(chosen: Tensor, rejected: Tensor) -> Tensor:
    """L_OR = −log σ(log odds(y_w|x) / odds(y_l|x)), eq. 7, for each pair: (batch,).

    The whole objective is L_SFT on the chosen response plus λ L_OR (eq. 6).
    """
    return -F.logsigmoid(log_odds(chosen) - log_odds(rejected))
