"""Chain of thought: when an answer is right, what a blind guess reaches, and a whole tiny run."""

from __future__ import annotations

import gzip
import json
import random
import sys
from pathlib import Path

import pytest
import tiny_t5
import torch

from benchmarks import chain_of_thought
from benchmarks.bars import reasoning as bars
from benchmarks.reasoning.tasks import TASKS, Task, options
from benchmarks.reasoning.verdict import sentence
from evaluation.bootstrap import compare, interval
from finetune.data.example import Example

torch.set_num_threads(1)
GSM8K, STRATEGYQA, ECQA = TASKS


def example(gold: str, source: str = "What is it?") -> Example:
    return Example(source, gold, "task", "group", (gold,))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("1080", True),
        ("Half of 2,160 is 1,080. The answer is 1,080.", True),
        ("The answer is $1080.00", True),
        ("The answer is 108.", False),
        ("1080 is wrong. It is 7.", False),
        ("no idea", False),
        ("", False),
    ],
)
def test_a_number_is_read_from_the_answer_not_from_the_reasoning(text: str, right: bool) -> None:
    assert GSM8K.right(text, example("1,080"), reasoned=True) is right


@pytest.mark.parametrize("reasoned", [False, True])
def test_yes_and_no_and_options(reasoned: bool) -> None:
    assert STRATEGYQA.right("Fish swim. So the answer is yes.", example("yes"), reasoned=reasoned)
    said = "Yes, one may think. The answer is no."
    assert not STRATEGYQA.right(said, example("yes"), reasoned=reasoned)
    assert not STRATEGYQA.right("nobody knows", example("no"), reasoned=reasoned)
    gold = example("dimly lit room")
    said = "It is cold there. The answer is the dimly lit room."
    assert ECQA.right(said, gold, reasoned=reasoned)
    assert not ECQA.right("a room", gold, reasoned=reasoned)


@pytest.mark.parametrize(
    ("task", "text", "gold"),
    [
        (GSM8K, "12 eggs. He sold 4 of them.", "12"),
        (STRATEGYQA, "Yes. No fish can fly.", "yes"),
        (ECQA, "A cave. It is dark there.", "cave"),
    ],
)
def test_an_answer_at_once_may_be_explained_after(task: Task, text: str, gold: str) -> None:
    assert task.right(text, example(gold), reasoned=False)
    assert not task.right(text, example(gold), reasoned=True)


def test_options_are_those_of_the_question() -> None:
    asked = "Question: Where?\nOptions:\n- a cave\n- the sea-side\n\nAnswer:"
    assert options(example("x", asked)) == ["a cave", "the sea-side"]
    assert options(example("x")) == []


def test_the_verdict_follows_the_interval() -> None:
    def said(with_reasoning: list[float], direct: list[float], floor: float) -> str:
        best = interval(max(with_reasoning, direct, key=sum))
        assert best is not None
        return sentence("gsm8k", "after", compare(with_reasoning, direct), best, floor)

    many, few = [1.0] * 30 + [0.0] * 10, [1.0] * 10 + [0.0] * 30
    assert "helps" in said(many, few, 0.2) and "blind" not in said(many, few, 0.2)
    assert "does harm" in said(few, many, 0.2)
    alike = said(few, few[::-1], 0.5)
    assert "no difference" in alike and "neither is shown to beat a blind guess (0.500)" in alike


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    draw = random.Random(0)

    def words(count: int) -> str:
        return " ".join(draw.choice(tiny_t5.WORDS) for _ in range(count))

    for path in (GSM8K.path, STRATEGYQA.path, f"instructions/flan_cot/{GSM8K.trained}"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    gsm8k = [{"question": words(6), "answer": f"{words(4)}\n#### {n}"} for n in (3, 4, 5)]
    strategyqa = [{"question": words(5), "answer": n < 1, "facts": [words(4)]} for n in range(3)]
    lines = "".join(json.dumps(row) + "\n" for row in gsm8k)
    (folder / GSM8K.path).write_bytes(gzip.compress(lines.encode()))
    (folder / STRATEGYQA.path).write_bytes(gzip.compress(json.dumps(strategyqa).encode()))
    for name, answers in ((GSM8K.trained, ["4", "4", "5"]), (STRATEGYQA.trained, ["yes", "no"])):
        rows = [f"{words(6)}\t{answer}\t{words(4)}" for answer in answers * 6]
        place = folder / "instructions" / "flan_cot" / name
        place.write_bytes(gzip.compress("\n".join(rows).encode()))
    return folder


def test_one_command_measures_trains_measures_again_and_goes_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_of_thought, "TASKS", TASKS[:2])  # ECQA's held list is of real rows
    model = tiny_t5.build(tmp_path / "tiny")
    arguments = (
        "--model", model, "--data", data, "--work", tmp_path / "work", "--out", tmp_path / "out",
        "--new-tokens", 6, "--direct-tokens", 3, "--steps", 2, "--batch", 8, "--rank", 2,
        "--precision", "float32", "--device", "cpu",
    )  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["chain_of_thought.py", *map(str, arguments)])
    chain_of_thought.main()
    path = tmp_path / "out" / "chain_of_thought.json"
    result = json.loads(path.read_text())
    figures = result["figures"]
    assert {line.path[1] for line in bars.LINES if "ecqa" not in line.path[1]} <= set(figures)
    assert figures["gsm8k_blind"]["value"] == pytest.approx(1 / 3)
    assert figures["strategyqa_before_direct"]["n"] == 3
    assert len(result["details"]["verdict"]) == 4
    trained = json.loads((tmp_path / "work" / "tuned" / "training.json").read_text())
    assert {part["chain_of_thought"] for part in trained["data"]["train"]} == {True, False}

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("answers that are there are not asked for again")

    monkeypatch.setattr("finetune.respondent.greedy", forbidden)
    chain_of_thought.main()
    assert json.loads(path.read_text())["figures"] == figures


@pytest.mark.data
def test_every_real_gold_answer_counts_as_right(shared_data: Path) -> None:
    """Said plainly and after reasoning; and ECQA's questions offer five options."""
    for task in TASKS:
        for reasoned in (False, True):
            examples = task.examples(shared_data, chain_of_thought=reasoned, limit=300)
            missed = [e.target for e in examples if not task.right(e.target, e, reasoned=reasoned)]
            assert len(missed) <= 0.01 * len(examples), missed[:5]
    asked = ECQA.examples(shared_data, chain_of_thought=False, limit=300)
    assert sum(len(options(e)) == 5 for e in asked) > 0.98 * len(asked)
