"""A T5 with a LoRA adapter as a policy, and the same T5 with the adapter off as its reference.

Dropout is off for good, in sampling, scoring and updates alike: with live dropout the policy would
differ from itself, and the KL to the reference would not start at 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers.modeling_outputs import BaseModelOutput

from finetune.models import set_dropout
from finetune.precision import Precision
from finetune.responses import decoder_inputs, response_mask


@dataclass(frozen=True)
class Inputs:
    """Encoded prompts, padded on the right: `ids` and `mask`, each (batch, length)."""

    ids: Tensor
    mask: Tensor

    def rows(self, chosen: slice | Tensor) -> Inputs:
        return Inputs(self.ids[chosen], self.mask[chosen])


@dataclass(frozen=True)
class Responses:
    """Token ids of responses, (batch, time), and which of them count (see `response_mask`)."""

    tokens: Tensor
    mask: Tensor

    def rows(self, chosen: slice | Tensor) -> Responses:
        return Responses(self.tokens[chosen], self.mask[chosen])


class Policy:
    """π, and within `reference()` ρ. `window`: the most tokens a prompt may have."""

    def __init__(
        self, model: Any, tokenizer: Any, *, window: int = 512, precision: Precision | None = None
    ) -> None:
        tokenizer.padding_side = "right"
        # Rates as well as the mode: gradient checkpointing needs the training mode, in which a rate
        # left over would come to life.
        set_dropout(model, 0.0)
        self.model = model.eval()
        self.t5 = model.get_base_model() if hasattr(model, "peft_config") else model
        self.tokenizer = tokenizer
        self.window = window
        self.precision = precision or Precision(torch.float32, str(self.t5.device))
        self.pad: int = self.t5.config.pad_token_id
        self.end: int = self.t5.config.eos_token_id
        self.start: int = self.t5.config.decoder_start_token_id

    @property
    def device(self) -> torch.device:
        device: torch.device = self.t5.device
        return device

    @contextmanager
    def reference(self) -> Iterator[None]:
        """Within this block the model is the reference."""
        with self.model.disable_adapter():
            yield

    def tokens_of(self, text: str) -> int:
        """How many tokens a prompt or response has, its end mark included."""
        return len(self.tokenizer(text).input_ids)

    def encode_prompts(self, prompts: Sequence[str]) -> Inputs:
        """Raises `ValueError` for a prompt longer than the window: nothing is cut."""
        made = self.tokenizer(list(prompts), padding=True, return_tensors="pt").to(self.device)
        longest = made.input_ids.shape[1]
        if longest > self.window:
            raise ValueError(
                f"a prompt of {longest} tokens is longer than the window {self.window}"
            )
        return Inputs(made.input_ids, made.attention_mask)

    def encode_responses(self, texts: Sequence[str]) -> Responses:
        made = self.tokenizer(list(texts), padding=True, return_tensors="pt").to(self.device)
        return self.responses(made.input_ids)

    def responses(self, tokens: Tensor) -> Responses:
        return Responses(tokens, response_mask(tokens, self.end))

    def decode(self, responses: Responses) -> list[str]:
        kept = responses.tokens.masked_fill(~responses.mask, self.pad)
        texts: list[str] = self.tokenizer.batch_decode(kept, skip_special_tokens=True)
        return [text.strip() for text in texts]

    def logits(self, inputs: Inputs, tokens: Tensor) -> Tensor:
        """Logits of every token given those before it: (rows, time, vocabulary).

        `tokens` may hold several responses to each prompt, side by side; a prompt is read once.
        """
        return self.logits_and_states(inputs, tokens)[0]

    def logits_and_states(self, inputs: Inputs, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Logits, and the decoder's last states s_t: (rows, time, d_model)."""
        times = len(tokens) // len(inputs.ids)
        with self.precision.autocast():
            made = self.t5(
                encoder_outputs=self.read(inputs, times),
                attention_mask=inputs.mask.repeat_interleave(times, dim=0),
                decoder_input_ids=decoder_inputs(tokens, self.start),
                output_hidden_states=True,
                use_cache=False,
            )
        return made.logits, made.decoder_hidden_states[-1]

    def read(self, inputs: Inputs, times: int) -> BaseModelOutput:
        """The encoder's states of each prompt, `times` times side by side."""
        with self.precision.autocast():
            states = self.t5.get_encoder()(input_ids=inputs.ids, attention_mask=inputs.mask)[0]
        return BaseModelOutput(last_hidden_state=states.repeat_interleave(times, dim=0))
