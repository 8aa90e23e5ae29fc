"""Tiny T5 models of random weights, made once a session."""

from __future__ import annotations

import json
import shutil
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


@pytest.fixture(scope="session")
def unscaled(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its logits as large as FLAN-T5's, not divided by √d_model: what a frozen
    output matrix can say for sure.
    """
    folder = tmp_path_factory.mktemp("models") / "unscaled-t5"
    shutil.copytree(tiny, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"scale_decoder_outputs": False}))
    return folder
