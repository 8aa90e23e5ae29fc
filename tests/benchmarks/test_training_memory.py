"""Memory planned and taken: a run that was killed measures only what is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import training_memory
from benchmarks.bars import memory as bars
from benchmarks.training_memory import CASES, HEAPS, in_fresh_process

CASE = next(case for case in CASES if case.name == "lora_float32")


def test_a_fresh_process_tells_what_it_took() -> None:
    found = in_fresh_process(CASE, "", "tiny", "cpu")
    assert 5e6 < found["bytes"] < 1e9 and found["seconds"] > 0


def test_what_was_measured_is_not_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def measured(case: training_memory.Case, heap: str, size: str, device: str) -> dict[str, float]:
        asked.append(f"{case.name}_{heap}")
        if len(asked) == 5:
            raise KeyboardInterrupt
        return {"bytes": 2.0 * training_memory.plan(case, size), "seconds": 1.0}

    monkeypatch.setattr(training_memory, "in_fresh_process", measured)
    arguments = ["--size", "tiny", "--work", tmp_path / "work", "--out", tmp_path / "out"]
    monkeypatch.setattr(sys, "argv", ["training_memory.py", *map(str, arguments)])
    with pytest.raises(KeyboardInterrupt):
        training_memory.main()
    training_memory.main()
    assert len(asked) == len(CASES) * len(HEAPS) + 1
    figures = json.loads((tmp_path / "out" / "training_memory.json").read_text())["figures"]
    assert figures == {line.path[1]: {"value": 0.5} for line in bars.LINES}
