"""Merging and exporting leave what a model says as it was, and refuse what does not fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny_t5
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from chatbot.engines.base import Decoding
from chatbot.engines.flan_t5 import FlanT5Engine
from evaluation.judge import record_reward, recorded_reward
from finetune.commands import train_app
from finetune.errors import CheckpointNotSaved, TrainingError, WrongBase
from finetune.exporting import export, log_likelihoods
from finetune.merging import base_of, merge
from finetune.models import load_t5
from finetune.probing import distance, probe
from ingestion.errors import LecternError, ModelUnavailable

PROMPTS = ["sort: window answer chunk", "Read this: The layer has 12 heads."]


@pytest.fixture
def adapter(tiny: Path, tmp_path: Path) -> Path:
    """Deltas of moderate size: huge ones make a random model amplify the rounding of float32."""
    tiny_t5.make_adapter(tiny, tmp_path / "adapter", seed=1)
    path = tmp_path / "adapter" / "adapter_model.safetensors"
    save_file({name: weights * 0.3 for name, weights in load_file(path).items()}, path)
    return tmp_path / "adapter"


@pytest.fixture
def unscaled(tiny: Path, tmp_path: Path) -> Path:
    """As FLAN-T5's configuration has it: the decoder's output is not scaled by 1/√d."""
    folder = tmp_path / "unscaled-t5"
    shutil.copytree(tiny, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "scale_decoder_outputs": False}))
    return folder


def test_the_merged_model_says_what_base_and_adapter_say(
    tiny: Path, adapter: Path, tmp_path: Path
) -> None:
    told = merge(adapter, tmp_path / "merged")

    engine = FlanT5Engine.load(
        tiny, name=str(tiny), device="cpu", adapters_dir=adapter.parent, window=128
    )
    plain = engine.generate(PROMPTS, Decoding(max_new_tokens=12))
    engine.use_adapter("adapter")
    merged = FlanT5Engine.load(tmp_path / "merged", name="merged", device="cpu", window=128)
    decoding = Decoding(max_new_tokens=12)
    assert merged.generate(PROMPTS, decoding) == engine.generate(PROMPTS, decoding) != plain
    assert merged.score(PROMPTS, ["token", "12"]) == pytest.approx(
        engine.score(PROMPTS, ["token", "12"]), abs=1e-3
    )
    assert told.distance < 1e-3
    assert told.base == str(tiny)


def test_the_output_matrix_stays_its_own(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    merge(adapter, tmp_path / "merged")

    before, after = (
        load_file(folder / "model.safetensors") for folder in (tiny, tmp_path / "merged")
    )
    assert torch.equal(after["lm_head.weight"], before["lm_head.weight"])
    assert not torch.equal(after["lm_head.weight"], after["shared.weight"])
    assert (
        json.loads((tmp_path / "merged" / "config.json").read_text())["tie_word_embeddings"]
        is False
    )


def test_merged_in_bfloat16_the_file_halves(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    whole = merge(adapter, tmp_path / "whole").folder / "model.safetensors"
    half = merge(adapter, tmp_path / "half", dtype=torch.bfloat16).folder / "model.safetensors"

    assert half.stat().st_size < 0.6 * whole.stat().st_size
    fine, coarse = load_file(whole), load_file(half)
    assert all(torch.equal(coarse[name], fine[name].to(torch.bfloat16)) for name in fine)


def test_an_adapter_of_another_model_is_refused(adapter: Path, tmp_path: Path) -> None:
    other = tiny_t5.build(tmp_path / "other-t5", d_model=32)

    with pytest.raises(WrongBase, match=r"was made for .*tiny-t5, but the model loaded is .*other"):
        merge(adapter, tmp_path / "merged", base=str(other))

    assert not (tmp_path / "merged").exists()


def test_an_adapter_of_another_shape_under_the_same_name_is_refused(
    adapter: Path, tmp_path: Path
) -> None:
    other = tiny_t5.build(tmp_path / "elsewhere" / "tiny-t5", d_model=32)

    with pytest.raises(WrongBase, match="does not fit"):
        merge(adapter, tmp_path / "merged", base=str(other))


@pytest.mark.parametrize("left", [0, 100, -1])
def test_a_torn_adapter_is_named(adapter: Path, tmp_path: Path, left: int) -> None:
    path = adapter / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:left])

    with pytest.raises(WrongBase, match="is damaged"):
        merge(adapter, tmp_path / "merged")


def test_an_adapter_without_some_of_its_weights_is_refused(adapter: Path, tmp_path: Path) -> None:
    path = adapter / "adapter_model.safetensors"
    weights = load_file(path)
    del weights[next(iter(weights))]
    save_file(weights, path)

    with pytest.raises(WrongBase, match="no weights for"):
        merge(adapter, tmp_path / "merged")


def test_weights_that_are_no_numbers_are_refused(adapter: Path, tmp_path: Path) -> None:
    path = adapter / "adapter_model.safetensors"
    weights = load_file(path)
    weights[next(iter(weights))].fill_(torch.nan)
    save_file(weights, path)

    with pytest.raises(TrainingError, match="no numbers"):
        merge(adapter, tmp_path / "merged")


def test_a_model_is_not_merged_over_its_parts(tiny: Path, adapter: Path) -> None:
    for out in (tiny, adapter):
        with pytest.raises(LecternError, match="holds the adapter or its base"):
            merge(adapter, out)
    assert (adapter / "adapter_model.safetensors").is_file()


def test_a_folder_without_an_adapter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="holds no adapter"):
        base_of(tmp_path)


def test_a_merge_that_says_something_else_is_refused(
    adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the output matrix tied to the embeddings on the way, nothing would be written."""
    from peft.tuners.tuners_utils import BaseTuner

    unload = BaseTuner.merge_and_unload

    def tying(model: Any, **named: Any) -> Any:
        merged = unload(model, **named)
        merged.lm_head.weight = merged.shared.weight
        return merged

    monkeypatch.setattr(BaseTuner, "merge_and_unload", tying)
    with pytest.raises(TrainingError, match="says something else than before"):
        merge(adapter, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_a_full_disk_leaves_no_half_model(
    adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any, **named: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("transformers.PreTrainedModel.save_pretrained", full)

    with pytest.raises(CheckpointNotSaved, match="No space left on device"):
        merge(adapter, tmp_path / "merged")

    assert not list((tmp_path / "merged").glob("*"))


def test_the_record_of_training_goes_with_the_model(adapter: Path, tmp_path: Path) -> None:
    (adapter / "training.json").write_text('{"settings": {"lr": 0.1}}')
    record_reward(adapter, "-1*toxicity:0123456789abcdef")
    merge(adapter, tmp_path / "merged")
    assert recorded_reward(tmp_path / "merged") == "-1*toxicity:0123456789abcdef"
    assert json.loads((tmp_path / "merged" / "training.json").read_text())["settings"]["lr"] == 0.1


def test_the_card_of_a_merged_model_has_the_data_of_its_base_too(
    tiny: Path, tmp_path: Path
) -> None:
    base = shutil.copytree(tiny, tmp_path / "base")
    tiny_t5.make_adapter(base, tmp_path / "adapter", seed=1)
    for folder, file, licence in ((base, "a.csv", "MIT"), (tmp_path / "adapter", "b.csv", "CC0")):
        data = {"train": [{"file": file, "examples": 7, "licence": licence}]}
        (folder / "training.json").write_text(json.dumps({"data": data}))

    out = tmp_path / "merged"
    done = CliRunner().invoke(train_app, ["merge", str(tmp_path / "adapter"), "--out", str(out)])
    assert done.exit_code == 0, done.exception
    card = (out / "README.md").read_text()
    assert card.index("| a.csv | 7 | MIT |") < card.index("| b.csv | 7 | CC0 |")


def test_a_probe_is_blind_to_dropout_and_sees_a_changed_weight(tiny: Path) -> None:
    model, tokenizer = load_t5(str(tiny))
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.5
    model.train()

    before = probe(model, tokenizer)
    assert torch.equal(before, probe(model, tokenizer))
    assert model.training
    with torch.no_grad():
        model.lm_head.weight[5] += 1
    assert distance(before, probe(model, tokenizer)) > 0.01


@pytest.mark.parametrize(("quantization", "nats"), [("float32", 1e-3), ("int8", 0.25)])
@pytest.mark.parametrize("model", ["tiny", "unscaled"])
def test_an_export_scores_as_pytorch_does(
    model: str, tmp_path: Path, quantization: Any, nats: float, request: pytest.FixtureRequest
) -> None:
    pytest.importorskip("ctranslate2", reason="the extra ctranslate2 is not installed")

    told = export(str(request.getfixturevalue(model)), tmp_path / "ct2", quantization)

    assert told.difference <= nats
    assert (tmp_path / "ct2" / "model.bin").is_file()
    assert (tmp_path / "ct2" / "tokenizer.json").is_file()
    assert not list(tmp_path.glob(".*.part"))


def test_what_the_plain_converter_makes_would_be_refused(
    unscaled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the correction its scores are those of a decoder scaled by 1/√d."""
    pytest.importorskip("ctranslate2", reason="the extra ctranslate2 is not installed")
    from ctranslate2.converters import TransformersConverter

    class Plain(TransformersConverter):
        def __init__(self, folder: str, model: Any) -> None:
            super().__init__(folder)
            self._model = model

        def load_model(self, model_class: Any, name: str, **kwargs: Any) -> Any:
            self._model.config.tie_word_embeddings = True  # as transformers 5 reads it
            return self._model

    monkeypatch.setattr("finetune.exporting._converter_class", lambda: Plain)

    with pytest.raises(TrainingError, match="scores otherwise than PyTorch"):
        export(str(unscaled), tmp_path / "ct2", "float32")
    assert not (tmp_path / "ct2").exists()
    assert not list(tmp_path.glob(".*.part"))


def test_an_adapter_is_merged_before_it_is_exported(adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(LecternError, match="holds an adapter, not a whole model"):
        export(str(adapter), tmp_path / "ct2")


def test_an_export_replaces_nothing(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(LecternError, match="is not empty"):
        export(str(tiny), tmp_path)
    assert (tmp_path / "mine").read_text() == "kept"


def test_without_ctranslate2_its_extra_is_named(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ctranslate2.converters", None)
    with pytest.raises(ModelUnavailable, match=r"pip install 'lectern\[ctranslate2\]'"):
        export(str(tiny), tmp_path / "ct2")


def test_log_likelihoods_are_the_engines(tiny: Path) -> None:
    from finetune.probing import PAIRS

    model, tokenizer = load_t5(str(tiny))
    engine = FlanT5Engine.load(tiny, name="tiny", device="cpu", window=256)
    prompts, answers = zip(*PAIRS, strict=True)
    assert log_likelihoods(model, tokenizer) == pytest.approx(
        engine.score(prompts, answers), abs=1e-4
    )


def test_a_merged_model_exports(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2", reason="the extra ctranslate2 is not installed")
    merge(adapter, tmp_path / "merged")
    assert export(str(tmp_path / "merged"), tmp_path / "ct2", "float32").difference <= 1e-3
    shutil.rmtree(tmp_path / "ct2")
