from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chatbot.engines.base import Decoding
from chatbot.engines.factory import load_engine
from ingestion.errors import ModelUnavailable


def test_a_local_folder_loads(random_t5: Path) -> None:
    engine = load_engine(str(random_t5), device="cpu", window=64)
    assert (engine.name, engine.window) == (str(random_t5), 64)
    assert len(engine.generate(["sort: token"], Decoding(max_new_tokens=3))) == 1


def test_a_hub_name_loads_from_the_cache(
    random_t5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0" * 40
    repository = tmp_path / "models--google--flan-t5-small"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs/main").write_text(commit)
    (repository / "snapshots").mkdir()
    (repository / "snapshots" / commit).symlink_to(random_t5)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("ingestion.hub.hub_reachable", lambda: pytest.fail("asked the network"))
    assert load_engine("flan-t5-small", device="cpu").name == "google/flan-t5-small"


def test_without_cache_and_network_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("ingestion.hub.hub_reachable", lambda: False)
    with pytest.raises(ModelUnavailable, match="google/flan-t5-base") as refused:
        load_engine("flan-t5-base")
    assert refused.value.remedy


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ModelUnavailable, match=r"no folder flan-t5-huge.*flan-t5-small"):
        load_engine("flan-t5-huge")


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="cannot be read") as refused:
        load_engine(str(tmp_path))
    assert str(tmp_path) in refused.value.what
    assert "model.safetensors" in refused.value.remedy


def test_a_pickled_checkpoint_is_not_loaded(random_t5: Path, tmp_path: Path) -> None:
    import torch

    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((random_t5 / name).read_bytes())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        load_engine(str(tmp_path))


def test_an_unknown_adapter_is_refused(random_t5: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="no adapter named “polite”"):
        load_engine(str(random_t5), device="cpu", adapters_dir=tmp_path, adapter="polite")


def test_importing_the_factory_imports_no_framework() -> None:
    code = (
        "import sys, chatbot.engines.factory as f\n"
        "print(sorted({'torch', 'transformers', 'peft'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_damaged_weights_are_named(random_t5: Path, tmp_path: Path) -> None:
    for found in random_t5.iterdir():
        (tmp_path / found.name).write_bytes(found.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"broken off")
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        load_engine(str(tmp_path))
