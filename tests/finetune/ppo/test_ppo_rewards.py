from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from finetune.errors import TrainingError
from finetune.ppo.mixture import Mixture, Reward, Weighted, parse_reward, total
from finetune.ppo.penalty import Penalty
from finetune.ppo.rules import Faithfulness, LengthBand, Repetition


class Constant:
    def __init__(self, value: float, identity: str = "constant") -> None:
        self.value, self.identity = value, identity

    def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        return [self.value for _ in responses]


def load(folder: Path) -> Reward:
    return Constant(0.25, f"sha256:{folder.name}")


def words(n: int) -> str:
    return " ".join(["word"] * n)


def test_the_length_band_is_flat_inside_and_falls_outside() -> None:
    texts = [words(n) for n in (0, 2, 4, 6, 8, 12, 16, 40)]
    scores = LengthBand(4, 8).scores(texts, texts)
    assert scores == pytest.approx([0, 0.5, 1, 1, 1, 0.5, 0, 0])
    with pytest.raises(ValueError, match="from 9 to 8"):
        LengthBand(9, 8)


def test_faithfulness_counts_content_words_that_the_prompt_holds() -> None:
    prompt = "Read this: The attention layer has twelve heads. Question: How many heads?"
    responses = ["There are twelve heads.", "Twelve, in two towers", "the of and", "", "layers"]
    scores = Faithfulness().scores([prompt] * 5, responses)
    assert scores == pytest.approx([1, 1 / 3, 0, 0, 1])


def test_repetition_is_the_share_of_trigrams_said_before() -> None:
    texts = ["a b c a b c", "a b c d", "a", "a a a a a"]
    assert Repetition().scores(texts, texts) == pytest.approx([1 / 4, 0, 0, 2 / 3])


def test_a_mixture_is_the_weighted_sum_and_shows_its_parts() -> None:
    mixture = Mixture([Weighted(-2.0, Constant(0.5, "one")), Weighted(3.0, Constant(1.0, "two"))])
    components = mixture.components(["x", "y"], ["", "a"])
    assert components == {"-2*one": [-1.0, -1.0], "3*two": [3.0, 3.0]}
    assert mixture.scores(["x", "y"], ["", "a"]) == total(components) == [2.0, 2.0]
    assert mixture.identity == "-2*one + 3*two"


def test_a_reward_that_is_no_number_is_named() -> None:
    mixture = Mixture([Weighted(1.0, Constant(math.nan, "broken"))])
    with pytest.raises(TrainingError, match="broken gives nan for 'said'"):
        mixture.scores(["x"], ["said"])


def test_rewards_are_written_as_weight_kind_and_argument() -> None:
    read = {
        spec: parse_reward(spec, load).identity
        for spec in (
            "-1*model:judges/first",
            "length:8-40",
            "0.5 * faithfulness",
            "-0.5*repetition",
            "model:a:b",
        )
    }
    assert read == {
        "-1*model:judges/first": "-1*sha256:first",
        "length:8-40": "1*length:8-40",
        "0.5 * faithfulness": "0.5*faithfulness",
        "-0.5*repetition": "-0.5*repetition",
        "model:a:b": "1*sha256:a:b",
    }


@pytest.mark.parametrize(
    "spec", ["", "niceness", "x*faithfulness", "length", "length:9-8", "model", "nan*faithfulness"]
)
def test_what_is_no_reward_is_refused_with_examples(spec: str) -> None:
    with pytest.raises(TrainingError, match=r"is no reward.*length:8-40"):
        parse_reward(spec, load)


@pytest.mark.parametrize("spec", ["repetition", "model:judge"])
def test_a_penalty_needs_a_weight_that_says_which_way(spec: str) -> None:
    class Toxic(Constant, Penalty): ...

    def judge(folder: Path) -> Reward:
        return Toxic(0.5, "toxicity")

    with pytest.raises(TrainingError, match=f'weight says so.*"-1\\*{spec}"'):
        parse_reward(spec, judge)
    assert parse_reward(f"-1*{spec}", judge).weight == -1
    assert parse_reward(f"1*{spec}", judge).weight == 1


def test_no_reward_at_all_is_refused() -> None:
    with pytest.raises(TrainingError, match="no reward to learn from"):
        Mixture([])
