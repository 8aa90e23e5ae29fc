"""PPO as a whole on a bandit whose best policy is known in closed form."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import bandit
import pytest
import torch
from tiny_policy import disturb

from finetune.errors import CheckpointUnusable, KLDiverged, LossNotFinite
from finetune.log import read_log
from finetune.ppo.kl import token_rewards
from finetune.ppo.masked import masked_mean
from finetune.ppo.mixture import Mixture, Weighted
from finetune.ppo.rollout import collect, experience
from finetune.ppo.settings import PPOSettings
from finetune.ppo.training import PPO
from finetune.ppo.update import update
from finetune.ppo.value_head import ValueHead
from finetune.prompts import Prompts

BETA = 0.1
SETTINGS = PPOSettings(
    steps=25,
    batch=64,
    minibatch=64,
    microbatch=64,
    epochs=4,
    max_new_tokens=1,
    learning_rate=5e-3,
    kl_coefficient=BETA,
    kl_gain=0,
    kl_stop=5,
    save_every=5,
)
ARM_REWARD = Mixture([Weighted(1.0, bandit.ArmReward())])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bandit.build(tmp_path_factory.mktemp("models") / "bandit-t5")


def ppo(base: Path, run: Path, **changes: object) -> PPO:
    settings = SETTINGS.model_copy(update=changes)
    return PPO(bandit.policy(base, settings.seed), ARM_REWARD, bandit.PROMPTS, settings, run)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_finds_the_best_policy_under_the_penalty(
    folder: Path, tmp_path: Path, seed: int
) -> None:
    """Against the closed form, with nothing sampled: within 5 % of the way, KL and all."""
    run = ppo(folder, tmp_path, seed=seed)
    run.run()
    reference, policy, optimum = bandit.exact(run.policy, BETA)
    assert optimum.objective - policy.objective < 0.05 * (optimum.objective - reference.objective)
    assert policy.reward > 0.95 * optimum.reward
    assert policy.kl < 1.2 * optimum.kl < SETTINGS.kl_stop
    rows = read_log(tmp_path)
    assert rows[0]["kl"] == 0.0  # with an adapter, and a dropout that was live when it came
    assert len(rows) == SETTINGS.steps + 1
    assert rows[-1]["kl"] == pytest.approx(policy.kl, rel=0.25)
    assert {"clip_fraction", "explained_variance", "entropy", "length", "reward/1*arm"} <= set(
        rows[0]
    )


def test_several_tokens_are_credited_each(folder: Path, tmp_path: Path) -> None:
    """The reward comes at the end; the optimum is to say one word three times."""

    class Count:
        identity = "count"

        def scores(self, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
            return [response.split().count("teal") / 3 for response in responses]

    settings = SETTINGS.model_copy(
        update={"max_new_tokens": 3, "kl_coefficient": 0.001, "kl_stop": 40, "steps": 40}
    )
    mixture = Mixture([Weighted(1.0, Count())])
    run = PPO(bandit.policy(folder, 0), mixture, bandit.PROMPTS, settings, tmp_path)
    run.run()
    rows = read_log(tmp_path)
    assert rows[0]["reward"] < 0.05
    assert rows[-1]["reward"] > 0.95
    assert rows[-1]["kl"] < 40


def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(folder: Path, tmp_path: Path) -> None:
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    steps = {"steps": 8, "save_every": 3}
    first = ppo(folder, whole, **steps)
    first.run()

    def killed(done: int, **figures: float) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ppo(folder, parted, **steps).run(killed)
    assert len(read_log(parted)) == 6  # beyond the checkpoint of step 3: to be made again
    second = ppo(folder, parted, **steps)
    second.run()
    for name, weights in first.kept.trained.items():
        assert torch.allclose(weights, second.kept.trained[name], atol=1e-5), name
    for one, other in zip(read_log(whole), read_log(parted), strict=True):
        for name in ("step", "reward", "kl", "kl_coefficient", "explained_variance"):
            assert one[name] == pytest.approx(other[name], abs=1e-5)
    assert (whole / "samples.jsonl").read_text() == (parted / "samples.jsonl").read_text()


def test_the_distance_after_resuming_at_the_start_is_exactly_zero(
    folder: Path, tmp_path: Path
) -> None:
    def killed(done: int, **figures: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ppo(folder, tmp_path).run(killed)
    again = ppo(folder, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        again.run(killed)
    assert [row["kl"] for row in read_log(tmp_path)] == [0.0]


def test_divergence_ends_the_run_at_the_last_good_checkpoint(folder: Path, tmp_path: Path) -> None:
    run = ppo(folder, tmp_path, kl_coefficient=0.0, kl_stop=1.5, save_every=1)
    with pytest.raises(KLDiverged, match=r"nats per response away .* limit is 1\.5"):
        run.run()
    _, policy, _ = bandit.exact(run.policy, BETA)
    assert 0.0 < policy.kl < 1.8  # an estimate from 64 responses was below the limit
    rows = read_log(tmp_path)
    assert len(rows) < SETTINGS.steps
    assert max(row["kl"] for row in rows) <= 1.5


def test_the_coefficient_rises_while_the_policy_is_beyond_its_target(
    folder: Path, tmp_path: Path
) -> None:
    ppo(folder, tmp_path, kl_gain=0.5, kl_target=0.2, steps=12).run()
    betas = [row["kl_coefficient"] for row in read_log(tmp_path)]
    assert betas[0] == BETA
    assert betas[-1] > 1.5 * BETA


def test_a_broken_gradient_stops_the_run_and_spares_the_weights(
    folder: Path, tmp_path: Path
) -> None:
    run = ppo(folder, tmp_path, save_every=1)

    def poison(done: int, **figures: float) -> None:
        if done == 2:
            run.head.linear.bias.register_hook(lambda gradient: gradient * math.inf)

    with pytest.raises(LossNotFinite, match="gradient is"):
        run.run(poison)
    assert all(bool(weights.isfinite().all()) for weights in run.kept.trained.values())


def test_a_folder_of_another_run_is_refused(folder: Path, tmp_path: Path) -> None:
    ppo(folder, tmp_path, steps=1).run()
    with pytest.raises(CheckpointUnusable, match="differs in settings"):
        ppo(folder, tmp_path, steps=1, clip=0.3).run()


def test_small_parts_change_nothing_but_memory(folder: Path, tmp_path: Path) -> None:
    tall = ppo(folder, tmp_path / "tall", steps=2, max_new_tokens=3)
    flat = ppo(folder, tmp_path / "flat", steps=2, max_new_tokens=3, microbatch=7)
    tall.run()
    flat.run()
    for name, weights in tall.kept.trained.items():
        assert torch.allclose(weights, flat.kept.trained[name], atol=1e-5), name


def test_a_rollout_says_what_brute_force_says(folder: Path) -> None:
    """Log-probabilities, values and KL of every response, one prompt and one token at a time."""
    policy = bandit.policy(folder, 0)
    disturb(policy)
    head = ValueHead(policy.t5.config.d_model)
    torch.nn.init.normal_(head.linear.weight)
    prompts = bandit.PROMPTS.texts * 3
    torch.manual_seed(0)
    rollout = collect(policy, head, prompts, max_new_tokens=12, microbatch=5)
    assert len(set(rollout.lengths.tolist())) > 2
    for row, prompt in enumerate(prompts):
        asked = policy.tokenizer(prompt, return_tensors="pt").input_ids
        read, kl = [policy.start], 0.0
        for t in range(int(rollout.lengths[row])):
            given = {"input_ids": asked, "decoder_input_ids": torch.tensor([read])}
            with torch.no_grad():
                made = policy.model(**given, output_hidden_states=True)
                pi = made.logits[0, -1].log_softmax(-1)
                with policy.reference():
                    rho = policy.model(**given).logits[0, -1].log_softmax(-1)
                value = head(made.decoder_hidden_states[-1])[0, -1]
            token = int(rollout.responses.tokens[row, t])
            assert float(rollout.logprobs[row, t]) == pytest.approx(float(pi[token]), abs=1e-4)
            assert float(rollout.reference[row, t]) == pytest.approx(float(rho[token]), abs=1e-4)
            assert float(rollout.values[row, t]) == pytest.approx(float(value), abs=1e-3)
            kl += float((pi.exp() * (pi - rho)).sum())
            read.append(token)
        assert float(rollout.kl[row].sum()) == pytest.approx(kl, abs=1e-3)
        assert float(rollout.logprobs[row, int(rollout.lengths[row]) :].abs().sum()) == 0
    assert rollout.sequence_kl == pytest.approx(float(rollout.kl.sum(1).mean()))


def test_the_first_update_starts_from_ratio_one(folder: Path, tmp_path: Path) -> None:
    """Recomputed log-probabilities equal those of the rollout: nothing is random in between."""
    run = ppo(folder, tmp_path, epochs=1, max_new_tokens=3)
    torch.manual_seed(0)
    rollout = collect(
        run.policy, run.head, bandit.PROMPTS.texts * 4, max_new_tokens=3, microbatch=5
    )
    batch = experience(rollout, torch.randn(16), BETA, run.settings)
    figures = update(run.policy, run.head, run.kept, batch, run.settings)
    assert figures.clip_fraction == 0
    assert figures.old_kl == pytest.approx(0, abs=1e-7)


def test_whitened_advantages_and_penalties_of_an_experience(folder: Path, tmp_path: Path) -> None:
    run = ppo(folder, tmp_path, max_new_tokens=3)
    torch.manual_seed(0)
    rollout = collect(
        run.policy, run.head, bandit.PROMPTS.texts * 4, max_new_tokens=3, microbatch=8
    )
    scores = torch.randn(16)
    batch = experience(rollout, scores, BETA, run.settings)
    mask = rollout.responses.mask
    rewards = token_rewards(scores, rollout.logprobs, rollout.reference, mask, BETA)
    assert float(masked_mean(batch.advantages, mask)) == pytest.approx(0, abs=1e-6)
    # V is 0 before the first update: the first return is the sum of the rewards, λ and all.
    lam = run.settings.lam
    weights = torch.tensor([lam**t for t in range(mask.shape[1])])
    assert torch.allclose(batch.returns[:, 0], (rewards * weights).sum(1), atol=1e-5)


def test_transcripts_are_for_people(folder: Path, tmp_path: Path) -> None:
    ppo(folder, tmp_path, steps=2).run()
    lines = [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1] * 4 + [2] * 4 + [3] * 4
    for line in lines:
        expected = bandit.ArmReward().scores([line["prompt"]], [line["response"]])[0]
        assert line["rewards"] == {"1*arm": round(expected, 4)}


def test_prompts_come_once_each_before_any_comes_again() -> None:
    prompts = Prompts([str(number) for number in range(10)], 0)
    seen = [text for step in range(5) for text in prompts.of_step(step, 4, seed=3)]
    assert sorted(seen[:10]) == sorted(seen[10:]) == sorted(prompts.texts)
    assert seen[:10] != seen[10:]
    assert seen[8:12] == prompts.of_step(2, 4, seed=3)
