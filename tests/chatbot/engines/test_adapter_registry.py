"""The registry of adapters: versions, the pointer, the history, going back, and who follows it."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tiny_t5
from typer.testing import CliRunner

from chatbot.answerers import Answerers
from chatbot.chain import open_assistant
from chatbot.commands.adapters import adapters_app
from chatbot.engines import registry as module
from chatbot.engines.adapters import BASE_WEIGHTS, base_weights
from chatbot.engines.registry import AdapterRegistry
from chatbot.options import AskOptions
from chatbot.settings import ChatSettings
from ingestion.encoders.base import Encoder
from ingestion.errors import LecternError


@pytest.fixture(scope="module")
def made(random_t5: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("made")
    for seed in (1, 2):
        tiny_t5.make_adapter(random_t5, folder / str(seed), seed=seed)
        (folder / str(seed) / "run").mkdir()
        (folder / str(seed) / BASE_WEIGHTS).write_text(json.dumps(base_weights(str(random_t5))))
    return [folder / "1", folder / "2"]


@pytest.fixture
def registry(tmp_path: Path) -> AdapterRegistry:
    return AdapterRegistry(tmp_path / "adapters")


def test_versions_are_promoted_used_and_rolled_back(
    registry: AdapterRegistry, made: list[Path]
) -> None:
    assert (registry.current(), registry.names(), registry.history()) == (None, [], [])
    assert registry.promote(made[0], {"why": "better"}, "better") == "v1"
    assert registry.promote(made[1], {}, "") == "v2"
    assert (registry.current(), registry.names()) == ("v2", ["v1", "v2"])
    assert registry.manifest("v1")["why"] == "better"
    assert not (registry.folder / "v1" / "run").exists()
    assert (registry.folder / "v1" / BASE_WEIGHTS).is_file()
    registry.use(None, "to compare")
    assert registry.current() is None
    assert [registry.rollback(), registry.rollback(), registry.rollback()] == ["v2", "v1", None]
    with pytest.raises(LecternError, match="Nothing was in use before"):
        registry.rollback()
    ways = [(change.action, change.before, change.after) for change in registry.history()]
    assert ways[:3] == [("promote", None, "v1"), ("promote", "v1", "v2"), ("use", "v2", None)]
    assert registry.history()[2].why == "to compare"


def test_an_adapter_that_is_not_there_is_refused_and_the_pointer_stays(
    registry: AdapterRegistry, made: list[Path]
) -> None:
    registry.promote(made[0], {}, "")
    for name in ("v2", "../v1", "current"):
        with pytest.raises(LecternError, match="Choose one of: base, v1"):
            registry.use(name)
    assert registry.current() == "v1"


def test_a_promotion_that_is_killed_leaves_the_old_one_in_use(
    registry: AdapterRegistry, made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.promote(made[0], {}, "")

    def full(path: Path) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(module, "_sync", full)
        with pytest.raises(OSError, match="no space"):
            registry.promote(made[1], {}, "")
    assert (registry.current(), registry.names()) == ("v1", ["v1"])
    with (registry.folder / "history.jsonl").open("a") as history:
        history.write('{"time": 1, "act')
    assert len(registry.history()) == 1
    assert registry.promote(made[1], {}, "") == "v2"
    assert [change.after for change in registry.history()] == ["v1", "v2"]
    assert (registry.rollback(), registry.current()) == ("v1", "v1")


def test_a_history_that_is_damaged_names_the_line(
    registry: AdapterRegistry, made: list[Path]
) -> None:
    registry.promote(made[0], {}, "")
    for damage in (b'{"time": 1, "act{"time": 1}', b"[]", b'{"time": 1}', b"\xff"):
        with (registry.folder / "history.jsonl").open("ab") as history:
            history.write(damage + b"\n")
        with pytest.raises(LecternError, match=r"history\.jsonl: line 2 .*Delete that line"):
            registry.rollback()
        path = registry.folder / "history.jsonl"
        path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n")
    assert registry.rollback() is None


def test_what_was_measured_against_another_is_not_promoted(
    registry: AdapterRegistry, made: list[Path]
) -> None:
    assert registry.promote(made[0], {}, "", expected=None) == "v1"
    before = sorted(path.name for path in registry.folder.iterdir())
    for expected in (None, "v0"):
        with pytest.raises(LecternError, match=r"v1 is in use.*changed it meanwhile"):
            registry.promote(made[1], {}, "", expected=expected)
    assert sorted(path.name for path in registry.folder.iterdir()) == before
    assert (registry.current(), len(registry.history())) == ("v1", 1)
    assert registry.promote(made[1], {}, "", expected="v1") == "v2"


def test_readers_see_one_of_the_two_names_while_they_change(
    registry: AdapterRegistry, made: list[Path]
) -> None:
    registry.promote(made[0], {}, "")
    seen: set[str | None] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(registry.current())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(60):
        registry.use(None if turn % 2 else "v1")
    done.set()
    reader.join()
    assert seen <= {None, "v1"}


def test_a_running_chatbot_picks_up_what_is_promoted_and_what_is_rolled_back(
    random_t5: Path, made: list[Path], encoder: Encoder, tmp_path: Path
) -> None:
    settings = ChatSettings(home=tmp_path, model=str(random_t5), answerer="generative")
    registry = AdapterRegistry(settings.adapters)
    running = Answerers(settings, encoder)
    asked = AskOptions()

    def score() -> tuple[str | None, float]:
        chosen = running.choose(asked)
        assert chosen.engine is not None and not chosen.notice
        return chosen.adapter, chosen.engine.score(["sort: index"], ["encoder"])[0]

    before = score()
    engine = running.engine()
    registry.promote(made[0], {}, "")
    first = score()
    registry.promote(made[1], {}, "")
    second = score()
    assert [name for name, _ in (before, first, second)] == [None, "v1", "v2"]
    assert len({value for _, value in (before, first, second)}) == 3
    registry.rollback()
    assert score() == first
    registry.use(None)
    assert score() == before
    assert running.engine() is engine, "nothing was loaded anew"


def test_an_answer_names_the_adapter_that_spoke_whatever_is_promoted_meanwhile(
    random_t5: Path, made: list[Path], course_index: Path, tmp_path: Path
) -> None:
    settings = ChatSettings(
        home=tmp_path, model=str(random_t5), answerer="generative", abstain_below=0.0
    )
    registry = AdapterRegistry(settings.adapters)
    registry.promote(made[0], {}, "")
    assistant = open_assistant(course_index, settings)
    alone = assistant.ask("What is LoRA?")
    search = assistant.retriever.search

    def promoting(*arguments: Any, **options: Any) -> Any:
        """While the first question is looked up, another is asked after a change."""
        registry.use(None)
        assistant.answerers.choose(AskOptions())
        return search(*arguments, **options)

    assistant.retriever = SimpleNamespace(search=promoting)  # type: ignore[assignment]
    answer = assistant.ask("What is LoRA?")
    assert answer.adapter == alone.adapter == "v1"
    assert (answer.text, answer.confidence) == (alone.text, pytest.approx(alone.confidence))
    after = assistant.ask("What is LoRA?")
    assert after.adapter is None
    assert (after.text, after.confidence) != (alone.text, pytest.approx(alone.confidence))


def test_a_promoted_adapter_of_another_model_is_not_used_and_that_is_said(
    random_t5: Path, encoder: Encoder, tmp_path: Path
) -> None:
    tiny_t5.make_adapter(random_t5, tmp_path / "foreign", seed=1, named="google/flan-t5-xl")
    settings = ChatSettings(home=tmp_path, model=str(random_t5), answerer="generative")
    AdapterRegistry(settings.adapters).promote(tmp_path / "foreign", {}, "")
    chosen = Answerers(settings, encoder).choose(AskOptions())
    assert chosen.adapter is None
    assert "not used" in chosen.notice and "google/flan-t5-xl" in chosen.notice


def damage_the_weights(registry: AdapterRegistry) -> None:
    shutil.copytree(registry.folder / "v1", registry.folder / "torn")
    weights = registry.folder / "torn" / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:200])
    registry.use("torn")


def damage_the_pointer(registry: AdapterRegistry) -> None:
    (registry.folder / "current").write_bytes(b"\xff\xfe")


@pytest.mark.parametrize("damage", [damage_the_weights, damage_the_pointer])
def test_what_is_damaged_leaves_the_old_one_speaking_and_is_said(
    random_t5: Path,
    made: list[Path],
    encoder: Encoder,
    tmp_path: Path,
    damage: Callable[[AdapterRegistry], None],
) -> None:
    settings = ChatSettings(home=tmp_path, model=str(random_t5), answerer="generative")
    registry = AdapterRegistry(settings.adapters)
    registry.promote(made[0], {}, "")

    def spoken(running: Answerers) -> tuple[str | None, float, str]:
        chosen = running.choose(AskOptions())
        assert chosen.engine is not None
        score = chosen.engine.score(["sort: index"], ["encoder"])[0]
        return chosen.adapter, score, chosen.notice

    running = Answerers(settings, encoder)
    before = spoken(running)
    damage(registry)
    *same, notice = spoken(running)
    assert same == [*before[:2]] and before[2] == ""
    assert notice.startswith("The promoted adapter is not used. ")
    assert spoken(Answerers(settings, encoder))[0] is None, "one started anew has only the base"
    (registry.folder / "current").unlink()
    registry.use("v1")
    assert spoken(running) == before


def test_the_setting_adapter_is_stronger_than_the_promoted_one(
    random_t5: Path, made: list[Path], encoder: Encoder, tmp_path: Path
) -> None:
    registry = AdapterRegistry(tmp_path / "adapters")
    registry.promote(made[0], {}, "")
    registry.promote(made[1], {}, "")
    settings = ChatSettings(
        home=tmp_path, model=str(random_t5), answerer="generative", adapter="v1"
    )
    assert Answerers(settings, encoder).choose(AskOptions()).adapter == "v1"


def test_the_command_line(registry: AdapterRegistry, made: list[Path]) -> None:
    registry.promote(made[0], {"why": "better on 40 questions"}, "better on 40 questions")
    place = ["--dir", os.fspath(registry.folder)]

    def lectern(*arguments: str) -> str:
        result = CliRunner().invoke(adapters_app, [*arguments, *place])
        assert result.exit_code == 0, result.exception
        return result.output

    assert "better on 40 questions" in lectern("list")
    assert "In use: base." in lectern("use", "base", "--why", "a test")
    assert json.loads(lectern("list", "--json"))["current"] is None
    assert "In use: v1." in lectern("rollback")
    shown = json.loads(lectern("list", "--json"))
    assert shown["current"] == "v1"
    assert [change["action"] for change in shown["history"]] == ["promote", "use", "rollback"]
