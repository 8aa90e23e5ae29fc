"""`lectern train vocabulary` and `pretrain`: from text to a model, across kills."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import course_text
import numpy as np
import pytest
import torch
from transformers import AutoModelForSeq2SeqLM
from typer.testing import CliRunner, Result

from chatbot.engines.factory import load_engine
from finetune.checkpoint import Checkpoints
from finetune.commands import train_app
from finetune.errors import CheckpointUnusable, LossNotFinite
from finetune.log import read_log
from finetune.precision import Precision
from finetune.pretraining.batches import SpanBatches
from finetune.pretraining.loop import Pace, PretrainLoop
from finetune.pretraining.settings import PretrainSettings
from finetune.pretraining.throughput import measured_peak, operations_per_example
from finetune.pretraining.windows import TextSource, Windows
from finetune.processes import Processes
from finetune.t5_shapes import SIZES, new_t5
from ingestion.errors import LecternError

ROOT = Path(__file__).resolve().parents[3]
STEPS = 30
SIZE = 420


def run(*arguments: str | Path | float) -> Result:
    return CliRunner().invoke(train_app, [str(argument) for argument in arguments])


def done(*arguments: str | Path | float) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.exception or result.output
    return result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pretraining")
    corpus = course_text.write(made / "text")
    said = done("vocabulary", "--corpus", corpus, "--size", SIZE, "--out", made / "words")
    assert f"{SIZE} pieces" in said
    return made


def arguments(folder: Path, out: str, *more: str | int | float) -> list[str]:
    return [
        "pretrain", "--vocabulary", str(folder / "words"), "--corpus",
        str(folder / "text/corpus.toml"), "--out", str(folder / out), "--size", "tiny",
        "--source", "64", "--batch", "6", "--accumulation", "2", "--steps", str(STEPS),
        "--held-out", "0.2", "--eval-every", "10", "--eval-windows", "4",
        "--precision", "float32", "--device", "cpu", "--peak", "0.05", *map(str, more),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def alone(folder: Path) -> Path:
    """A run that nobody interrupts."""
    assert f"{STEPS} of {STEPS} steps" in done(*arguments(folder, "alone"))
    return folder / "alone"


def weights_of(run: Path) -> dict[str, torch.Tensor]:
    latest = Checkpoints(run / "run/checkpoints").latest()
    assert latest is not None
    return Checkpoints.load(latest).tensors


def test_the_held_loss_falls_and_the_record_is_whole(alone: Path) -> None:
    record = json.loads((alone / "training.json").read_text())
    losses = [row["eval_loss"] for row in record["course"]["evaluations"]]
    assert [row["step"] for row in record["course"]["evaluations"]] == [10, 20, 30]
    assert losses[-1] < losses[0] < np.log(SIZE) + 0.5
    assert record["course"]["source_tokens"] == STEPS * 6 * 64
    [books] = record["data"].values()
    assert len(books["sha256"]) == 64
    assert books["licence"] == "CC BY 4.0"
    line = read_log(alone / "run")[0]
    spent = 6 * 64 / line["source_tokens_per_second"]
    corruption = PretrainSettings(source=64).corruption()
    model = new_t5(SIZES["tiny"], SIZE)
    operations = 6 * operations_per_example(model, corruption.source, corruption.target)
    assert line["model_flop_utilisation"] == pytest.approx(operations / spent / 0.05e12, rel=1e-6)
    card = (alone / "README.md").read_text()
    assert "CC BY 4.0" in card
    assert f"{losses[-1]:.3f}" in card


def test_the_model_is_one_that_the_chatbot_and_sft_start_from(alone: Path, folder: Path) -> None:
    engine = load_engine(str(alone), device="cpu", window=64)
    assert len(engine.score(["The encoder reads"], ["every token"])) == 1
    saved = AutoModelForSeq2SeqLM.from_pretrained(alone).state_dict()
    last = weights_of(alone)
    assert torch.equal(saved["lm_head.weight"], last["lm_head.weight"])
    assert not torch.equal(saved["lm_head.weight"], saved["shared.weight"])
    pairs = [{"source": f"say {n}", "target": "the layer"} for n in range(8)]
    (folder / "pairs.jsonl").write_text("\n".join(map(json.dumps, pairs)))
    done(
        "sft", "--model", alone, "--method", "full", "--data", folder / "pairs.jsonl", "--out",
        folder / "tuned", "--steps", 2, "--batch", 4, "--precision", "float32", "--device", "cpu",
    )  # fmt: skip


def test_a_run_killed_at_any_step_ends_in_the_same_weights(folder: Path, alone: Path) -> None:
    fatal = random.Random().randint(4, STEPS - 10)
    command = [
        sys.executable, "-c", "from chatbot.cli import main; main()", "train",
        *arguments(folder, "killed", "--save-every", 3),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE)
    lines = folder / "killed/run/log.jsonl"
    waited = time.monotonic() + 200
    while not lines.is_file() or lines.read_bytes().count(b"\n") < fatal:
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < waited
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (folder / "killed/training.json").exists()

    assert "Going on from step" in done(*arguments(folder, "killed", "--save-every", 3))
    one, other = weights_of(alone), weights_of(folder / "killed")
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0, msg=f"killed at step {fatal}")
    logged = read_log(folder / "killed/run")
    assert [line["step"] for line in logged] == list(range(1, STEPS + 1))
    for mine, theirs in zip(read_log(alone / "run"), logged, strict=True):
        assert mine["loss"] == pytest.approx(theirs["loss"], abs=1e-5)


def test_time_over_saves_and_the_same_command_goes_on(folder: Path, alone: Path) -> None:
    said = done(*arguments(folder, "hurried", "--minutes", 0))
    assert f"1 of {STEPS} steps" in said
    assert "Give the same command again" in said
    assert (folder / "hurried/model.safetensors").is_file()
    assert "Going on from step 1 of" in done(*arguments(folder, "hurried"))
    torch.testing.assert_close(weights_of(alone), weights_of(folder / "hurried"), atol=1e-5, rtol=0)


def test_a_folder_may_bear_any_name(folder: Path) -> None:
    out = "mini [final] %s é [/x]"
    said = done(*arguments(folder, out, "--steps", 1, "--eval-every", 1))
    assert f"{folder / out}: 1 of 1 steps" in said.replace("\n", "")
    assert (folder / out / "model.safetensors").is_file()
    again = run(*arguments(folder, out, "--steps", 2, "--eval-every", 1))
    assert isinstance(again.exception, CheckpointUnusable)
    assert str(folder / out) in str(again.exception)


def test_other_settings_are_refused_and_the_probe_is_logged(folder: Path) -> None:
    (folder / "asked.jsonl").write_text('{"source": "The encoder", "target": "reads"}\n')
    few = ("--steps", 2, "--eval-every", 1, "--probe", folder / "asked.jsonl")
    done(*arguments(folder, "probed", *few))
    assert "probe_asked.jsonl" in read_log(folder / "probed/run")[-1]
    refused = run(*arguments(folder, "probed", "--batch", 8))
    assert isinstance(refused.exception, CheckpointUnusable)
    assert "settings" in str(refused.exception)


def test_a_folder_without_a_vocabulary_is_said(folder: Path, tmp_path: Path) -> None:
    result = run(*arguments(folder, "x", "--vocabulary", tmp_path))
    assert isinstance(result.exception, LecternError)
    assert "lectern train vocabulary" in str(result.exception)


def loop(folder: Path, settings: PretrainSettings) -> PretrainLoop:
    """Over one sentence that repeats: what can be learned by heart."""
    tokens = np.tile(np.arange(3, 23, dtype=np.uint16), 60)
    windows = Windows([TextSource("a", tokens)], settings.corruption().window)
    batches = SpanBatches(windows, settings.corruption(), first_sentinel=139, seed=settings.seed)
    return PretrainLoop(
        new_t5(SIZES["tiny"], 140), batches, {"eval_loss": batches}, settings, folder,
        precision=Precision(torch.float32, "cpu"), identity={}, operations=1, peak=1.0,
        pace=Pace(),
    )  # fmt: skip


@pytest.mark.parametrize(("optimizer", "lr"), [("adafactor", 0.03), ("adamw", 5e-3)])
def test_a_repeated_text_is_learned_by_either_optimizer(
    tmp_path: Path, optimizer: str, lr: float
) -> None:
    settings = PretrainSettings(
        source=32, batch=16, steps=150, optimizer=optimizer, lr=lr, eval_every=10, eval_windows=8,
        schedule="constant",
    )  # fmt: skip
    course = loop(tmp_path, settings).run()
    assert course.evaluations[-1]["eval_loss"] < 1.5 < course.evaluations[0]["eval_loss"]


def test_pieces_of_a_step_make_the_same_step(tmp_path: Path) -> None:
    ends = []
    for pieces in (1, 3):
        settings = PretrainSettings(source=32, batch=6, steps=2, accumulation=pieces)
        made = loop(tmp_path / str(pieces), settings)
        made.run()
        ends.append(made.model.state_dict())
    torch.testing.assert_close(*ends, atol=1e-5, rtol=0)


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path) -> None:
    made = loop(tmp_path, PretrainSettings(source=32, batch=2, steps=2))
    with torch.no_grad():
        made.model.lm_head.weight[5] = float("nan")
    with pytest.raises(LossNotFinite, match="In step 1"):
        made.run()


def test_a_held_loss_that_is_not_finite_leaves_the_last_weights_saved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([2.0, 2.0, 2.0, math.nan])
    monkeypatch.setattr(PretrainLoop, "_held_loss", lambda self, batches: next(losses))
    result = run(*arguments(folder, "broken", "--save-every", 4))
    assert isinstance(result.exception, LossNotFinite)
    assert "After step 20 eval_loss_shown is nan" in str(result.exception)
    assert "--fresh or another --out" in str(result.exception)
    assert "step-00000016" in str(result.exception)
    course = json.loads((folder / "broken/training.json").read_text())["course"]
    assert (course["steps"], len(course["evaluations"])) == (16, 1)
    assert "eval_loss_shown is nan" in course["stopped"]
    saved = AutoModelForSeq2SeqLM.from_pretrained(folder / "broken").state_dict()
    assert torch.equal(saved["lm_head.weight"], weights_of(folder / "broken")["lm_head.weight"])


def test_several_processes_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Two(Processes):
        def __init__(self, device: str) -> None:
            super().__init__(device)
            self.count = 2

    monkeypatch.setattr("finetune.pretraining.run.Processes", Two)
    result = run(*arguments(folder, "several"))
    assert isinstance(result.exception, LecternError)
    assert "one process, and here are 2" in str(result.exception)
    assert not (folder / "several").exists()


def test_operations_are_those_of_the_products() -> None:
    n, m, d, ff, inner, layers, pieces = 48, 16, 32, 64, 32, 2, 140
    encoder = n * (4 * d * inner + 3 * d * ff) + 2 * n * n * inner
    decoder = m * (6 * d * inner + 3 * d * ff) + 2 * n * d * inner + 2 * m * (m + n) * inner
    forward = 2 * (layers * (encoder + decoder) + m * d * pieces)
    model = new_t5(SIZES["tiny"], pieces)
    assert operations_per_example(model, n, m) == 3 * forward


def test_the_peak_is_measured() -> None:
    assert 1e8 < measured_peak(torch.device("cpu"), torch.float32) < 1e14
