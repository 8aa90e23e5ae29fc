"""A benchmark's minutes become steps by the speed that was measured once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import tiny_t5
import torch

from benchmarks import budget
from benchmarks.budget import Budget, train
from finetune.data.mixture import Source
from finetune.errors import AnotherRun
from finetune.sft.settings import SftSettings

torch.set_num_threads(1)


def test_minutes_become_steps_by_the_stored_speed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "TRIAL", 2)
    model = tiny_t5.build(tmp_path / "tiny")
    rows = [{"source": f"say {word}", "target": word} for word in tiny_t5.WORDS]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    sources = [Source(format="pairs", path=tmp_path / "rows.jsonl")]
    out = tmp_path / "out"

    def steps(minutes: float) -> int:
        settings = SftSettings(batch=4, precision="float32")
        train(str(model), sources, [], settings, Budget(minutes=minutes), out, "cpu")
        return int(json.loads((out / "training.json").read_text())["course"]["step"])

    out.mkdir()
    (out / "affordable.json").write_text('{"seconds_a_step": 0.5}')
    assert steps(0.025) == 3
    assert steps(0.025) == 3
    remedy = r"give another --work, or delete .*/out to train anew"
    with pytest.raises(AnotherRun, match=rf"settings\.steps: 3 there, 6 here.*{remedy}"):
        steps(0.05)
    (out / "affordable.json").unlink()
    with pytest.raises(AnotherRun, match=r"settings\.steps: 3 there"):
        steps(60)
    assert json.loads((out / "affordable.json").read_text())["seconds_a_step"] > 0

    shutil.rmtree(out)
    out.mkdir()
    (out / "affordable.json").write_text('{"seconds_a_step": 0.5}')
    assert steps(0.05) == 6
