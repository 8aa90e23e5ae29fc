"""One run in several processes, as `torchrun` starts them, or alone.

`accelerate launch --multi_gpu` starts them on GPUs, too; on a CPU it starts one. All processes make
the same step from the same global batch, each from its pieces of it; gradients are summed, so the
number of processes changes nothing but the time.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from accelerate import PartialState
from accelerate.utils import reduce
from torch import Tensor


class Processes:
    """This process among all of the run. `device` is `cpu` or `cuda`; alone, `count` is 1."""

    def __init__(self, device: str = "cpu") -> None:
        self._state = PartialState(cpu=device == "cpu")
        self.count: int = self._state.num_processes
        self.rank: int = self._state.process_index
        self.device: torch.device = self._state.device if self.count > 1 else torch.device(device)

    @property
    def main(self) -> bool:
        """Whether this process is the one that writes files and talks."""
        return self.rank == 0

    def total(self, values: Tensor) -> Tensor:
        """The sum of `values` over all processes, in each of them."""
        if self.count == 1:
            return values
        summed: Tensor = reduce(values, reduction="sum")
        return summed

    def sum_gradients(self, weights: Iterable[torch.nn.Parameter]) -> None:
        """Replace every gradient by its sum over the processes, in one exchange."""
        if self.count == 1:
            return
        every = [one for one in weights if one.requires_grad]
        flat = torch.cat(
            [torch.zeros_like(one).view(-1) if one.grad is None else one.grad.view(-1)
             for one in every]
        )  # fmt: skip
        parts = self.total(flat).split([one.numel() for one in every])
        for one, part in zip(every, parts, strict=True):
            one.grad = part.view_as(one)

    def wait(self) -> None:
        """Go on when all are here."""
        self._state.wait_for_everyone()
