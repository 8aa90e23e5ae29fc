"""The encoder half of a T5 with a linear head on the mean of its token states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import dropout, linear

from chatbot.engines.factory import find_model
from chatbot.engines.t5_files import read_t5
from chatbot.judging.base import Encoded, fit
from ingestion.encoders.bert_forward import mean_pool, pad
from ingestion.encoders.lora import AdapterConfig, check_base, merge_deltas, read_tensors


class T5Scorer:
    """Implements `chatbot.judging.base.Scorer`; `encoder` is a `T5Stack`, `head` has `weight`
    (1, d) and `bias` (1,). T5's padding id is 0, as `pad` has it.
    """

    def __init__(
        self, encoder: Any, tokenizer: Any, head: Mapping[str, torch.Tensor], *, window: int
    ) -> None:
        self.window = window
        self.drop = 0.0
        self.encoder, self._head = encoder.eval(), head
        self._tokenizer = tokenizer.backend_tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._end: int = tokenizer.eos_token_id

    def encode(self, prompts: Sequence[str], texts: Sequence[str]) -> list[Encoded]:
        """`prompt </s> text </s>`, or `text </s>`."""
        said, asked = (
            [e.ids for e in self._tokenizer.encode_batch(list(t), add_special_tokens=False)]
            for t in (texts, prompts)
        )
        found = []
        for prompt, text in zip(asked, said, strict=True):
            before, after, cut = fit(prompt, text, self.window - 1 - bool(prompt))
            ids = [*before, self._end, *after] if prompt else after
            found.append(Encoded([*ids, self._end], cut))
        return found

    def __call__(self, ids: Sequence[Sequence[int]]) -> torch.Tensor:
        tokens, mask = pad(ids, str(self.encoder.device))
        states = self.encoder(input_ids=tokens, attention_mask=mask.long()).last_hidden_state
        pooled = mean_pool(states, mask)
        if self.drop:
            pooled = dropout(pooled, self.drop)
        weight, bias = self._head["weight"].float(), self._head["bias"].float()
        return linear(pooled, weight, bias)[:, 0]


def load_t5_scorer(
    folder: Path, config: AdapterConfig, dtype: torch.dtype, device: str
) -> T5Scorer:
    """The judge in `folder` on the T5 that its configuration names, deltas merged."""
    name, base = find_model(config.base)
    check_base(folder, config, base)
    deltas, head = read_tensors(folder)
    model, tokenizer = read_t5(base, name, torch.float32)
    encoder = model.encoder
    encoder.load_state_dict(merge_deltas(encoder.state_dict(), deltas, config.scale))
    options: Any = config.options
    return T5Scorer(
        encoder.to(device, dtype),
        tokenizer,
        {name: value.to(device) for name, value in head.items()},
        window=int(options["window"]),
    )
