from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from finetune.log import TrainingLog, read_log


def run(folder: Path, steps: range, start: int = 0) -> None:
    with TrainingLog(folder, start) as log:
        for step in steps:
            log.write(step, {"loss": 1 / step}, sample=f"text {step}")


def test_a_resumed_run_has_every_step_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.summary.writer import event_file_writer

    # Event files are read in the order of their names, which end in a counter of the process: its
    # tenth file would come before its ninth. A real resume is another process, and later.
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(0))
    run(tmp_path, range(1, 6))
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 6, "lo')
    run(tmp_path, range(4, 8), start=3)

    lines = read_log(tmp_path)
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6, 7]
    assert lines[1]["loss"] == 0.5
    assert lines[1]["sample"] == "text 2"
    board = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in board.Scalars("loss")] == [1, 2, 3, 4, 5, 6, 7]


def test_a_run_from_the_start_keeps_nothing_of_an_earlier_one(tmp_path: Path) -> None:
    run(tmp_path, range(1, 6))
    run(tmp_path, range(1, 3))
    assert [line["step"] for line in read_log(tmp_path)] == [1, 2]


def test_without_tensorboard_there_are_json_lines_and_a_word_about_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "torch.utils.tensorboard":
            raise ImportError(name)
        return honest(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    run(tmp_path, range(1, 3))
    assert len(read_log(tmp_path)) == 2
    assert not (tmp_path / "tensorboard").exists()
    assert "lectern[train]" in capsys.readouterr().err
