"""Weights are told apart by what they are, not by where they lie."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tiny_t5
import torch
from safetensors.torch import load_file, save_file

from finetune.errors import CheckpointNotSaved
from finetune.models import AdapterSettings, adapt, load_t5
from finetune.precision import Precision
from finetune.respondent import Respondent
from finetune.saving import save_model
from finetune.weights import weights_hash
from ingestion.errors import ModelUnavailable


@pytest.fixture
def base(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "base"))


def train_again(folder: Path, name: str = "model.safetensors") -> None:
    """Other weights under the same names."""
    weights = {key: value + 0.1 for key, value in load_file(folder / name).items()}
    save_file(weights, folder / name, metadata={"format": "pt"})


def key(base: Path, tuned: Path | None) -> str:
    precision = Precision(torch.float32, "cpu")
    return Respondent(str(base), tuned, precision=precision, max_new_tokens=3).key("What?")


def test_a_kept_answer_is_of_an_adapter_and_of_its_base(base: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    tiny_t5.make_adapter(base, adapter, seed=1)
    keys = [key(base, None), key(base, adapter)]
    train_again(base)
    keys += [key(base, None), key(base, adapter)]
    train_again(adapter, "adapter_model.safetensors")
    assert key(base, None) == keys[2]
    keys.append(key(base, adapter))
    assert len(set(keys)) == 5


def test_a_whole_model_answers_by_itself(base: Path, tiny: Path) -> None:
    before = key(tiny, base)
    assert before == key(base, None)
    shutil.copy(base / "model.safetensors", base / "adapter_model.safetensors")
    train_again(base)
    assert key(tiny, base) != before, "an adapter's weights without their configuration are none"


def test_weights_in_several_files_are_all_hashed(tmp_path: Path) -> None:
    parts = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    for part in parts:
        (tmp_path / part).write_bytes(b"weights")
    before = weights_hash(tmp_path)
    (tmp_path / parts[1]).write_bytes(b"other weights")
    assert weights_hash(tmp_path) != before
    for part in parts:
        (tmp_path / part).unlink()
    with pytest.raises(ModelUnavailable, match="holds neither an adapter nor a whole model"):
        weights_hash(tmp_path)


def test_one_kind_of_model_replaces_the_other(tiny: Path, tmp_path: Path) -> None:
    def left(method: str) -> set[str]:
        model, tokenizer = load_t5(str(tiny))
        adapted = adapt(model, AdapterSettings(method=method, r=2))  # type: ignore[arg-type]
        save_model(adapted, tokenizer, tmp_path / "out")
        return {file.name for file in (tmp_path / "out").glob("*.safetensors")}

    assert left("lora") == {"adapter_model.safetensors"}
    assert left("full") == {"model.safetensors"}
    (tmp_path / "out/model-00001-of-00002.safetensors").write_bytes(b"")
    assert left("lora") == {"adapter_model.safetensors"}


def test_an_adapter_does_not_replace_the_model_that_it_is_for(base: Path) -> None:
    before = weights_hash(base)
    model, tokenizer = load_t5(str(base))
    with pytest.raises(CheckpointNotSaved, match="holds the model that the adapter is for"):
        save_model(adapt(model, AdapterSettings(r=2)), tokenizer, base)
    assert weights_hash(base) == before
