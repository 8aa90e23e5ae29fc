"""`Decoding` → the arguments of transformers' `generate`, and a seeded random state for a call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from chatbot.engines.base import Decoding


def generate_arguments(decoding: Decoding) -> dict[str, Any]:
    """Every argument is given: what is left out, `generate` takes from the model's own file."""
    arguments: dict[str, Any] = {
        "max_new_tokens": decoding.max_new_tokens,
        "repetition_penalty": decoding.repetition_penalty,
        "do_sample": decoding.strategy == "sample",
        "num_beams": decoding.num_beams if decoding.strategy == "beam" else 1,
    }
    if decoding.strategy == "sample":
        arguments |= {
            "temperature": decoding.temperature,
            "top_k": decoding.top_k,
            "top_p": decoding.top_p,
        }
    return arguments


@contextmanager
def seeded(seed: int | None, device: torch.device) -> Iterator[None]:
    """Run a block under `seed` and give the process its random state back; None changes nothing."""
    if seed is None:
        yield
        return
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(seed)
        yield
