from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_policy import tiny_policy

from finetune.errors import EmptySplit
from finetune.prompts import Prompts, load_prompts
from ingestion.errors import LecternError


def test_prompts_beyond_the_window_are_counted_and_broken_lines_named(
    tiny: Path, tmp_path: Path
) -> None:
    policy = tiny_policy(tiny)
    policy.window = 20
    path = tmp_path / "prompts.jsonl"
    path.write_text('{"prompt": "sort: token", "id": 1}\n\n' + json.dumps({"prompt": "a " * 50}))
    assert load_prompts(path, policy) == Prompts(["sort: token"], 1)
    path.write_text('{"prompt": "sort: token"}\n{"question": "why"}')
    with pytest.raises(LecternError, match=r'prompts.jsonl, line 2: no text under "prompt"'):
        load_prompts(path, policy)
    path.write_text(json.dumps({"prompt": "a " * 50}))
    with pytest.raises(EmptySplit, match=r"fits 20 tokens \(1 are longer\)"):
        load_prompts(path, policy)


def test_a_tenth_is_held_out_and_copies_stay_on_one_side() -> None:
    prompts = Prompts([str(number) for number in range(40)] * 2, 0)
    training, held = prompts.hold_out(200, seed=0)
    assert len(held) == 4 and len(training.texts) == 72
    assert not set(held) & set(training.texts)
    assert prompts.hold_out(3, seed=0)[1] != held
    assert len(prompts.hold_out(3, seed=0)[1]) == 3
    assert Prompts(["one"], 0).hold_out(200, 0) == (Prompts(["one"], 0), ["one"])
