"""The record of what writes: other weights, or another adapter promoted, are another record."""

from __future__ import annotations

from pathlib import Path

from chatbot.engines.registry import AdapterRegistry
from chatbot.settings import ChatSettings
from evaluation.generator import adapter_in_use, generator_settings


def folder(path: Path, weights: bytes) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "model.safetensors").write_bytes(weights)
    return path


def test_weights_that_were_trained_again_under_the_same_name_are_told_apart(
    tmp_path: Path,
) -> None:
    settings = ChatSettings(model=str(folder(tmp_path / "tuned", b"first")))
    before = generator_settings(settings)
    folder(tmp_path / "tuned", b"second")

    assert list(before["weights"]) == ["tuned/model.safetensors"]
    assert generator_settings(settings) != before


def test_the_adapter_is_the_named_one_else_the_promoted_one(tmp_path: Path) -> None:
    adapter = folder(tmp_path / "adapters" / "v1", b"delta")
    (adapter / "model.safetensors").rename(adapter / "adapter_model.safetensors")
    (adapter / "adapter_config.json").write_text("{}")
    settings = ChatSettings(
        model=str(folder(tmp_path / "base", b"base")), adapters_dir=tmp_path / "adapters"
    )
    assert adapter_in_use(settings) is None
    AdapterRegistry(tmp_path / "adapters").use("v1")

    assert adapter_in_use(settings) == "v1"
    assert generator_settings(settings)["adapter"] == "v1"
    assert set(generator_settings(settings)["weights"]) == {
        "v1/adapter_model.safetensors",
        "base/model.safetensors",
    }
    assert adapter_in_use(settings.model_copy(update={"adapter": "mine"})) == "mine"


def test_a_generator_that_is_not_here_has_no_weights(tmp_path: Path) -> None:
    assert generator_settings(ChatSettings(model="no/such-model"))["weights"] == {}
