"""Which answerer speaks, and what the learner is told about it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from stub_encoder import StubEncoder

from chatbot.answerers import EXTRACTIVE_ONLY, WITHOUT_READER, Answerers
from chatbot.options import AskOptions
from chatbot.settings import ChatSettings
from ingestion.encoders.bert_forward import BertShape, read_weights
from ingestion.encoders.factory import packaged_folder
from ingestion.encoders.lora import AdapterConfig, base_digest, new_deltas, save_adapter
from ingestion.errors import ModelUnavailable

AUTO = AskOptions()


def answerers(**settings: object) -> Answerers:
    return Answerers(ChatSettings.load(**{"reader": "", **settings}), StubEncoder())


def test_without_a_generator_the_extractive_one_speaks_and_says_why() -> None:
    made = answerers()
    assert made.notice() == "", "nobody has looked yet"
    chosen = made.choose(AUTO)
    assert (chosen.answerer.name, chosen.engine) == ("extractive", None)
    assert "google/flan-t5-base is not on this machine" in chosen.notice
    assert "lectern fetch" in chosen.notice
    assert chosen.notice.endswith(EXTRACTIVE_ONLY)
    assert made.notice() == chosen.notice


def test_a_generator_asked_for_by_name_is_not_silently_replaced() -> None:
    by_setting = answerers(answerer="generative")
    by_question = answerers()
    for made, options in ((by_setting, AUTO), (by_question, AskOptions(answerer="generative"))):
        with pytest.raises(ModelUnavailable, match=r"flan-t5-base.*lectern fetch"):
            made.choose(options)


def test_the_error_keeps_what_happened_apart_from_what_to_do() -> None:
    with pytest.raises(ModelUnavailable) as caught:
        answerers(answerer="generative").choose(AUTO)
    assert "lectern fetch" in caught.value.remedy


def test_the_extractive_one_asked_for_by_name_looks_for_no_generator(random_t5: Path) -> None:
    for made, options in (
        (answerers(answerer="extractive", model=str(random_t5)), AUTO),
        (answerers(model=str(random_t5)), AskOptions(answerer="extractive")),
    ):
        chosen = made.choose(options)
        assert (chosen.answerer.name, chosen.engine, chosen.notice) == ("extractive", None, "")
    assert "settings ask for that" in answerers(answerer="extractive").notice()


def test_a_generator_on_this_machine_speaks_and_loads_once(random_t5: Path) -> None:
    made = answerers(model=str(random_t5))
    chosen = made.choose(AUTO)
    assert chosen.engine is not None
    assert chosen.notice == ""
    assert chosen.answerer.name == f"generative ({chosen.engine.name})"
    loaded = made.engine()
    assert made.choose(AUTO).notice == "" and made.engine() is loaded
    assert made.notice() == f"Answers are written by {chosen.engine.name}."


def test_a_folder_without_a_model_falls_back_with_its_name(tmp_path: Path) -> None:
    chosen = answerers(model=str(tmp_path)).choose(AUTO)
    assert chosen.answerer.name == "extractive"
    assert str(tmp_path) in chosen.notice


def test_a_download_that_broke_off_falls_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's cache holds the model's folder, but not its weights."""
    snapshot = tmp_path / "models--google--flan-t5-base" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text('{"model_type": "t5"}')
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("abc")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    chosen = answerers().choose(AUTO)
    assert chosen.answerer.name == "extractive"
    assert chosen.notice


def test_a_generator_that_comes_later_is_found(
    random_t5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.answerers.RETRY_SECONDS", 0.0)
    made = answerers(model=str(tmp_path / "later"))
    assert made.choose(AUTO).engine is None
    (tmp_path / "later").symlink_to(random_t5)
    chosen = made.choose(AUTO)
    assert chosen.engine is not None
    assert made.notice() == f"Answers are written by {chosen.engine.name}."


def test_a_server_that_does_not_answer_falls_back_with_its_address() -> None:
    chosen = answerers(engine_url="http://127.0.0.1:9").choose(AUTO)
    assert chosen.answerer.name == "extractive"
    assert "127.0.0.1:9" in chosen.notice


def test_without_its_reader_the_extractive_one_speaks_and_says_so(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    made = answerers(reader=nowhere)
    chosen = made.choose(AskOptions(answerer="extractive"))
    assert (chosen.answerer.name, chosen.reader) == ("extractive", "")
    assert nowhere in chosen.notice
    assert chosen.notice.endswith(WITHOUT_READER)
    fallen_back = made.choose(AUTO).notice
    assert fallen_back.endswith(chosen.notice) and EXTRACTIVE_ONLY in fallen_back
    assert made.notice() == fallen_back
    assert made.extractive_notice().endswith(chosen.notice)


def test_summaries_need_no_reader(tmp_path: Path) -> None:
    engine, notice = answerers(reader=str(tmp_path)).generator(AskOptions(answerer="extractive"))
    assert (engine, notice) == (None, "")


def test_a_reader_loads_once_and_is_known_by_its_weights(tmp_path: Path) -> None:
    base = packaged_folder()
    shape = BertShape.read(base)
    weights = read_weights(base, shape, torch.float32)
    deltas = new_deltas(weights, (0,), 2, torch.Generator().manual_seed(0))
    digest = base_digest(base)
    config = AdapterConfig("reader", "all-MiniLM-L6-v2", digest, 2, 2.0, (0,), {})
    head = {"weight": torch.zeros(2, shape.dimension), "bias": torch.zeros(2)}
    save_adapter(tmp_path / "reader", config, deltas, head)
    made = answerers(reader=str(tmp_path / "reader"))
    chosen = made.choose(AskOptions(answerer="extractive"))
    assert chosen.notice == ""
    assert len(chosen.reader) == 16
    assert made.choose(AUTO).answerer is chosen.answerer
