"""A BERT encoder with a linear head on the mean and the maximum of its token states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.nn.functional import dropout, linear

from chatbot.judging.base import Encoded, fit
from ingestion.encoders.bert_forward import (
    BertShape,
    Dense,
    Weights,
    mean_pool,
    pad,
    token_states,
)
from ingestion.errors import ModelUnavailable

_CLS, _SEP = "[CLS]", "[SEP]"


class BertScorer:
    """Implements `chatbot.judging.base.Scorer`.

    `head` has `weight` (1, 2·d) and `bias` (1,). `dense` carries low-rank deltas in training; with
    `drop` above 0 the pooled state is dropped out, which is for training alone.
    """

    def __init__(
        self,
        base: Path,
        shape: BertShape,
        weights: Weights,
        head: Mapping[str, torch.Tensor],
        *,
        window: int,
        dense: Dense | None = None,
        device: str = "cpu",
    ) -> None:
        self.window = window
        self.drop = 0.0
        self._shape, self._weights, self._head = shape, weights, head
        self._dense, self._device = dense, device
        self._tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._cls = self._special(_CLS)
        self._sep = self._special(_SEP)

    def _special(self, piece: str) -> int:
        number = self._tokenizer.token_to_id(piece)
        if number is None:
            raise ModelUnavailable(
                f"The tokenizer of the encoder has no {piece}.", "Use a BERT encoder."
            )
        return number

    def encode(self, prompts: Sequence[str], texts: Sequence[str]) -> list[Encoded]:
        """`[CLS] prompt [SEP] text [SEP]`, or `[CLS] text [SEP]`."""
        said, asked = (
            [e.ids for e in self._tokenizer.encode_batch_fast(list(t), add_special_tokens=False)]
            for t in (texts, prompts)
        )
        found = []
        for prompt, text in zip(asked, said, strict=True):
            before, after, cut = fit(prompt, text, self.window - 2 - bool(prompt))
            ids = [*before, self._sep, *after] if prompt else after
            found.append(Encoded([self._cls, *ids, self._sep], cut))
        return found

    def __call__(self, ids: Sequence[Sequence[int]]) -> torch.Tensor:
        tokens, mask = pad(ids, self._device)
        states = token_states(self._weights, self._shape, tokens, mask, dense=self._dense)
        # The mean says what a text is about; one word that makes it toxic shows in the maximum.
        most = states.float().masked_fill(~mask[:, :, None], float("-inf")).amax(1)
        pooled = torch.cat([mean_pool(states, mask), most], dim=1)
        if self.drop:
            pooled = dropout(pooled, self.drop)
        weight, bias = self._head["weight"].float(), self._head["bias"].float()
        return linear(pooled, weight, bias)[:, 0]
