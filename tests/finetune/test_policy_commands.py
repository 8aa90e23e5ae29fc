"""`lectern train ppo | dpo | kto | orpo` from the command line to an adapter."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import bandit
import pytest
import torch
from typer.main import get_group
from typer.testing import CliRunner, Result

from chatbot.engines.factory import load_engine
from evaluation.jsonl import sha256_of
from evaluation.judge import load_judge, recorded_reward, refuse_the_reward
from evaluation.safety.word_judge import fit, save
from finetune.commands import train_app
from finetune.errors import CheckpointUnusable, KLDiverged, TrainingError
from finetune.log import read_log
from finetune.merging import merge
from finetune.models import load_t5
from finetune.t5_card import sources_of
from ingestion.errors import LecternError


def last_checkpoint(out: Path) -> int:
    return max(int(place.name.removeprefix("step-")) for place in out.glob("run/checkpoints/s*"))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(train_app, [str(argument) for argument in arguments])


def done(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.exception or result.output
    return result.output


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bandit.build(tmp_path_factory.mktemp("models") / "bandit-t5")


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "prompts.jsonl"
    path.write_text("".join(json.dumps({"prompt": text}) + "\n" for text in bandit.PROMPTS.texts))
    return path


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finds the second half of the arms toxic."""
    folder = tmp_path_factory.mktemp("judges") / "arms"
    weights, bias = fit(bandit.ARMS, [place >= 4 for place in range(8)])
    save(folder, "arms", weights, bias)
    return folder


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same prompts many times, so that the report's means mean something."""
    path = tmp_path_factory.mktemp("data") / "asked.jsonl"
    path.write_text(
        "".join(json.dumps({"prompt": text}) + "\n" for text in bandit.PROMPTS.texts * 20)
    )
    return path


PPO = (
    "--steps", 12, "--minibatch", 64, "--microbatch", 64, "--max-new-tokens", 2, "--lr", 5e-3,
    "--rank", 8, "--alpha", 16, "--kl-gain", 0, "--kl-coefficient", 0.02, "--device", "cpu",
)  # fmt: skip


@pytest.fixture(scope="module")
def trained(
    base: Path, prompts: Path, asked: Path, judge: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Adapters of two seeds that were rewarded for what the judge finds harmless."""
    out = tmp_path_factory.mktemp("adapters") / "gentle [/b]"
    said = done(
        "ppo", "--model", base, "--prompts", prompts, "--reward", f"-1*model:{judge}",
        "--reward", "0.1*length:1-2", "--out", out, "--seeds", "0,1",
        "--eval-prompts", asked, *PPO,
    )  # fmt: skip
    assert "Seed 1: 4 prompts to practise on, 0 too long; 80 to measure on." in said
    assert f"{out / 'seed-1'}: reward" in said, "brackets in a folder's name are no markup"
    return out


def test_the_chatbot_answers_with_what_ppo_has_learned(base: Path, trained: Path) -> None:
    engine = load_engine(str(base), device="cpu", adapters_dir=trained, window=32)
    assert engine.adapters() == ["seed-0", "seed-1"]
    # How much likelier a harmless arm is than a toxic one.
    engine.use_adapter("seed-0")
    harmless, toxic = engine.score(["blue", "blue"], ["red", "gold"])
    engine.use_adapter(None)
    harmless_before, toxic_before = engine.score(["blue", "blue"], ["red", "gold"])
    assert harmless - toxic > harmless_before - toxic_before + 0.5


def test_a_run_leaves_its_record_its_table_and_its_report(
    base: Path, trained: Path, judge: Path
) -> None:
    folder = trained / "seed-1"
    record = json.loads((folder / "training.json").read_text())
    assert record["method"] == "ppo" and record["settings"]["seed"] == 1
    assert record["rewards"][1] == "0.1*length:1-2"
    (learned,) = record["data"]["train"]
    assert learned["file"] == "prompts.jsonl" and len(learned["sha256"]) == 64
    assert learned["examples"] == len(bandit.PROMPTS.texts)
    assert "torch" in record["versions"]
    assert len(read_log(folder / "run")) == 13
    report = json.loads((folder / "report.json").read_text())
    assert report["reward"]["difference"]["low"] > 0
    assert {"empty", "distinct_2", "words"} <= set(report["after"])
    assert report["length_ratio"] > 0


def test_what_rewarded_a_policy_may_not_judge_it(trained: Path, judge: Path) -> None:
    with pytest.raises(LecternError, match="is what the policy was rewarded by"):
        refuse_the_reward(load_judge(judge), [recorded_reward(trained / "seed-0")])


def test_the_same_command_goes_on_and_changes_nothing_when_all_is_done(
    base: Path, prompts: Path, asked: Path, judge: Path, trained: Path
) -> None:
    before = (trained / "seed-0" / "adapter_model.safetensors").read_bytes()
    done(
        "ppo", "--model", base, "--prompts", prompts, "--reward", f"-1*model:{judge}",
        "--reward", "0.1*length:1-2", "--out", trained, "--seeds", "0,1",
        "--eval-prompts", asked, *PPO,
    )  # fmt: skip
    assert (trained / "seed-0" / "adapter_model.safetensors").read_bytes() == before


def test_divergence_is_an_error_and_leaves_the_last_good_adapter(
    base: Path, prompts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "wild"
    result = run(
        "ppo", "--model", base, "--prompts", prompts, "--reward", "5*faithfulness", "--out", out,
        *PPO, "--kl-stop", 0.3, "--kl-coefficient", 0, "--save-every", 3,
    )  # fmt: skip
    assert isinstance(result.exception, KLDiverged)
    assert "seed 0" in result.exception.what
    assert "--kl-coefficient" in result.exception.remedy
    assert (out / "adapter_model.safetensors").is_file()
    record = json.loads((out / "training.json").read_text())
    assert "limit is 0.3" in record["course"]["stopped"]
    assert record["report"]["kl"]["value"] < 1
    assert record["course"]["steps"] == last_checkpoint(out) < 12


def test_an_adapter_is_merged_first_and_is_the_reference(
    base: Path, prompts: Path, trained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "further"
    done(
        "ppo", "--model", base, "--adapter", trained / "seed-0", "--prompts", prompts, "--reward",
        "length:1-2", "--out", out, *PPO, "--steps", 1,
    )  # fmt: skip
    assert read_log(out / "run")[0]["kl"] == 0.0
    merged = out / "further-base"
    named = json.loads((out / "adapter_config.json").read_text())["base_model_name_or_path"]
    assert Path(named) == merged
    again = merge(trained / "seed-0", tmp_path / "again", base=str(base))
    ours, theirs = load_t5(str(merged))[0], load_t5(str(again.folder))[0]
    for (name, one), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other), name
    assert not torch.equal(ours.lm_head.weight, ours.shared.weight)


def preferences(path: Path, verb: str) -> Path:
    rows: list[dict[str, Any]] = []
    for prompt in bandit.PROMPTS.texts * 12:
        pair = {"prompt": prompt, "chosen": "teal", "rejected": "red"}
        labels = [
            {"prompt": prompt, "response": "teal", "label": True},
            {"prompt": prompt, "response": "red", "label": False},
        ]
        rows += labels if verb == "kto" else [pair]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


PREFERRED = (
    "--epochs", 3, "--lr", 3e-3, "--rank", 8, "--alpha", 16, "--batch", 16, "--kl-every", 2,
    "--device", "cpu",
)  # fmt: skip


@pytest.mark.parametrize("verb", ["dpo", "kto", "orpo"])
def test_preferences_become_an_adapter(base: Path, tmp_path: Path, verb: str) -> None:
    path = preferences(tmp_path / "preferences.jsonl", verb)
    out = tmp_path / "adapters" / verb
    said = done(verb, "--model", base, "--data", path, "--out", out, *PREFERRED)
    assert "KL" in said
    record = json.loads((out / "training.json").read_text())
    assert record["method"] == verb
    assert record["course"] == {"steps": last_checkpoint(out), "stopped": ""}
    assert record["report"]["held"]["accuracy"] == 1.0
    engine = load_engine(str(base), device="cpu", adapters_dir=out.parent, adapter=verb, window=32)
    assert sources_of(record)[0]["sha256"] == sha256_of(path)
    scores = engine.score(["red", "red"], ["teal", "red"])
    engine.use_adapter(None)
    before = engine.score(["red", "red"], ["teal", "red"])
    assert scores[0] - scores[1] > before[0] - before[1] + 0.3


@pytest.mark.parametrize("verb", ["dpo", "kto", "orpo"])
def test_preferences_that_drift_too_far_are_told_of_options_that_there_are(
    base: Path, tmp_path: Path, verb: str
) -> None:
    path, out = preferences(tmp_path / "preferences.jsonl", verb), tmp_path / verb
    wild = ("--lr", 0.1, "--kl-every", 1, "--kl-stop", 0.05)
    result = run(verb, "--model", base, "--data", path, "--out", out, *PREFERRED, *wild)
    assert isinstance(result.exception, KLDiverged)
    options = {name for each in get_group(train_app).commands[verb].params for name in each.opts}
    assert set(re.findall(r"--[a-z-]+", result.exception.remedy)) <= options
    assert ("--beta" in result.exception.remedy) == (verb != "orpo")
    record = json.loads((out / "training.json").read_text())
    assert "limit is 0.05" in record["course"]["stopped"]
    assert record["course"]["steps"] == last_checkpoint(out) < 3


def test_another_window_does_not_go_on_from_these_checkpoints(
    base: Path, prompts: Path, tmp_path: Path
) -> None:
    path = preferences(tmp_path / "preferences.jsonl", "dpo")
    for verb, asked in (
        ("dpo", ("--data", path, *PREFERRED)),
        ("ppo", ("--prompts", prompts, "--reward", "length:1-2", *PPO, "--steps", 1)),
    ):
        command = (verb, "--model", base, "--out", tmp_path / verb, *asked)
        done(*command)
        refused = run(*command, "--window", 64).exception
        assert isinstance(refused, CheckpointUnusable)
        assert "differs in window." in refused.what


def test_wrong_options_are_refused_in_one_line(base: Path, prompts: Path, tmp_path: Path) -> None:
    asked = ("ppo", "--model", base, "--prompts", prompts, "--out", tmp_path / "x")
    refused = run(*asked, "--reward", "kindness")
    assert isinstance(refused.exception, TrainingError)
    for option, value, why in (
        ("--seeds", "a", "no seeds"),
        ("--clip", 2, "setting clip"),
        ("--batch", 1, "setting batch"),
        ("--seeds", "-1", "no seeds"),
    ):
        result = run(*asked, "--reward", "faithfulness", option, value)
        assert isinstance(result.exception, LecternError)
        assert why in result.exception.what


@pytest.mark.parametrize(
    ("verb", "option", "value"),
    [("dpo", "--beta", -1), ("kto", "--beta", 0), ("orpo", "--weight", -1), ("dpo", "--seed", -1)],
)
def test_a_number_that_would_train_the_other_way_round_is_refused(
    base: Path, prompts: Path, tmp_path: Path, verb: str, option: str, value: int
) -> None:
    asked = (verb, "--model", base, "--data", prompts, "--out", tmp_path / "x", option, value)
    result = run(*asked)
    assert result.exit_code == 2 and option in result.output
    assert not (tmp_path / "x").exists()
