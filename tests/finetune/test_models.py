from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny_t5
import torch
from transformers import BertConfig, BertModel, T5Tokenizer

from chatbot.engines.base import Decoding
from chatbot.engines.flan_t5 import FlanT5Engine
from finetune.errors import CheckpointNotSaved, TokenizerMismatch, TrainingError
from finetune.models import (
    AdapterSettings,
    Method,
    adapt,
    check_tokenizer,
    load_t5,
    trainable_share,
    trained_parameters,
)
from finetune.precision import Precision
from finetune.saving import save_model
from ingestion.errors import ModelUnavailable


def logits(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return model(
            input_ids=torch.tensor([[5, 6, 7, 1]]), labels=torch.tensor([[8, 9, 1]])
        ).logits


def shake(model: torch.nn.Module) -> None:
    torch.manual_seed(1)
    for weights in trained_parameters(model).values():
        torch.nn.init.normal_(weights, std=0.3)


def test_a_t5_comes_with_its_own_output_matrix(tiny: Path) -> None:
    model, tokenizer = load_t5(str(tiny))
    before = model.lm_head.weight.clone()
    model.tie_weights()
    model.resize_token_embeddings(len(tokenizer) + 8)
    assert torch.equal(model.lm_head.weight[: len(before)], before)


def test_another_family_is_refused(tmp_path: Path) -> None:
    shape = BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, vocab_size=30)
    BertModel(shape).save_pretrained(tmp_path)
    with pytest.raises(ModelUnavailable, match="bert model, not a T5"):
        load_t5(str(tmp_path))


def test_a_tokenizer_of_another_model_is_refused(tiny: Path) -> None:
    model, tokenizer = load_t5(str(tiny))
    larger = T5Tokenizer.from_pretrained(tiny)
    larger.add_tokens([f"piece{number}" for number in range(500)])
    with pytest.raises(TokenizerMismatch, match=r"tiny-t5.*pieces"):
        check_tokenizer(model, larger)
    tokenizer.pad_token = "</s>"
    with pytest.raises(TokenizerMismatch, match="padding is 1 in the tokenizer and 0"):
        check_tokenizer(model, tokenizer)


@pytest.mark.parametrize("method", ["lora", "dora", "rslora"])
def test_a_fresh_adapter_changes_nothing_and_little_is_trained(tiny: Path, method: Method) -> None:
    model, _ = load_t5(str(tiny))
    before = logits(model)
    adapted = adapt(model, AdapterSettings(method=method, r=4))
    assert torch.equal(logits(adapted), before) or method == "dora"
    torch.testing.assert_close(logits(adapted), before)
    names = trained_parameters(adapted)
    assert names
    assert all("lora_" in name for name in names)
    assert not any("lm_head" in name for name in names)
    assert 0 < trainable_share(adapted) < 0.3


def test_the_methods_differ_as_their_papers_say(tiny: Path) -> None:
    plain = adapt(load_t5(str(tiny))[0], AdapterSettings(method="lora", r=4, alpha=8))
    stable = adapt(load_t5(str(tiny))[0], AdapterSettings(method="rslora", r=4, alpha=8))
    for model, expected in ((plain, 8 / 4), (stable, 8 / 4**0.5)):
        scales = {
            module.scaling["default"] for module in model.modules() if hasattr(module, "lora_A")
        }
        assert scales == {expected}
    magnitudes = adapt(load_t5(str(tiny))[0], AdapterSettings(method="dora", r=4))
    assert any("magnitude" in name for name in trained_parameters(magnitudes))


def test_targets_by_name(tiny: Path) -> None:
    model = adapt(load_t5(str(tiny))[0], AdapterSettings(targets="q,v"))
    where = {name.split(".lora_")[0].rpartition(".")[2] for name in trained_parameters(model)}
    assert where == {"q", "v"}
    with pytest.raises(TrainingError, match="nowhere"):
        adapt(load_t5(str(tiny))[0], AdapterSettings(targets="nowhere"))


def test_an_adapter_over_bfloat16_is_trained_in_float32(tiny: Path) -> None:
    model = adapt(load_t5(str(tiny), torch.bfloat16)[0], AdapterSettings())
    assert {weights.dtype for weights in trained_parameters(model).values()} == {torch.float32}
    assert model.get_base_model().lm_head.weight.dtype == torch.bfloat16


def test_full_trains_everything(tiny: Path) -> None:
    model = adapt(load_t5(str(tiny))[0], AdapterSettings(method="full"))
    assert trainable_share(model) == 1


@pytest.mark.parametrize("method", ["lora", "dora", "rslora"])
def test_the_engine_reads_a_saved_adapter(tiny: Path, tmp_path: Path, method: Method) -> None:
    model, tokenizer = load_t5(str(tiny))
    adapted = adapt(model, AdapterSettings(method=method, r=4))
    shake(adapted)
    save_model(adapted, tokenizer, tmp_path / "shelf" / "mine")
    assert json.loads((tmp_path / "shelf/mine/adapter_config.json").read_text())[
        "base_model_name_or_path"
    ] == str(tiny)
    assert not list((tmp_path / "shelf").rglob("README.md"))
    expected = adapted.generate(**tokenizer("sort: token", return_tensors="pt"), max_new_tokens=5)
    engine = FlanT5Engine.load(tiny, name=str(tiny), device="cpu", adapters_dir=tmp_path / "shelf")
    engine.use_adapter("mine")
    said = tokenizer.batch_decode(expected, skip_special_tokens=True)
    assert engine.generate(["sort: token"], Decoding(max_new_tokens=5)) == said


def test_a_saved_adapter_knows_its_base_from_another_of_the_same_name(
    tiny: Path, tmp_path: Path
) -> None:
    model, tokenizer = load_t5(str(tiny))
    save_model(adapt(model, AdapterSettings()), tokenizer, tmp_path / "shelf" / "mine")
    other = tiny_t5.build(tmp_path / tiny.name, seed=1)
    engine = FlanT5Engine.load(
        other, name=str(other), device="cpu", adapters_dir=tmp_path / "shelf"
    )
    with pytest.raises(ModelUnavailable, match="weights are not those of"):
        engine.use_adapter("mine")


def test_the_engine_reads_a_saved_model(tiny: Path, tmp_path: Path) -> None:
    model, tokenizer = load_t5(str(tiny))
    shake(adapt(model, AdapterSettings(method="full")))
    folder = save_model(model, tokenizer, tmp_path / "mine")
    assert torch.equal(logits(load_t5(str(folder))[0]), logits(model))
    assert FlanT5Engine.load(folder, name="mine", device="cpu").count_tokens("token") == 2


def test_a_model_that_cannot_be_written_replaces_nothing(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, tokenizer = load_t5(str(tiny))
    folder = save_model(model, tokenizer, tmp_path / "mine")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model, "save_pretrained", full)
    with pytest.raises(CheckpointNotSaved, match="No space left"):
        save_model(model, tokenizer, folder)
    assert [place.name for place in tmp_path.iterdir()] == ["mine"]
    load_t5(str(folder))


def test_trained_weights_are_held_in_float32() -> None:
    mixed = Precision(torch.bfloat16, "cpu")
    assert mixed.weights(trained=True) == torch.float32
    assert mixed.weights(trained=False) == torch.bfloat16
    with mixed.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16
    with Precision(torch.float32, "cpu").autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
    with pytest.raises(ModelUnavailable, match="float16"):
        Precision.choose("float16", "cpu")  # type: ignore[arg-type]
