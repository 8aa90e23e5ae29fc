"""Weights in eight bits: a quarter of the file, and nearly the same model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from chatbot.engines.base import Decoding
from chatbot.engines.flan_t5 import FlanT5Engine
from chatbot.engines.int8_weights import FILE, read_int8, write_int8
from chatbot.engines.t5_files import read_t5
from ingestion.errors import ModelUnavailable

PROMPTS = ["sort: window answer chunk", "sort: token slide", "sort: model lecture index citation"]


@pytest.fixture(scope="module")
def in_int8(sorting_t5: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The T5 that sorts words, stored in eight bits."""
    folder = tmp_path_factory.mktemp("int8") / "sorting-t5"
    shutil.copytree(sorting_t5, folder)
    write_int8(load_file(folder / "model.safetensors"), folder)
    (folder / "model.safetensors").unlink()
    return folder


def test_no_weight_is_off_by_more_than_half_a_step_of_its_row(tmp_path: Path) -> None:
    weights = {
        "layer.weight": torch.randn(5, 7) * torch.tensor([[1e-3], [1.0], [50.0], [0.0], [2.0]]),
        "norm.weight": torch.tensor([1.0, 0.5]),
        "relative_attention_bias.weight": torch.tensor([[0.25, 8.0]]),
    }
    write_int8(weights, tmp_path)
    back = read_int8(tmp_path)
    assert back.keys() == weights.keys()
    step = weights["layer.weight"].abs().amax(1, keepdim=True) / 127
    off = (back["layer.weight"] - weights["layer.weight"]).abs()
    assert bool((off <= step / 2 + 1e-7).all())
    for kept in ("norm.weight", "relative_attention_bias.weight"):
        assert torch.equal(back[kept], weights[kept])


def test_the_file_is_little_more_than_a_byte_a_weight(in_int8: Path, sorting_t5: Path) -> None:
    whole = (sorting_t5 / "model.safetensors").stat().st_size
    assert (in_int8 / FILE).stat().st_size < 0.32 * whole


def test_the_engine_reads_it_like_any_other_and_says_the_same(
    in_int8: Path, sorting_engine: FlanT5Engine
) -> None:
    small = FlanT5Engine.load(in_int8, name="small", device="cpu")
    decoding = Decoding(max_new_tokens=16)
    assert small.generate(PROMPTS, decoding) == sorting_engine.generate(PROMPTS, decoding)
    answers = ["answer chunk window", "slide token", "citation index lecture model"]
    assert small.score(PROMPTS, answers) == pytest.approx(
        sorting_engine.score(PROMPTS, answers), abs=0.05
    )


def test_its_output_matrix_stays_its_own(in_int8: Path) -> None:
    model, _ = read_t5(in_int8, "small", torch.float32)
    stored = read_int8(in_int8)
    assert model.config.tie_word_embeddings is False
    assert torch.equal(model.lm_head.weight, stored["lm_head.weight"])
    assert torch.equal(model.shared.weight, stored["shared.weight"])
    assert not torch.equal(model.lm_head.weight, model.shared.weight)


def test_a_matrix_without_its_scale_or_its_twin_is_missed(in_int8: Path, tmp_path: Path) -> None:
    shutil.copytree(in_int8, tmp_path / "broken")
    whole = load_file(in_int8 / FILE)
    for name in ("lm_head.weight.int8_scale", "lm_head.weight", "shared.weight"):
        lacking = {n: value for n, value in whole.items() if not n.startswith(name)}
        save_file(lacking, tmp_path / "broken" / FILE)
        with pytest.raises(ModelUnavailable, match=name):
            read_t5(tmp_path / "broken", "broken", torch.float32)


def test_twins_that_are_equal_are_no_lack(in_int8: Path, tmp_path: Path) -> None:
    shutil.copytree(in_int8, tmp_path / "equal")
    whole = load_file(in_int8 / FILE)
    for part in ("", ".int8_scale"):
        whole[f"lm_head.weight{part}"] = whole[f"shared.weight{part}"].clone()
    save_file(whole, tmp_path / "equal" / FILE)
    model, _ = read_t5(tmp_path / "equal", "equal", torch.float32)
    assert torch.equal(model.lm_head.weight, model.shared.weight)


def test_a_damaged_file_is_named(in_int8: Path, tmp_path: Path) -> None:
    shutil.copytree(in_int8, tmp_path / "broken")
    (tmp_path / "broken" / FILE).write_bytes(b"broken off")
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        read_t5(tmp_path / "broken", "broken", torch.float32)
