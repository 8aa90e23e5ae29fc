"""Runs of `lectern train sft` as processes: two of them make one, and a killed one goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import toy_task
from safetensors.torch import load_file

from finetune.checkpoint import Checkpoints
from finetune.log import read_log

ROOT = Path(__file__).resolve().parents[2]
STEPS = 40
SAVE_EVERY = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("runs")
    toy_task.write(made / "toy.jsonl")
    return made


def start(model: Path, folder: Path, out: str, *launcher: str) -> subprocess.Popen[bytes]:
    arguments = [
        "train", "sft", "--model", str(model), "--out", str(folder / out),
        "--data", str(folder / "toy.jsonl"), "--held-out", "0.3", "--eval-metric", "f1",
        "--rank", "4", "--batch", "7", "--accumulation", "2", "--steps", str(STEPS),
        "--eval-every", "9", "--save-every", str(SAVE_EVERY), "--max-target", "4",
        "--precision", "float32", "--device", "cpu",
    ]  # fmt: skip
    return subprocess.Popen(
        [*launcher, sys.executable, "-c", "from chatbot.cli import main; main()", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen[bytes]) -> tuple[str, str]:
    """(result, notices) that it printed."""
    result, notices = (said.decode() for said in process.communicate(timeout=200))
    assert process.returncode == 0, notices
    return result, notices


def last_weights(folder: Path) -> dict[str, torch.Tensor]:
    latest = Checkpoints(folder / "run/checkpoints").latest()
    assert latest is not None
    return Checkpoints.load(latest).tensors


@pytest.fixture(scope="module")
def alone(tiny: Path, folder: Path) -> Path:
    """A run in one process that nobody interrupts."""
    assert "Warning" not in finish(start(tiny, folder, "alone"))[1]
    return folder / "alone"


def test_the_adapter_has_moved(alone: Path) -> None:
    saved = load_file(alone / "adapter_model.safetensors")
    assert any(bool((weights != 0).any()) for name, weights in saved.items() if "lora_B" in name)


def test_a_run_killed_at_any_step_ends_in_the_same_weights(
    tiny: Path, folder: Path, alone: Path
) -> None:
    fatal = random.Random().randint(1, STEPS - 15)
    process = start(tiny, folder, "killed")
    lines = folder / "killed/run/log.jsonl"
    waited = time.monotonic() + 200
    while not lines.is_file() or lines.read_bytes().count(b"\n") < fatal:
        assert process.poll() is None
        assert time.monotonic() < waited
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (folder / "killed/training.json").exists()
    kept = Checkpoints(folder / "killed/run/checkpoints").latest()
    assert kept or fatal <= SAVE_EVERY, "a step is logged before it is saved, never the next one"

    _, said = finish(start(tiny, folder, "killed"))
    if kept:
        assert f"Going on from step {int(kept.name[5:])} " in said
    else:
        assert "Going on" not in said
    one, other = last_weights(alone), last_weights(folder / "killed")
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0, msg=f"killed at step {fatal}")
    steps = [line["step"] for line in read_log(folder / "killed/run")]
    assert steps == list(range(1, STEPS + 1))


def test_two_processes_make_the_steps_of_one(tiny: Path, folder: Path, alone: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    both = start(tiny, folder, "two", *torchrun, "--no-python", "--nproc-per-node", "2")
    result, notices = finish(both)
    assert json.loads((folder / "two/training.json").read_text())["processes"] == 2
    assert notices.count("Training: ") == 1, "one of them talks"
    assert result.count(f": {STEPS} steps, ") == 1
    one, other = last_weights(alone), last_weights(folder / "two")
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0)
    for mine, theirs in zip(read_log(alone / "run"), read_log(folder / "two/run"), strict=True):
        shared = mine.keys() - {"time", "tokens_per_second"}
        assert shared == theirs.keys() - {"time", "tokens_per_second"}
        assert all(mine[name] == pytest.approx(theirs[name], abs=1e-4) for name in shared)
