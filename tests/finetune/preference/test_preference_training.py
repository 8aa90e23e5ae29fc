"""DPO, KTO and ORPO as runs on the bandit, whose best policy is known in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bandit
import pytest
import torch

from finetune.errors import CheckpointUnusable, KLDiverged
from finetune.log import read_log
from finetune.preference.examples import Judgement, Pair
from finetune.preference.objectives import DPO, KTO, ORPO, Objective
from finetune.preference.settings import PreferenceSettings
from finetune.preference.training import PreferenceTraining

BETA = 0.1
SETTINGS = PreferenceSettings(
    epochs=6, batch=64, microbatch=64, learning_rate=2e-3, kl_every=20, kl_prompts=4, kl_stop=5
)


def preferences() -> tuple[list[Pair], list[Judgement]]:
    """Judgements as often as Bradley and Terry expect them, from arms with rewards 0 to 1."""
    pairs, judged = [], []
    best = len(bandit.ARMS) - 1
    for prompt in bandit.PROMPTS.texts:
        for i, arm in enumerate(bandit.ARMS):
            for j, other in enumerate(bandit.ARMS[:i]):
                wins = round(10 / (1 + math.exp(-(i - j) / best)))
                pairs += [Pair(prompt, arm, other)] * wins
                pairs += [Pair(prompt, other, arm)] * (10 - wins)
            liked = round(10 * i / best)
            judged += [Judgement(prompt, arm, True)] * liked
            judged += [Judgement(prompt, arm, False)] * (10 - liked)
    return pairs, judged


PAIRS, JUDGED = preferences()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bandit.build(tmp_path_factory.mktemp("models") / "bandit-t5")


def training(
    base: Path,
    run: Path,
    objective: Objective[Any],
    examples: Sequence[Any] = PAIRS,
    **changes: object,
) -> PreferenceTraining[Any]:
    settings = SETTINGS.model_copy(update=changes)
    return PreferenceTraining(
        bandit.policy(base, settings.seed), objective, examples, settings, run
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_dpo_finds_the_policy_that_its_theory_promises(
    folder: Path, tmp_path: Path, seed: int
) -> None:
    """π* ∝ ρ exp(r/β) from comparisons alone, without ever having seen r (eqs. 4 to 7)."""
    run = training(folder, tmp_path, DPO(BETA), seed=seed)
    run.run()
    _, policy, optimum = bandit.exact(run.policy, BETA)
    assert policy.reward > 0.95 * optimum.reward
    assert policy.objective > 0.95 * optimum.objective
    rows = read_log(tmp_path)
    assert rows[0]["kl"] == 0.0
    assert rows[-1]["kl"] < SETTINGS.kl_stop


@pytest.mark.parametrize(
    ("objective", "examples"), [(KTO(BETA), JUDGED), (ORPO(1.0), PAIRS)], ids=["kto", "orpo"]
)
def test_kto_and_orpo_move_towards_what_is_liked(
    folder: Path, tmp_path: Path, objective: Objective[Any], examples: Sequence[Any]
) -> None:
    run = training(folder, tmp_path, objective, examples)
    run.run()
    reference, policy, optimum = bandit.exact(run.policy, BETA)
    assert policy.reward - reference.reward > 0.3 * (optimum.reward - reference.reward)


def test_a_run_that_was_killed_goes_on(folder: Path, tmp_path: Path) -> None:
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    changes = {"epochs": 1, "kl_every": 5}
    first = training(folder, whole, DPO(BETA), **changes)
    first.run()

    def killed(done: int, **figures: float) -> None:
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training(folder, parted, DPO(BETA), **changes).run(killed)
    second = training(folder, parted, DPO(BETA), **changes)
    second.run()
    for name, weights in first.kept.trained.items():
        assert torch.allclose(weights, second.kept.trained[name], atol=1e-5), name
    for one, other in zip(read_log(whole), read_log(parted), strict=True):
        assert {**one, "time": 0} == pytest.approx({**other, "time": 0}, abs=1e-5)


def test_drift_beyond_the_limit_ends_the_run(folder: Path, tmp_path: Path) -> None:
    run = training(folder, tmp_path, DPO(0.01), learning_rate=1e-2, kl_every=2, kl_stop=1.0)
    with pytest.raises(KLDiverged, match="limit is 1"):
        run.run()
    assert bandit.exact(run.policy, BETA)[1].kl < 1.5
    assert max(row.get("kl", 0) for row in read_log(tmp_path)) <= 1.0


def test_another_objective_does_not_go_on_from_these_checkpoints(
    folder: Path, tmp_path: Path
) -> None:
    training(folder, tmp_path, DPO(BETA), PAIRS[:64], epochs=1).run()
    with pytest.raises(CheckpointUnusable, match="objective"):
        training(folder, tmp_path, DPO(0.2), PAIRS[:64], epochs=1).run()
