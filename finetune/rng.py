"""Randomness under control: one seed for all generators, and their states as plain JSON."""

from __future__ import annotations

import base64
import random
from typing import Any

import numpy as np
import torch


def seed_everything(seed: int, *parts: int) -> None:
    """Seed Python, NumPy and torch (all devices) from `seed` and `parts`, say step and rank.

    Seeding each step from its number makes a resumed run draw what an uninterrupted one draws.
    """
    mixed = int(np.random.SeedSequence([seed, *parts]).generate_state(1)[0])
    random.seed(mixed)
    np.random.seed(mixed)
    torch.manual_seed(mixed)


def rng_states() -> dict[str, Any]:
    """The states of all generators, JSON-able."""
    version, words, gauss = random.getstate()
    # The global generator is what libraries draw from; its state is the legacy one.
    name, keys, position, has_gauss, cached = np.random.get_state()
    return {
        "python": [version, list(words), gauss],
        "numpy": [name, [int(key) for key in keys], position, has_gauss, cached],
        "torch": _packed(torch.get_rng_state()),
        "cuda": [_packed(state) for state in _cuda_states()],
    }


def restore_rng(states: dict[str, Any]) -> None:
    """Set all generators to what `rng_states` gave; CUDA's where the devices are the same in
    number.
    """
    version, words, gauss = states["python"]
    random.setstate((version, tuple(words), gauss))
    name, keys, position, has_gauss, cached = states["numpy"]
    np.random.set_state((name, np.array(keys, np.uint32), position, has_gauss, cached))
    torch.set_rng_state(_unpacked(states["torch"]))
    if len(states["cuda"]) == len(_cuda_states()):
        for device, state in enumerate(states["cuda"]):
            torch.cuda.set_rng_state(_unpacked(state), device)


def _cuda_states() -> list[torch.Tensor]:
    return torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []


def _packed(state: torch.Tensor) -> str:
    return base64.b64encode(state.numpy().tobytes()).decode()


def _unpacked(state: str) -> torch.Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(state)), dtype=torch.uint8)
