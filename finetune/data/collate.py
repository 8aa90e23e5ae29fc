"""A few examples as tensors, padded to the longest among them and no further."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

IGNORED = -100
"""The label of padding: no loss is taken there (torch's own default)."""


@dataclass(frozen=True)
class Batch:
    """(examples, tokens) each. `decoder_input_ids` are the labels moved right by one, after the
    start mark; they and `labels` have one shape.
    """

    input_ids: Tensor
    attention_mask: Tensor
    decoder_input_ids: Tensor
    labels: Tensor

    def to(self, device: torch.device | str) -> Batch:
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self.tensors()))

    def tensors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.input_ids, self.attention_mask, self.decoder_input_ids, self.labels

    @property
    def tokens(self) -> int:
        """Tokens that are no padding, of sources and targets."""
        return int(self.attention_mask.sum()) + self.target_tokens

    @property
    def target_tokens(self) -> int:
        return int((self.labels != IGNORED).sum())


def collate(
    sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], *, pad: int, start: int
) -> Batch:
    """Token ids, each row ending in the end mark, as one `Batch`; padding stands on the right."""
    labels = padded(targets, IGNORED)
    before = labels.roll(1, dims=1)
    before[:, 0] = start
    ids = padded(sources, pad)
    mask = padded([[1] * len(source) for source in sources], 0)
    return Batch(ids, mask, before.masked_fill(before == IGNORED, pad), labels)


def padded(rows: Sequence[Sequence[int]], value: int) -> Tensor:
    """Rows of unlike length as one tensor (rows, longest), filled up with `value`."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (longest - len(row))] for row in rows])
