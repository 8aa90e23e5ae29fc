"""The verdict on a trained policy: a better reward, and still talking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import bandit
import pytest
from tiny_policy import disturb, tiny_policy

from finetune.before_after import before_after
from finetune.policy import Policy
from finetune.ppo.mixture import Mixture, Weighted
from finetune.ppo.settings import PPOSettings
from finetune.ppo.training import PPO

PROMPTS = [f"sort: token answer window {'slide ' * n}" for n in range(12)]


class Loves:
    """Likes a text for how often a letter stands in it."""

    def __init__(self, letter: str) -> None:
        self.identity, self.letter = letter, letter

    def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        return [float(response.count(self.letter)) for response in responses]


@pytest.fixture
def policy(tiny: Path) -> Policy:
    return tiny_policy(tiny)


def test_a_fresh_policy_is_no_improvement_and_no_deterioration(policy: Policy) -> None:
    found = before_after(policy, PROMPTS, 12, Loves("e"))
    assert found.kl.value == 0
    assert found.before == found.after
    assert found.reward is not None and found.reward.difference.value == 0
    assert not found.faults and not found.improved


def test_a_higher_reward_of_a_policy_that_fell_silent_does_not_pass(tmp_path: Path) -> None:
    class LovesSilence:
        identity = "silence"

        def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
            return [float(not response) for response in responses]

    policy = bandit.policy(bandit.build(tmp_path / "bandit-t5", silent=6), 0)
    settings = PPOSettings(
        steps=15,
        max_new_tokens=2,
        minibatch=64,
        microbatch=64,
        learning_rate=5e-3,
        kl_stop=50,
        empty_penalty=0,
    )
    mixture = Mixture([Weighted(1.0, LovesSilence())])
    PPO(policy, mixture, bandit.PROMPTS, settings, tmp_path / "run").run()
    found = before_after(policy, bandit.PROMPTS.texts * 8, 2, mixture)
    assert found.reward is not None and found.reward.difference.low > 0.5
    assert any("are empty" in fault for fault in found.faults)
    assert not found.improved
    assert found.as_json()["improved"] is False


def test_distance_and_figures_of_a_changed_policy(policy: Policy) -> None:
    disturb(policy, 0.1)
    found = before_after(policy, PROMPTS, 12)
    assert found.kl.value > 0 and found.kl.n == len(PROMPTS)
    assert found.reward is None and not found.improved
    assert set(found.as_json()) == {"before", "after", "length_ratio", "kl", "faults"}
