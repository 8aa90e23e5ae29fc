"""The program prepared for a GPU runs unchanged on a CPU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import T5ForConditionalGeneration

from benchmarks.gpu.shaped_t5 import VOCABULARY, build, config, text
from chatbot.engines.base import Decoding
from chatbot.engines.flan_t5 import FlanT5Engine

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("size", "parameters"),
    [
        ("small", 76_961_152),
        ("base", 247_577_856),
        ("large", 783_150_080),
        ("xl", 2_849_757_184),
    ],
)
def test_the_shapes_are_those_of_flan_t5(size: str, parameters: int) -> None:
    shape = config(size)
    with torch.device("meta"):
        model = T5ForConditionalGeneration(shape)
    # Made from a config the output matrix is the embeddings; FLAN-T5 has one of its own.
    assert model.num_parameters() + VOCABULARY * shape.d_model == parameters


def test_texts_and_completions_have_the_tokens_that_are_counted(tmp_path: Path) -> None:
    engine = FlanT5Engine.load(build(tmp_path, "tiny"), name="tiny", device="cpu")
    prompt = text(50, seed=1)
    assert engine.count_tokens(prompt) == 50
    (said,) = engine.generate([prompt], Decoding(max_new_tokens=12))
    assert engine.count_tokens(said) == 13


def test_the_program_compares_measures_and_serves(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.gpu.flan_t5", "--device", "cpu", "--sizes", "tiny"]
    command += "--prompt-tokens 24 --new-tokens 6 --batches 1,2 --repeats 1".split()
    done = subprocess.run(
        [*command, "--out", str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tiny = json.loads((tmp_path / "flan_t5_cpu.json").read_text())["sizes"]["tiny"]
    assert tiny["float32"]["log_likelihood_apart"] < 1e-4
    assert tiny["float32"]["same_tokens"] == 1
    assert [speed["batch"] for speed in tiny["float32"]["speed"]] == [1, 2]
    assert tiny["served"]["agrees"]
    assert tiny["served"]["stream_is_generation"]
