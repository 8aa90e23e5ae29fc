from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from chatbot.engines.base import Decoding
from chatbot.engines.factory import load_engine
from chatbot.engines.int8_weights import write_int8
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


@pytest.mark.parametrize("fetch", [True, False])
def test_an_unknown_name_lists_the_known_ones(fetch: bool) -> None:
    """Nobody is sent to the hub for it, by whom models may be fetched or not."""
    for name in ("flan-t5-huge", "lectern-t5", "./models/t5"):
        with pytest.raises(ModelUnavailable, match=rf"no folder {name}.*flan-t5-small"):
            load_engine(name, fetch=fetch)


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


@pytest.fixture
def damaged(random_t5: Path, tmp_path: Path) -> Path:
    """A copy of a T5, to be damaged."""
    return Path(shutil.copytree(random_t5, tmp_path / "damaged"))


def test_damaged_weights_are_named(damaged: Path) -> None:
    (damaged / "model.safetensors").write_bytes(b"broken off")
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        load_engine(str(damaged))


@pytest.mark.parametrize("stored", ["whole", "int8"])
def test_a_model_without_all_its_weights_does_not_speak_with_random_ones(
    damaged: Path, stored: str
) -> None:
    """As an encoder saved alone would."""
    whole = damaged / "model.safetensors"
    weights = {n: w for n, w in load_file(whole).items() if not n.startswith("decoder.block.1")}
    if stored == "int8":
        whole.unlink()
        write_int8(weights, damaged)
    else:
        save_file(weights, whole, {"format": "pt"})
    with pytest.raises(ModelUnavailable, match=r"cannot be read.*no weights for decoder\.block\.1"):
        load_engine(str(damaged), device="cpu")


@pytest.mark.parametrize("stored", ["whole", "int8"])
def test_weights_of_another_size_than_the_configuration_says_are_named(
    damaged: Path, stored: str
) -> None:
    if stored == "int8":
        write_int8(load_file(damaged / "model.safetensors"), damaged)
    config = damaged / "config.json"
    config.write_text(config.read_text().replace('"d_ff": 128', '"d_ff": 256'))
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        load_engine(str(damaged), device="cpu")


def test_a_model_without_its_tokenizer_does_not_read_with_an_empty_one(damaged: Path) -> None:
    (damaged / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        load_engine(str(damaged), device="cpu")
    (damaged / "tokenizer.json").unlink()
    with pytest.raises(ModelUnavailable, match=r"neither tokenizer\.json nor spiece\.model"):
        load_engine(str(damaged), device="cpu")
