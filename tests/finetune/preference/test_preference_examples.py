from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tiny_policy import tiny_policy

from finetune.errors import EmptySplit
from finetune.policy import Policy
from finetune.preference.examples import Judgement, Pair, load_judgements, load_pairs
from ingestion.errors import LecternError


@pytest.fixture
def policy(tiny: Path) -> Policy:
    made = tiny_policy(tiny)
    made.window = 30
    return made


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "preferences.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


GOOD = {"prompt": "sort: token answer", "chosen": "answer token", "rejected": ""}


def test_what_cannot_be_learned_from_is_left_out_and_counted(
    policy: Policy, tmp_path: Path
) -> None:
    path = written(
        tmp_path,
        GOOD,
        {**GOOD, "prompt": "token " * 40},
        {**GOOD, "chosen": "token " * 15},
        {**GOOD, "rejected": GOOD["chosen"]},
    )
    loaded = load_pairs(path, policy, max_response=10)
    assert loaded.examples == [Pair("sort: token answer", "answer token", "")]
    assert loaded.left_out == {
        "prompts of more than 30 tokens": 1,
        "responses of more than 10 tokens": 1,
        "pairs of equal responses": 1,
    }


def test_labels_are_true_and_false_or_one_and_zero(policy: Policy, tmp_path: Path) -> None:
    rows = [{"prompt": "blue", "response": "red", "label": label} for label in (True, 0, 1)]
    loaded = load_judgements(written(tmp_path, *rows), policy, 10)
    assert [each.desirable for each in loaded.examples] == [True, False, True]
    assert loaded.examples[0] == Judgement("blue", "red", True)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"prompt": "", "chosen": "a", "rejected": "b"}, 'no text under "prompt"'),
        ({"prompt": "a", "rejected": "b"}, 'no text under "chosen"'),
        ({"prompt": "a", "chosen": "b", "rejected": 3}, 'no text under "rejected"'),
    ],
)
def test_a_line_that_is_no_pair_is_named(
    policy: Policy, tmp_path: Path, row: dict[str, Any], why: str
) -> None:
    path = written(tmp_path, GOOD, row)
    with pytest.raises(LecternError, match=f"preferences.jsonl, line 2: {why}"):
        load_pairs(path, policy, 10)


def test_a_label_that_is_neither_is_named(policy: Policy, tmp_path: Path) -> None:
    path = written(tmp_path, {"prompt": "blue", "response": "red", "label": "good"})
    with pytest.raises(LecternError, match=r'line 1: "label" must be true or false'):
        load_judgements(path, policy, 10)


def test_nothing_left_to_learn_from_says_why(policy: Policy, tmp_path: Path) -> None:
    path = written(tmp_path, {**GOOD, "rejected": GOOD["chosen"]})
    with pytest.raises(EmptySplit, match="1 pairs of equal responses"):
        load_pairs(path, policy, 10)
