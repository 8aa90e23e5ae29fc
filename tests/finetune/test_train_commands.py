"""`lectern train sft` and `forgetting` from the command line to a model that answers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import tiny_t5
import toy_task
from typer.testing import CliRunner, Result

from chatbot.engines.factory import load_engine
from finetune.commands import train_app
from finetune.errors import CheckpointUnusable, EmptySplit, WrongBase
from ingestion.errors import LecternError, ModelUnavailable


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(train_app, [str(argument) for argument in arguments])


def done(*arguments: str | Path) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.exception or result.output
    return result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("train")
    toy_task.write(made / "toy.jsonl")
    (made / "SOURCE.txt").write_text("LICENCE: CC0\n")
    other = [{"source": f"sort: {word}", "target": word} for word in toy_task.WORDS]
    (made / "other.jsonl").write_text("\n".join(map(json.dumps, other)))
    (made / "unseen.jsonl").write_text("\n".join(map(json.dumps, reversed(other))))
    (made / "mix.toml").write_text(
        '[[source]]\nformat = "pairs"\npath = "toy.jsonl"\nrate = 2\n'
        '[[source]]\nformat = "pairs"\npath = "other.jsonl"\ncap = 4\n'
        '[[eval]]\nformat = "pairs"\npath = "toy.jsonl"\nlimit = 4\n'
    )
    return made


@pytest.fixture(scope="module")
def adapter(tiny: Path, folder: Path) -> Path:
    out = folder / "adapters" / "toy"
    said = done(
        "sft", "--model", tiny, "--mixture", folder / "mix.toml", "--out", out, "--rank", 4,
        "--steps", 30, "--batch", 8, "--lr", 0.02, "--eval-metric", "f1", "--eval-every", 15,
        "--max-target", 4, "--precision", "float32", "--device", "cpu",
    )  # fmt: skip
    assert "4 examples are left out of training: they are measured." in said
    assert "Training: 40 examples, none too long." in said
    assert "30 steps" in said
    return out


def test_the_adapter_is_one_that_the_chatbot_uses(tiny: Path, adapter: Path) -> None:
    engine = load_engine(
        str(tiny), device="cpu", adapters_dir=adapter.parent, adapter=adapter.name, window=32
    )
    prompts = ["the answer:", "the course:"]
    answers = [toy_task.partner("answer"), toy_task.partner("course")]
    with_adapter = sum(engine.score(prompts, answers))
    engine.use_adapter(None)
    assert with_adapter > sum(engine.score(prompts, answers)) + 1
    record = json.loads((adapter / "training.json").read_text())
    assert [part["per_epoch"] for part in record["data"]["train"]] == [56, 4]
    assert [part["licence"] for part in record["data"]["train"]] == ["CC0", "CC0"]
    assert [row["step"] for row in record["course"]["evaluations"]] == [15, 30]


def test_forgetting_compares_before_and_after_and_goes_on(
    tiny: Path, folder: Path, adapter: Path
) -> None:
    out = folder / "report" / "forgetting.json"
    arguments = (
        "forgetting", "--model", tiny, "--tuned", adapter, "--data", folder / "toy.jsonl",
        "--data", folder / "unseen.jsonl", "--out", out, "--max-new-tokens", 4, "--limit", 12,
        "--precision", "float32", "--device", "cpu",
    )  # fmt: skip
    assert "trained on this file" in done(*arguments)
    toy, other = json.loads(out.read_text())["tasks"]
    assert (toy["trained"], other["trained"]) == (True, False)
    assert toy["after"]["value"] - toy["before"]["value"] == pytest.approx(
        toy["difference"]["value"], abs=1e-6
    )
    assert toy["difference"]["low"] <= toy["difference"]["value"] <= toy["difference"]["high"]
    assert (toy["figure"], other["before"]["n"]) == ("f1", 12)
    rows = out.with_suffix(".rows.jsonl")
    lines = rows.read_text().splitlines()
    assert {"answer", "key", "prompt"} == set(json.loads(lines[0]))
    rows.write_text("\n".join(lines[:-3]) + "\n")
    done(*arguments)
    assert sorted(rows.read_text().splitlines()) == sorted(lines)
    assert json.loads(out.read_text())["tasks"] == [toy, other]


def test_summaries_of_meetings_are_measured_by_rouge(
    tiny: Path, adapter: Path, tmp_path: Path
) -> None:
    asked = {"query": "What?", "answer": "A token.", "relevant_text_span": [["0", "0"]]}
    said = {"speaker": "A", "content": "the token ."}
    row = {"meeting_transcripts": [said], "specific_query_list": [asked]}
    (tmp_path / "meetings.jsonl").write_text(json.dumps(row))
    done(
        "forgetting", "--model", tiny, "--tuned", adapter, "--data",
        f"qmsum:{tmp_path / 'meetings.jsonl'}", "--out", tmp_path / "r.json",
        "--max-new-tokens", 2, "--precision", "float32", "--device", "cpu",
    )  # fmt: skip
    assert json.loads((tmp_path / "r.json").read_text())["tasks"][0]["figure"] == "rougeL"


def test_what_a_policy_has_forgotten_can_be_asked_too(
    tiny: Path, folder: Path, tmp_path: Path
) -> None:
    pairs = [{"prompt": w, "chosen": "token", "rejected": "index"} for w in toy_task.WORDS]
    (tmp_path / "pairs.jsonl").write_text("\n".join(map(json.dumps, pairs)))
    done(
        "dpo", "--model", tiny, "--data", tmp_path / "pairs.jsonl", "--out", tmp_path / "dpo",
        "--rank", 2, "--device", "cpu",
    )  # fmt: skip
    said = done(
        "forgetting", "--model", tiny, "--tuned", tmp_path / "dpo", "--data",
        folder / "toy.jsonl", "--out", tmp_path / "r.json", "--max-new-tokens", 2, "--limit", 2,
        "--device", "cpu",
    )  # fmt: skip
    assert "trained on this file" not in said
    assert len(json.loads((tmp_path / "r.json").read_text())["tasks"]) == 1


def test_an_adapter_of_another_base_is_named(folder: Path, adapter: Path, tmp_path: Path) -> None:
    other = tiny_t5.build(tmp_path / "other-t5", d_model=32)
    result = run(
        "forgetting", "--model", other, "--tuned", adapter, "--data", folder / "toy.jsonl",
        "--out", tmp_path / "r.json", "--device", "cpu",
    )  # fmt: skip
    assert isinstance(result.exception, WrongBase)
    assert "tiny-t5" in str(result.exception)
    assert "other-t5" in str(result.exception)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        (["--data", "none.jsonl"], LecternError, "none.jsonl cannot be read"),
        ([], LecternError, "--data or by --mixture"),
        (["--data", "toy.jsonl", "--mixture", "mix.toml"], LecternError, "one of them alone"),
        (["--data", "toy.jsonl", "--lr", "0"], LecternError, "lr cannot be 0"),
        (["--data", "toy.jsonl", "--batch", "4", "--batch-tokens", "9"], LecternError, "batch"),
        (["--data", "toy.jsonl", "--max-source", "1"], EmptySplit, "No example of toy.jsonl"),
        (["--data", "toy.jsonl", "--held-out", "0.001"], EmptySplit, "leaves nothing to measure"),
        (["--data", "toy.jsonl", "--patience", "1"], LecternError, "need data to measure on"),
        (["--data", "toy.jsonl", "--eval-metric", "em"], LecternError, "need data to measure on"),
        (["--mixture", "mix.toml", "--held-out", "0.3"], LecternError, "to be held out"),
        (["--data", "toy.jsonl", "--method", "full", "--rank", "4"], LecternError, "no adapter"),
        (["--data", "gsm8k:toy.jsonl"], LecternError, "toy.jsonl, line 1"),
        (["--data", "toy.jsonl", "--model", "flan-t5-huge"], ModelUnavailable, "flan-t5-huge"),
        (["--data", "toy.jsonl", "--targets", "elsewhere"], LecternError, "elsewhere"),
        (["--data", "toy.jsonl", "--device", "cuda"], ModelUnavailable, "CUDA"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(
    tiny: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    options: list[str], error: type[Exception], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(folder)
    out = tmp_path / "out"
    result = run("sft", "--model", tiny, "--out", out, "--steps", 1, "--device", "cpu", *options)
    assert isinstance(result.exception, error), result.output
    assert said in str(result.exception)
    assert not out.exists()


def test_a_run_does_not_go_on_from_another_base_under_the_same_name(
    tiny: Path, folder: Path, tmp_path: Path
) -> None:
    base = shutil.copytree(tiny, tmp_path / "base")
    arguments = (
        "sft", "--model", base, "--data", folder / "toy.jsonl", "--steps", 2,
        "--precision", "float32", "--device", "cpu", "--out",
    )  # fmt: skip
    done(*arguments, tmp_path / "out")
    itself = run(*arguments, base)
    assert isinstance(itself.exception, LecternError)
    assert "holds the base" in str(itself.exception)
    tiny_t5.build(base, seed=5)
    refused = run(*arguments, tmp_path / "out")
    assert isinstance(refused.exception, CheckpointUnusable)
    assert "weights: " in str(refused.exception)
    done(*arguments, tmp_path / "out", "--fresh")


def test_no_batch_is_no_batch(tiny: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("sft", "--model", tiny, "--data", folder / "toy.jsonl", "--out", out, "--batch", 0)
    assert result.exit_code == 2
    assert "--batch" in result.output
    assert not out.exists()


def test_a_sliver_of_an_epoch_is_one_step(tiny: Path, folder: Path, tmp_path: Path) -> None:
    said = done(
        "sft", "--model", tiny, "--data", folder / "toy.jsonl", "--out", tmp_path / "out",
        "--epochs", 0.001, "--precision", "float32", "--device", "cpu",
    )  # fmt: skip
    assert ": 1 steps, " in said


def test_a_finished_run_is_not_repeated_and_other_settings_are_refused(
    tiny: Path, folder: Path, tmp_path: Path
) -> None:
    arguments = (
        "sft", "--model", tiny, "--data", folder / "toy.jsonl", "--out", tmp_path / "out",
        "--steps", 3, "--batch-tokens", 200, "--precision", "float32", "--device", "cpu",
    )  # fmt: skip
    done(*arguments)
    before = (tmp_path / "out/adapter_model.safetensors").read_bytes()
    assert "Going on from step 3 of 3" in done(*arguments)
    assert (tmp_path / "out/adapter_model.safetensors").read_bytes() == before
    refused = run(*arguments, "--rank", 2)
    assert isinstance(refused.exception, CheckpointUnusable)
    assert "settings.adapter.r: 16 there, 2 here" in str(refused.exception)
    done(*arguments, "--rank", 2, "--fresh")
