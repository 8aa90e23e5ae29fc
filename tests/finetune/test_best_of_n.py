from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import bandit
import pytest
import torch
from tiny_policy import tiny_policy

from finetune.best_of_n import best_of_n, best_of_n_kl, n_for_kl
from finetune.sampling import Sampling


def test_the_distance_of_best_of_n_equals_that_of_its_distribution_written_out() -> None:
    """Of m equally likely responses, the i-th best is kept with (((i/m)^n) − ((i−1)/m)^n)."""
    m = 200_000
    for n in (1, 2, 4, 16):
        steps = torch.arange(m + 1, dtype=torch.float64) / m
        kept = (steps**n).diff()
        assert best_of_n_kl(n) == pytest.approx(float((kept * (kept * m).log()).sum()), abs=1e-3)
    assert best_of_n_kl(1) == 0
    with pytest.raises(ValueError, match="best of 0"):
        best_of_n_kl(0)


def test_n_for_a_distance_is_the_last_one_within_it() -> None:
    for kl in (0.0, 0.2, 1.0, 3.0):
        n = n_for_kl(kl)
        assert best_of_n_kl(n) <= kl < best_of_n_kl(n + 1)
    assert n_for_kl(100, largest=64) == 64


def test_the_best_is_kept_and_its_distribution_is_the_one_of_theory(tmp_path: Path) -> None:
    policy = bandit.policy(bandit.build(tmp_path / "bandit-t5"), 0)
    torch.manual_seed(0)
    said = best_of_n(policy, ["red"] * 600, bandit.ArmReward(), 4, Sampling(1))
    with torch.no_grad():
        logits = policy.logits(policy.encode_prompts(["red"]), torch.tensor([[0]]))[0, 0]
    arms = logits.softmax(-1)[4:].tolist()
    other = 1 - sum(arms)
    for place, arm in enumerate(bandit.ARMS):
        if place == 0:
            continue  # as little liked as what is no arm at all
        below = other + sum(arms[:place])
        chance = (below + arms[place]) ** 4 - below**4
        error = math.sqrt(chance * (1 - chance) / 600)
        assert said.count(arm) / 600 == pytest.approx(chance, abs=4 * error + 1e-3)


def test_prompts_and_their_responses_stay_together(tiny: Path) -> None:
    class Same:
        identity = "same"

        def __init__(self) -> None:
            self.asked: list[str] = []

        def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
            self.asked += prompts
            return [0.0 for _ in responses]

    reward = Same()
    best_of_n(tiny_policy(tiny), ["sort: token", "blue", "sort: layer"], reward, 2, Sampling(4))
    assert reward.asked == ["sort: token"] * 2 + ["blue"] * 2 + ["sort: layer"] * 2
