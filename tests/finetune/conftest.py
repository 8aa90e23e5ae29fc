"""Tiny T5 models of random weights, made once a session."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_t5
import torch

# Models this small run faster on one thread, and several test workers share the cores.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a T5 of random weights, untied, as FLAN-T5 is."""
    return tiny_t5.build(tmp_path_factory.mktemp("models") / "tiny-t5")
