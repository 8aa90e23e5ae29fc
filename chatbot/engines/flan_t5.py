"""FLAN-T5 in PyTorch: batches, streams, log-likelihoods, and LoRA adapters swapped while it runs.

One lock serializes all work on the model: adapters and the random generator are shared state, also
by the copies of an engine. What was asked of a copy is answered by that copy's adapter.
Half precision means bfloat16: float16 overflows in T5.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import StoppingCriteria, StoppingCriteriaList, TextIteratorStreamer

from chatbot.engines.adapters import list_adapters
from chatbot.engines.base import Decoding
from chatbot.engines.decoding import generate_arguments, seeded
from chatbot.engines.hardware import Dtype, resolve_device, resolve_dtype
from chatbot.engines.lora import LoadedAdapters
from chatbot.engines.t5_files import read_t5, untie

LONGEST_WINDOW = 2048
BATCH = 16


class FlanT5Engine:
    """Implements `chatbot.engines.base.Engine` over a T5 model and its tokenizer.

    `name` is what adapters and people know the model by; `window` (tokens, 16 to 2,048) defaults to
    512, the length FLAN-T5 was trained at.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        name: str,
        window: int = 512,
        adapters_dir: Path | None = None,
    ) -> None:
        if not 16 <= window <= LONGEST_WINDOW:
            raise ValueError(f"window is {window}; it must lie between 16 and {LONGEST_WINDOW}")
        untie(model)
        self.name = name
        self.window = window
        self.adapter: str | None = None
        self._model = model.eval()
        self._tokenizer = tokenizer
        # Its 512 is the length of training, not a limit: only the window is one here.
        tokenizer.model_max_length = LONGEST_WINDOW
        self._adapters_dir = adapters_dir
        self._loaded = LoadedAdapters(self._model, name, adapters_dir)
        self._lock = threading.RLock()
        # Counting happens while a generation thread decodes; the Rust tokenizer refuses to be
        # reconfigured (padding, truncation) meanwhile, so counting has a copy of its own.
        self._counter = copy.deepcopy(tokenizer.backend_tokenizer)
        self._counter.no_padding()
        self._counter.no_truncation()

    @classmethod
    def load(
        cls,
        folder: Path | str,
        *,
        name: str,
        device: str = "auto",
        dtype: Dtype = "auto",
        window: int = 512,
        adapters_dir: Path | None = None,
    ) -> FlanT5Engine:
        """Read a local folder in the Hugging Face layout.

        Raises `ModelUnavailable` for files that are missing or damaged, another family of models,
        a device that is not there.
        """
        place = resolve_device(device)
        model, tokenizer = read_t5(folder, name, resolve_dtype(dtype, place))
        return cls(model.to(place), tokenizer, name=name, window=window, adapters_dir=adapters_dir)

    @property
    def device(self) -> str:
        """Where the model computes, for people: `cpu`, `cuda:0`."""
        return str(self._model.device)

    def count_tokens(self, text: str) -> int:
        return len(self._counter.encode(text).ids)

    def generate(self, prompts: Sequence[str], decoding: Decoding) -> list[str]:
        completions: list[str] = []
        for start in range(0, len(prompts), BATCH):
            batch = prompts[start : start + BATCH]
            with self._speaking(decoding.seed):
                made = self._model.generate(**self._encode(batch), **generate_arguments(decoding))
                completions += self._tokenizer.batch_decode(made, skip_special_tokens=True)
        return completions

    def stream(self, prompt: str, decoding: Decoding) -> Iterator[str]:
        """See the contract. Beam search knows its text only at the end: it comes in one piece.

        Closing the iterator stops the generation at its next token.
        """
        self._check_window([prompt])
        if decoding.strategy == "beam":
            return iter(self.generate([prompt], decoding))
        return self._stream(prompt, decoding)

    def _stream(self, prompt: str, decoding: Decoding) -> Iterator[str]:
        streamer = TextIteratorStreamer(self._tokenizer, skip_prompt=True, skip_special_tokens=True)
        closed = threading.Event()
        failures: list[BaseException] = []

        def work() -> None:
            try:
                with self._speaking(decoding.seed):
                    self._model.generate(
                        **self._encode([prompt]),
                        **generate_arguments(decoding),
                        streamer=streamer,
                        stopping_criteria=StoppingCriteriaList([_StopWhen(closed)]),
                    )
            except BaseException as failure:  # handed to the consumer, which raises it
                failures.append(failure)
                streamer.on_finalized_text("", stream_end=True)

        worker = threading.Thread(target=work, name="flan-t5-stream", daemon=True)
        worker.start()
        try:
            for piece in streamer:
                if piece:
                    yield piece
        finally:
            closed.set()
            worker.join()
        if failures:
            raise failures[0]

    def score(self, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        if len(prompts) != len(completions):
            raise ValueError(f"{len(prompts)} prompts but {len(completions)} completions")
        scores: list[float] = []
        for start in range(0, len(prompts), BATCH):
            with self._speaking():
                inputs = self._encode(prompts[start : start + BATCH])
                labels = self._tokenizer(
                    list(completions[start : start + BATCH]), padding=True, return_tensors="pt"
                ).to(self._model.device)
                # Masked out positions are read as padding by the decoder's right shift.
                target = labels.input_ids.masked_fill(labels.attention_mask == 0, -100)
                logits = self._model(**inputs, labels=target).logits
                # bfloat16 has three significant digits: too few for sums of logarithms.
                chosen = (
                    logits.float().log_softmax(-1).gather(-1, labels.input_ids[..., None])[..., 0]
                )
                mask = labels.attention_mask
                scores += ((chosen * mask).sum(1) / mask.sum(1)).tolist()
        return scores

    def adapters(self) -> list[str]:
        return list_adapters(self._adapters_dir)

    def use_adapter(self, name: str | None) -> None:
        with self._lock:
            self._loaded.switch(name)
            self.adapter = name

    @contextmanager
    def _speaking(self, seed: int | None = None) -> Iterator[None]:
        """Alone with the model, which has this engine's adapter on."""
        with self._lock:
            self._loaded.switch(self.adapter)
            with torch.inference_mode(), seeded(seed, self._model.device):
                yield

    def _encode(self, prompts: Sequence[str]) -> Any:
        self._check_window(prompts)
        return self._tokenizer(list(prompts), padding=True, return_tensors="pt").to(
            self._model.device
        )

    def _check_window(self, prompts: Sequence[str]) -> None:
        longest = max(self.count_tokens(prompt) for prompt in prompts)
        if longest > self.window:
            raise ValueError(
                f"a prompt of {longest} tokens is longer than the window of {self.window}"
            )


class _StopWhen(StoppingCriteria):
    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        return torch.full((input_ids.shape[0],), self._event.is_set(), device=input_ids.device)
