from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_t5
import torch
from safetensors.torch import load_file, save_file
from transformers import T5ForConditionalGeneration

from chatbot.engines.adapters import BASE_WEIGHTS, base_weights, model_identity
from chatbot.engines.base import Decoding
from chatbot.engines.flan_t5 import FlanT5Engine
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest

PROMPT = "sort: reward index encoder"
GREEDY = Decoding(max_new_tokens=12)


def score(engine: FlanT5Engine) -> float:
    return engine.score([PROMPT], ["encoder index reward"])[0]


@pytest.fixture(scope="module")
def shelf(random_t5: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adapters")
    tiny_t5.make_adapter(random_t5, folder / "polite", seed=1)
    tiny_t5.make_adapter(random_t5, folder / "terse", seed=2)
    tiny_t5.make_adapter(random_t5, folder / "foreign", seed=3, named="google/flan-t5-xl")
    other = tiny_t5.build(folder / "other-model", d_model=32)
    tiny_t5.make_adapter(other, folder / "misfit", seed=4, named="hub/tiny-t5")
    shutil.rmtree(other)
    return folder


@pytest.fixture
def engine(random_t5: Path, shelf: Path) -> FlanT5Engine:
    return FlanT5Engine.load(random_t5, name=str(random_t5), device="cpu", adapters_dir=shelf)


def test_swapping_there_and_back(engine: FlanT5Engine, random_t5: Path, shelf: Path) -> None:
    assert engine.adapters() == ["foreign", "misfit", "polite", "terse"]

    base, head = score(engine), engine._model.lm_head.weight.clone()
    by_name = {}
    for name in ("polite", "terse", "polite", None, "terse", None):
        engine.use_adapter(name)
        assert engine.adapter == name
        assert by_name.setdefault(name, score(engine)) == score(engine)
    assert by_name[None] == base
    assert len(set(by_name.values())) == 3
    assert torch.equal(engine._model.lm_head.weight, head)


def test_each_handle_on_the_model_speaks_with_its_own_adapter(engine: FlanT5Engine) -> None:
    handles = {}
    for name in (None, "polite", "terse"):
        engine.use_adapter(name)
        handles[name] = copy.copy(engine), engine.generate([PROMPT], GREEDY), score(engine)
    assert len({value for *_, value in handles.values()}) == 3
    for name, (handle, said, value) in handles.items():
        assert handle.adapter == name
        assert handle.generate([PROMPT], GREEDY) == ["".join(handle.stream(PROMPT, GREEDY))] == said
        assert score(handle) == value
    base, said, _ = handles[None]
    begun = base.stream(PROMPT, GREEDY)
    engine.use_adapter("polite")
    assert ["".join(begun)] == said, "switched elsewhere before the first word"


def test_a_folder_may_bear_any_name(random_t5: Path, shelf: Path, tmp_path: Path) -> None:
    for name in ("tone-v1.2", "keys", "lora_A"):
        shutil.copytree(shelf / "polite", tmp_path / name)
    shutil.copytree(shelf / "polite", tmp_path / "polite")
    engine = FlanT5Engine.load(random_t5, name="tiny-t5", device="cpu", adapters_dir=tmp_path)
    engine.use_adapter("polite")
    polite = score(engine)
    for name in engine.adapters():
        engine.use_adapter(name)
        assert score(engine) == polite


def test_an_adapter_gives_what_its_merged_model_gives(
    engine: FlanT5Engine, random_t5: Path, shelf: Path
) -> None:
    from peft import PeftModel

    base = T5ForConditionalGeneration.from_pretrained(random_t5)
    base.config.tie_word_embeddings = False
    merged = PeftModel.from_pretrained(base, shelf / "terse").merge_and_unload()
    alone = FlanT5Engine(merged, engine._tokenizer, name="merged")
    engine.use_adapter("polite")
    engine.use_adapter("terse")
    completions = ["encoder index reward"]
    assert engine.score([PROMPT], completions) == pytest.approx(
        alone.score([PROMPT], completions), abs=1e-4
    )
    assert "".join(engine.stream(PROMPT, GREEDY)) == engine.generate([PROMPT], GREEDY)[0]


def test_an_adapter_of_another_base_is_refused_naming_both(engine: FlanT5Engine) -> None:
    with pytest.raises(ModelUnavailable, match="google/flan-t5-xl") as refused:
        engine.use_adapter("foreign")
    assert engine.name in str(refused.value)
    assert engine.adapter is None


def test_a_base_that_bears_the_name_alone_is_refused(
    random_t5: Path, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = shutil.copytree(random_t5, tmp_path / "copied" / random_t5.name)
    other = tiny_t5.build(tmp_path / "other" / random_t5.name, seed=1)
    adapters = tmp_path / "adapters"
    record = json.dumps(base_weights(str(random_t5)))
    for name in ("polite", "terse"):
        shutil.copytree(shelf / name, adapters / name)
        (adapters / name / BASE_WEIGHTS).write_text(record)
    read = []

    def counting(file: Path) -> str:
        read.append(file)
        return file_digest(file)

    monkeypatch.setattr("chatbot.engines.adapters.file_digest", counting)

    def load(base: Path) -> FlanT5Engine:
        return FlanT5Engine.load(base, name=str(base), device="cpu", adapters_dir=adapters)

    same = load(copied)
    for name in ("polite", "terse"):
        same.use_adapter(name)
    assert read == [copied / "model.safetensors"], "read once, and not for each adapter"
    misled = load(other)
    with pytest.raises(ModelUnavailable, match=f"weights are not those of {other}"):
        misled.use_adapter("polite")
    assert misled.adapter is None
    (adapters / "polite" / BASE_WEIGHTS).unlink()
    misled.use_adapter("polite")  # of before, or of elsewhere: its name is all there is


def test_a_misfit_is_refused_and_leaves_the_base_as_it_was(engine: FlanT5Engine) -> None:
    before = engine.generate([PROMPT], GREEDY)
    with pytest.raises(ModelUnavailable, match="does not fit"):
        engine.use_adapter("misfit")
    assert engine.generate([PROMPT], GREEDY) == before
    engine.use_adapter("polite")
    with pytest.raises(ModelUnavailable, match="does not fit"):
        engine.use_adapter("misfit")
    engine.use_adapter(None)
    assert engine.generate([PROMPT], GREEDY) == before


def tear(adapter: Path) -> None:
    """A copy that broke off."""
    weights = adapter / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:200])


def lose_a_weight(adapter: Path) -> None:
    weights = load_file(adapter / "adapter_model.safetensors")
    save_file(dict(list(weights.items())[1:]), adapter / "adapter_model.safetensors")


def configure(adapter: Path, **changes: object) -> None:
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "torn": tear,
    "incomplete": lose_a_weight,
    "unreadable": lambda adapter: configure(adapter, r="four"),
    # Only the last layer's rank is wrong: the others are dressed before it is found out.
    "half": lambda adapter: configure(adapter, rank_pattern={"decoder.block.1.layer.1.*.v": "x"}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_adapter_that_fails_to_load_leaves_nothing_behind(
    engine: FlanT5Engine, random_t5: Path, shelf: Path, tmp_path: Path, damage: str
) -> None:
    for name in ("polite", "terse"):
        shutil.copytree(shelf / name, tmp_path / name)
    shutil.copytree(shelf / "terse", tmp_path / "broken")
    DAMAGES[damage](tmp_path / "broken")

    def using(engine: FlanT5Engine, name: str | None) -> float:
        engine.use_adapter(name)
        return score(engine)

    fresh = {name: using(engine, name) for name in (None, "polite", "terse")}
    hurt = FlanT5Engine.load(random_t5, name=str(random_t5), device="cpu", adapters_dir=tmp_path)
    for name in (None, "polite", "terse", None):
        with pytest.raises(ModelUnavailable, match=r"“broken”.*damaged.*Copy it"):
            hurt.use_adapter("broken")
        assert using(hurt, name) == fresh[name]
    shutil.rmtree(tmp_path / "broken")
    shutil.copytree(shelf / "terse", tmp_path / "broken")
    assert using(hurt, "broken") == fresh["terse"], "mended, it is used"


def test_unknown_and_unsafe_adapters(
    engine: FlanT5Engine, shelf: Path, tmp_path: Path, random_t5: Path
) -> None:
    with pytest.raises(ModelUnavailable, match=r"no adapter named “ghost”.*polite"):
        engine.use_adapter("ghost")
    for name in ("pickled", "ia3", "broken", "list"):
        shutil.copytree(shelf / "polite", tmp_path / name)
    (tmp_path / "pickled/adapter_model.safetensors").rename(tmp_path / "pickled/adapter_model.bin")
    config = tmp_path / "ia3/adapter_config.json"
    config.write_text(config.read_text().replace('"LORA"', '"IA3"'))
    (tmp_path / "broken/adapter_config.json").write_text("{")
    (tmp_path / "list/adapter_config.json").write_text("[]")
    other = FlanT5Engine.load(random_t5, name="tiny-t5", device="cpu", adapters_dir=tmp_path)
    for name, why in [
        ("pickled", "safetensors"),
        ("ia3", "type IA3"),
        ("broken", "as JSON"),
        ("list", "no JSON object"),
    ]:
        with pytest.raises(ModelUnavailable, match=why):
            other.use_adapter(name)


@pytest.mark.parametrize("name", ["../polite", "..", "/polite", ""])
def test_a_name_cannot_leave_the_folder(engine: FlanT5Engine, name: str) -> None:
    with pytest.raises(ModelUnavailable, match="no adapter named"):
        engine.use_adapter(name)


def test_names_of_one_model() -> None:
    names = [
        "google/flan-t5-base",
        "/models/flan-t5-base/",
        "C:\\models\\FLAN-T5-base",
        "/root/.cache/huggingface/hub/models--google--flan-t5-base/snapshots/7bcac572ce56",
    ]
    assert {model_identity(name) for name in names} == {"flan-t5-base"}
    assert model_identity("google/flan-t5-large") != "flan-t5-base"
