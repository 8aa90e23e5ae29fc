"""The detoxification benchmark on tiny models: its bookkeeping, not its claim."""

from __future__ import annotations

import gzip
import json
import math
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest
import tiny_t5
import torch

from benchmarks import detoxification
from benchmarks.bars import detoxification as bars
from benchmarks.detox.comments import Comment, comments, sampled, split_seeds
from benchmarks.detox.measuring import Drawing, Measured, beside, perplexity
from benchmarks.detox.verdict import reached, table
from chatbot.judging.cleaning import clean
from evaluation.judge import load_judge
from evaluation.safety.prompts import Prompt
from evaluation.safety.word_judge import fit, save
from finetune.policy_run import PolicySource
from finetune.reward.examples import text_key
from finetune.reward.splits import split_name
from ingestion.errors import LecternError

torch.set_num_threads(1)
RUDE = ["slide", "token", "window"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Comments of the tiny model's own words, in the form of the real collections."""
    folder = tmp_path_factory.mktemp("data")
    draw = random.Random(0)

    def comment() -> str:
        return " ".join(draw.choice(tiny_t5.WORDS) for _ in range(14))

    jigsaw = folder / "toxicity" / "jigsaw_balanced"
    jigsaw.mkdir(parents=True)
    lines = [f'"{comment()}",{n % 2}' for n in range(150)] + ['"too short",0']
    (jigsaw / "jigsaw_binary_test.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    spans = folder / "toxicity" / "toxic_spans"
    spans.mkdir(parents=True)
    lines = ["comment_id,comment_text", *(f"{n},{comment()}" for n in range(60))]
    (spans / "comments.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two that were trained on different texts and agree on what is rude."""
    made = []
    for number in range(2):
        draw = random.Random(number)
        texts = [" ".join(draw.choice(tiny_t5.WORDS) for _ in range(4)) for _ in range(200)]
        folder = tmp_path_factory.mktemp("judges") / f"judge-{number}"
        weights, bias = fit(texts, [any(word in text for word in RUDE) for text in texts])
        save(folder, folder.name, weights, bias)
        made.append(folder)
    return made


def test_held_comments_are_in_no_split_that_was_learned_from(data: Path) -> None:
    practice, held = comments(data, [0, 3])
    assert len(practice) > 100 and held
    for one in held:
        assert split_name(one.key, 0) == split_name(one.key, 3) == "test"
    for one in (*practice, *held):
        assert one.key == text_key(clean(f"{one.prompt} {one.rest}"))
        assert len(one.prompt.split()) == 8 and len(one.rest.split()) == 6
    assert not {one.prompt for one in practice} & {one.prompt for one in held}
    assert sampled(practice, 9) == sampled(practice, 9) != sampled(practice, 9, seed=1)


def test_the_same_beginning_is_asked_once() -> None:
    twins = [Comment("1", "a b", "c"), Comment("2", "A b", "d"), Comment("3", "x", "y")]
    assert len(sampled(twins, 10)) == 2


def test_splits_are_those_that_the_judges_were_trained_with(tmp_path: Path) -> None:
    for seed in (4, 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / "training.json").write_text(json.dumps({"settings": {"seed": seed}}))
    assert split_seeds([tmp_path / "4", tmp_path / "2", tmp_path]) == [2, 4]
    assert split_seeds([tmp_path]) == [0]


def test_perplexity_is_that_of_the_tokens_spoken(tmp_path: Path) -> None:
    policy = PolicySource(model=str(tiny_t5.build(tmp_path / "tiny"))).open(
        str(tmp_path / "tiny"), seed=0
    )
    asked, said = ["sort: token", "blue"], ["token answer", "red or green"]
    total, count = 0.0, 0
    for prompt, text in zip(asked, said, strict=True):
        tokens = policy.tokenizer(text, return_tensors="pt").input_ids
        with torch.no_grad():
            logs = policy.logits(policy.encode_prompts([prompt]), tokens).log_softmax(-1)[0]
        for t, token in enumerate(tokens[0, :-1].tolist()):
            total, count = total - float(logs[t, token]), count + 1
    assert perplexity(policy, asked, said) == pytest.approx(math.exp(total / count), rel=1e-4)


def test_the_bars_need_a_fall_an_interval_and_a_policy_that_talks() -> None:
    prompts = [f"beginning number {n} of what somebody wrote here" for n in range(40)]
    talk = [f"and so they said it for the {n} th time that day" for n in range(40)]

    def system(toxicity: float, said: list[str]) -> Measured:
        varied = [toxicity + 0.01 * (n % 5) for n in range(40)]
        words = [float(len(text.split())) for text in said]
        ones = [1.0] * 40
        return Measured(varied, varied, varied, words, ones, prompts, said, 20.0)

    reference = system(0.4, talk)

    def verdict(toxicity: float, said: list[str]) -> bool:
        figures, wrong = beside(system(toxicity, said), reference, 1.0)
        assert (
            table(
                {
                    **{f"reference_{name}": figure for name, figure in figures.items()},
                    **{f"ppo_0_{name}": figure for name, figure in figures.items()},
                },
                {"ppo_0": wrong},
            ).count("\n")
            == 3
        )
        return reached({f"ppo_0_{name}": f for name, f in figures.items()}, "ppo_0", wrong)

    assert verdict(0.2, talk)
    assert not verdict(0.35, talk)
    assert not verdict(0.45, talk)
    assert not verdict(0.0, [""] * 40)
    assert not verdict(0.0, prompts)
    assert not verdict(0.0, ["nice " * 11] * 40)
    assert not verdict(0.0, [text[: len(text) // 2] for text in talk])


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["detoxification.py", *map(str, arguments)])
    detoxification.main()


def test_one_command_runs_it_and_runs_it_on(
    data: Path, judges: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_t5.build(tmp_path / "tiny")
    asked = (
        "--model", model, "--reward", judges[0], "--judge", judges[1], "--data", data,
        "--work", tmp_path / "work", "--out", tmp_path / "out", "--device", "cpu", "--seeds", "0,1",
        "--prompts", 8, "--samples", 3, "--new-tokens", 5, "--practice", 24, "--steps", 3,
        "--batch", 8, "--lr", 1e-3, "--dpo-samples", 3, "--dpo-epochs", 1, "--largest-n", 3,
        "--sft-epochs", 0.5, "--kl-stop", 50, "--best-prompts", 6,
    )  # fmt: skip
    run(monkeypatch, *asked)
    result = json.loads((tmp_path / "out" / "detoxification.json").read_text())
    figures, details = result["figures"], result["details"]
    assert set(details["faults"]) == {
        f"{system}_{seed}" for system in ("ppo", "dpo", "best_of_n") for seed in (0, 1)
    }
    for seed in (0, 1):
        assert figures[f"ppo_{seed}_kl"]["value"] > 0
        assert figures[f"dpo_{seed}_kl"]["value"] < 1.5 * figures[f"ppo_{seed}_kl"]["value"] + 0.1
        assert figures[f"ppo_{seed}_toxicity_change"]["n"] == 8
        assert figures[f"best_of_n_{seed}_toxicity_change"]["n"] == 6
        assert figures[f"ppo_{seed}_perplexity"]["value"] > 1
        assert figures[f"ppo_{seed}_reached"]["value"] == details["reached"][str(seed)]
    named = {line.path[1] for line in bars.LINES if "_2_" not in line.path[1]}
    assert named <= set(figures), "every row of the page is measured"
    assert load_judge(judges[0]).identity in details["reward"]
    assert details["judge"]["name"] == "judge-1"
    rows = tmp_path / "work" / "rows" / "ppo_0.rows.jsonl"
    assert all(len(json.loads(line)["continuations"]) == 3 for line in rows.open())

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a finished run draws nothing anew")

    monkeypatch.setattr("benchmarks.detox.measuring.answer", forbidden)
    run(monkeypatch, *asked)
    assert json.loads((tmp_path / "out" / "detoxification.json").read_text())["figures"] == figures
    assert details["dpo"] == {"samples": 3, "epochs": 1}
    for option, value, why in (
        ("--dpo-epochs", 2, "with epochs 1, and 2 is"),
        ("--dpo-samples", 4, "with the best and worst of 3, and 4 is"),
    ):
        with pytest.raises(LecternError, match=why):
            run(monkeypatch, *asked, option, value)


def test_too_few_comments_that_no_judge_knows_are_refused(
    data: Path, judges: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LecternError, match=r"Only \d+ comments were used by neither"):
        run(
            monkeypatch, "--policy", tmp_path, "--reward", judges[0], "--judge", judges[1],
            "--data", data, "--work", tmp_path / "work", "--out", tmp_path / "out",
        )  # fmt: skip


def test_best_of_n_gives_the_best_of_each_n(tmp_path: Path) -> None:
    model = tiny_t5.build(tmp_path / "tiny")
    policy = PolicySource(model=str(model), device="cpu").open(str(model), seed=0)
    prompt = Prompt(id="1", prompt="sort: token slide")

    class Longer:
        identity = "length"
        seen: ClassVar[list[str]] = []

        def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
            self.seen += responses
            return [float(len(text)) for text in responses]

    best = Drawing(samples=5, max_new_tokens=4).by_best_of(3, policy, Longer())(prompt)
    threes = [Longer.seen[start : start + 3] for start in range(0, 15, 3)]
    assert best == [max(three, key=len) for three in threes]


def test_the_reward_may_not_be_the_judge(
    data: Path, judges: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LecternError, match="is what the policy was rewarded by"):
        run(
            monkeypatch, "--policy", tmp_path, "--reward", judges[0], "--judge", judges[0],
            "--data", data, "--work", tmp_path / "work", "--out", tmp_path / "out",
        )  # fmt: skip
