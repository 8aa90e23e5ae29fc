"""The whole loop on simulated learners: the store, training, the gate, a chatbot that goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_t5
import torch
from typer.testing import CliRunner

from benchmarks import simulated_learners as world
from benchmarks.feedback_gate import Round, figures, one_round, settings
from chatbot.answerers import Answerers
from chatbot.engines.base import Decoding
from chatbot.engines.registry import AdapterRegistry
from chatbot.options import AskOptions
from chatbot.settings import ChatSettings
from finetune.commands import train_app
from finetune.data.mixture import Source
from finetune.feedback import loop
from finetune.feedback.loop import TooFewJudgements, from_feedback
from finetune.feedback.measuring import EvalData
from ingestion.encoders.base import Encoder
from ingestion.encoders.factory import load_encoder
from ingestion.errors import LecternError, ModelUnavailable


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """For bases of fewer words than the benchmark's, which learn their tasks in fewer steps."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world, "WORDS", world.WORDS[:10])
        patched.setattr(world, "STEPS", 1000)
        yield tmp_path_factory.mktemp("feedback")
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def real(work: Path) -> Round:
    return one_round("real", 0, work)


def test_an_improvement_is_promoted_with_its_figures(real: Round, work: Path) -> None:
    assert real.improvement and real.promoted
    assert real.reward_accuracy > 0.6
    registry = AdapterRegistry(work / "real-0" / "adapters")
    assert registry.current() == "v1"
    manifest = registry.manifest("v1")
    assert set(manifest["checks"]) == {"preference", "answers", "summaries", "safety"}
    assert manifest["checks"]["answers"]["margin"] == 0.03
    assert registry.history()[0].why == manifest["why"] == real.why
    record = json.loads((registry.folder / "v1" / "training.json").read_text())
    assert record["data"]["train"][0]["examples"] == manifest["trained"]["examples"] > 0
    report = json.loads((work / "real-0" / "report.json").read_text())
    assert report["version"] == "v1" and report["promoted"]


def test_thumbs_at_random_keep_the_old_one_and_the_report_says_why(work: Path) -> None:
    found = one_round("random", 0, work)
    assert not found.promoted
    report = json.loads((work / "random-0" / "report.json").read_text())
    assert report["version"] is None
    assert not all(check["passed"] for check in report["checks"].values())
    registry = AdapterRegistry(work / "random-0" / "adapters")
    assert registry.current() is None and registry.names() == []


def test_the_same_round_again_promotes_nothing_twice(real: Round, work: Path) -> None:
    assert one_round("real", 0, work) == real
    assert AdapterRegistry(work / "real-0" / "adapters").names() == ["v1"]


@pytest.mark.parametrize("said", [{}, {"promoted": False, "why": "another was in use then"}])
def test_a_report_is_mended_of_what_was_promoted_after_it(
    real: Round, work: Path, said: dict[str, Any]
) -> None:
    """Its own round was killed right after promoting, or was refused before another promoted."""
    path = work / "real-0" / "report.json"
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({**whole, "version": None, **said}))
    one_round("real", 0, work)
    assert json.loads(path.read_text()) == whole


def test_a_candidate_of_another_folder_is_known_by_its_weights(
    real: Round, work: Path, tmp_path: Path
) -> None:
    here, base = work / "real-0", work / "base-0"
    shutil.copytree(here, tmp_path / "again")
    (tmp_path / "again" / "report.json").unlink()
    said: list[str] = []
    report = from_feedback(
        str(base), here / "feedback", tmp_path / "again", AdapterRegistry(here / "adapters"),
        EvalData(), settings(base, 0), device="cpu", say=said.append,
    )  # fmt: skip
    assert report["promoted"] and report["version"] == "v1" and report["why"] == real.why
    assert "promoted before, as v1" in said[-1]


def test_an_adapter_of_another_model_in_use_is_named_before_anything_is_trained(
    real: Round, work: Path, tmp_path: Path
) -> None:
    here = work / "real-0"
    other = tiny_t5.build(tmp_path / "other-t5")
    with pytest.raises(ModelUnavailable, match=r"made for .*base-0.*other-t5"):
        from_feedback(
            str(other), here / "feedback", tmp_path / "out", AdapterRegistry(here / "adapters"),
            EvalData(), settings(other, 0), device="cpu",
        )  # fmt: skip
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("lacking", ["model", "answers"])
def test_what_will_be_needed_is_looked_for_before_the_training(
    real: Round, work: Path, tmp_path: Path, lacking: str
) -> None:
    nowhere = tmp_path / "nowhere.jsonl"
    model = nowhere if lacking == "model" else work / "base-0"
    data = EvalData(answers=Source(format="pairs", path=nowhere) if lacking == "answers" else None)
    with pytest.raises(LecternError, match=r"nowhere\.jsonl"):
        from_feedback(
            str(model), work / "real-0" / "feedback", tmp_path / "out",
            AdapterRegistry(tmp_path / "adapters"), data, settings(work / "base-0", 0),
        )  # fmt: skip
    assert not (tmp_path / "out").exists()


def a_round_during_which_another_is_put_in_use(
    work: Path, here: Path, monkeypatch: pytest.MonkeyPatch, during: str
) -> dict[str, Any]:
    """The round of `real` again, on what it has trained; somebody uses `other` at its end of
    `during`, a function of the loop.
    """
    base, registry = work / "base-0", AdapterRegistry(here / "adapters")
    step = getattr(loop, during)

    def meanwhile(*arguments: Any) -> Any:
        made = step(*arguments)
        registry.use("other")
        return made

    waived = settings(base, 0).model_copy(update={"waived": ("answers", "summaries", "safety")})
    with monkeypatch.context() as patched:
        patched.setattr(loop, during, meanwhile)
        return from_feedback(
            str(base), work / "real-0" / "feedback", here / "out", registry, EvalData(), waived,
            device="cpu",
        )  # fmt: skip


@pytest.fixture
def trained(real: Round, work: Path, tmp_path: Path) -> Path:
    """A folder in which a round has been trained and nothing been measured or promoted."""
    for part in ("reward", "candidate"):
        shutil.copytree(work / "real-0" / part, tmp_path / "out" / part)
    return tmp_path


def test_a_candidate_is_held_against_what_is_in_use_when_it_is_ready(
    trained: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here against its own twin, than which it cannot be better."""
    shutil.copytree(trained / "out" / "candidate", trained / "adapters" / "other")
    report = a_round_during_which_another_is_put_in_use(work, trained, monkeypatch, "learn")
    assert report["current"] == "other" and not report["promoted"]
    assert report["checks"]["preference"]["difference"]["value"] == 0


def test_nothing_is_promoted_over_what_it_was_not_held_against(
    trained: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = AdapterRegistry(trained / "adapters")
    tiny_t5.make_adapter(work / "base-0", registry.folder / "other", seed=1)
    with pytest.raises(LecternError, match="other"):
        a_round_during_which_another_is_put_in_use(work, trained, monkeypatch, "measure_both")
    assert registry.current() == "other" and registry.names() == ["other"]
    refused = json.loads((trained / "out" / "report.json").read_text())
    assert not refused["promoted"] and refused["version"] is None
    assert "other is in use" in refused["why"] and refused["checks"]["preference"]["passed"]

    report = a_round_during_which_another_is_put_in_use(work, trained, monkeypatch, "learn")
    assert report["current"] == "other" and report["version"] == registry.current() == "v1"


@pytest.mark.parametrize("adapter", [None, "mine"])
def test_answers_of_another_base_of_the_same_name_are_not_kept(
    tmp_path: Path, adapter: str | None
) -> None:
    base, asked = tmp_path / "base", ["sort: token vector", "sort: slide answer"]

    def answers(seed: int) -> list[str]:
        tiny_t5.build(base, seed=seed)
        speaker = loop._speaker(str(base), tmp_path, adapter, settings(base, 0), "cpu")
        speaker.answers(asked, tmp_path / "answers.jsonl", 4)
        return (tmp_path / "answers.jsonl").read_text().splitlines()

    tiny_t5.build(base)
    tiny_t5.make_adapter(base, tmp_path / "mine", seed=1)
    before = answers(0)
    assert answers(0) == before
    assert not set(answers(1)) & set(before)


def test_no_held_question_is_trained_on(real: Round, work: Path) -> None:
    sides = [
        {json.loads(line)["question"] for line in (work / "real-0/pairs" / name).open()}
        for name in ("train.jsonl", "held.jsonl")
    ]
    assert sides[0] and sides[1] and not sides[0] & sides[1]


def test_a_running_chatbot_says_what_the_promoted_adapter_says(real: Round, work: Path) -> None:
    encoder: Encoder = load_encoder()
    chat = ChatSettings(
        home=work / "chat", model=str(work / "base-0"), answerer="generative",
        adapters_dir=work / "chat-adapters", window=128,
    )  # fmt: skip
    running = Answerers(chat, encoder)
    asked = world.questions(700, 0)[600:]

    def right() -> int:
        engine = running.choose(AskOptions()).engine
        assert engine is not None
        said = engine.generate(asked, Decoding(max_new_tokens=4))
        return sum(text == world.right_answer(p) for p, text in zip(asked, said, strict=True))

    before = right()
    registry = AdapterRegistry(chat.adapters)
    registry.promote(work / "real-0" / "candidate", {}, "")
    after = right()
    assert after > before + 20
    registry.rollback()
    assert right() == before


def test_too_few_judgements_say_how_many_are_missing(real: Round, work: Path) -> None:
    base, here = work / "base-0", work / "real-0"
    pairs = len((here / "feedback" / "pairs.jsonl").read_text().splitlines())
    more = settings(base, 0).model_copy(update={"enough": pairs + 7})
    registry = AdapterRegistry(work / "nothing")
    with pytest.raises(TooFewJudgements, match="7 are missing"):
        from_feedback(str(base), here / "feedback", work / "none", registry, EvalData(), more)
    assert not (work / "none").exists() and registry.names() == []


def test_without_data_for_a_check_nothing_is_promoted(real: Round, work: Path) -> None:
    """On the first few pairs: the command's reward model stands on the packaged encoder."""
    few = work / "few" / "pairs.jsonl"
    few.parent.mkdir()
    pairs = (work / "real-0" / "feedback" / "pairs.jsonl").read_text().splitlines(keepends=True)
    few.write_text("".join(pairs[:30]))
    arguments: list[Any] = [
        "from-feedback", "--model", work / "base-0", "--feedback", few.parent, "--at-least", 30,
        "--out", work / "cli", "--adapters", work / "cli-adapters", "--rank", 4, "--epochs", 1,
        "--answers", work / "real-0" / "tasks" / "pick.jsonl", "--without", "summaries",
        "--window", 32, "--max-new-tokens", 4, "--device", "cpu",
    ]  # fmt: skip
    result = CliRunner().invoke(train_app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.exception
    assert "safety was not checked" in result.output
    assert any(line.startswith("kept: ") for line in result.output.splitlines())
    assert AdapterRegistry(work / "cli-adapters").current() is None


def test_the_figures_count_promotions_among_real_improvements(real: Round) -> None:
    missed = replace(real, seed=1, promoted=False)
    hollow = replace(real, seed=2, gain_low=-0.1)
    coin = replace(real, kind="random")
    found = figures([real, missed, hollow, coin])
    assert found["real_promoted"]["value"] == 2
    assert found["real_improvements"]["value"] == 2
    assert found["real_improvements_promoted"]["value"] == 1
    assert found["random_promoted"]["value"] == 1
