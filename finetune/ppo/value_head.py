"""V(s_t): what the reward of a response is expected to be, read from the decoder's state."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ValueHead(nn.Module):
    """One linear layer in float32, zero at first, so that the first advantages are the rewards."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.linear = nn.Linear(d_model, 1)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, states: Tensor) -> Tensor:
        """(batch, time, d_model) → (batch, time)."""
        with torch.autocast(states.device.type, enabled=False):
            values: Tensor = self.linear(states.float())[..., 0]
        return values
