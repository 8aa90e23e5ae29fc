"""Masked statistics, returns, losses and penalties against loops written from the definitions."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from finetune.errors import KLDiverged
from finetune.ppo.kl import AdaptiveKL, stop_if_diverged, token_rewards
from finetune.ppo.losses import explained_variance, policy_loss, value_loss
from finetune.ppo.masked import masked_mean, masked_variance, whiten
from finetune.ppo.returns import advantages_and_returns


def ragged(seed: int, rows: int = 5, time: int = 7) -> tuple[torch.Generator, Tensor]:
    """A generator and the mask of responses of different lengths, the shortest of one token."""
    draw = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, time + 1, (rows,), generator=draw)
    lengths[0], lengths[1] = 1, time
    return draw, torch.arange(time)[None] < lengths[:, None]


def test_masked_statistics_equal_those_of_the_tokens_that_count() -> None:
    draw, mask = ragged(0)
    values = torch.randn(mask.shape, generator=draw)
    kept = [float(v) for v, m in zip(values.flatten(), mask.flatten(), strict=True) if m]
    mean = sum(kept) / len(kept)
    variance = sum((value - mean) ** 2 for value in kept) / len(kept)
    poisoned = values.masked_fill(~mask, math.nan)
    assert float(masked_mean(poisoned, mask)) == pytest.approx(mean, abs=1e-6)
    assert float(masked_variance(values, mask)) == pytest.approx(variance, abs=1e-6)


def test_a_mean_over_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no tokens"):
        masked_mean(torch.ones(2, 3), torch.zeros(2, 3, dtype=torch.bool))


def test_whitened_values_have_mean_zero_and_variance_one_where_they_count() -> None:
    draw, mask = ragged(1)
    values = whiten(5 + 3 * torch.randn(mask.shape, generator=draw), mask)
    assert float(masked_mean(values, mask)) == pytest.approx(0, abs=1e-6)
    assert float(masked_variance(values, mask)) == pytest.approx(1, abs=1e-5)
    assert float(values[~mask].abs().max()) == 0


@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 1.0), (1.0, 0.95), (0.9, 0.8), (0.99, 0.0)])
def test_advantages_equal_the_sum_of_discounted_temporal_differences(
    gamma: float, lam: float
) -> None:
    draw, mask = ragged(2)
    # What lies beyond the end must not matter.
    rewards = torch.randn(mask.shape, generator=draw).double()
    values = torch.randn(mask.shape, generator=draw).double()
    advantages, returns = advantages_and_returns(rewards, values, mask, gamma=gamma, lam=lam)
    for row in range(len(mask)):
        length = int(mask[row].sum())
        r, v = rewards[row].tolist(), [*values[row, :length].tolist(), 0.0]
        for t in range(mask.shape[1]):
            expected = sum(
                (gamma * lam) ** (k - t) * (r[k] + gamma * v[k + 1] - v[k])
                for k in range(t, length)
            )
            assert float(advantages[row, t]) == pytest.approx(expected, abs=1e-12)
            value = v[t] if t < length else 0.0
            assert float(returns[row, t]) == pytest.approx(expected + value, abs=1e-12)


def test_with_lambda_one_the_return_is_the_discounted_sum_of_rewards() -> None:
    draw, mask = ragged(3)
    rewards = torch.randn(mask.shape, generator=draw).double()
    values = torch.randn(mask.shape, generator=draw).double()
    _, returns = advantages_and_returns(rewards, values, mask, gamma=0.9, lam=1.0)
    for row in range(len(mask)):
        length = int(mask[row].sum())
        for t in range(length):
            expected = sum(0.9 ** (k - t) * float(rewards[row, k]) for k in range(t, length))
            assert float(returns[row, t]) == pytest.approx(expected, abs=1e-12)


def test_the_clipped_objective_and_its_gradient_on_a_case_done_by_hand() -> None:
    """ε = 0.2. Ratios 1.5, 1.5, 0.5, 0.5, 1.1 with advantages 2, −2, 2, −2, 1, and padding.

    min(rA, clip(r)A) = 2.4 (clipped), −3, 1, −1.6 (clipped), 1.1; their mean is −0.02. Where it is
    clipped the gradient is 0, elsewhere −rA/5 by the log-probability.
    """
    ratios = torch.tensor([[1.5, 1.5, 0.5, 0.5, 1.1, 9.0]], dtype=torch.float64)
    advantages = torch.tensor([[2.0, -2.0, 2.0, -2.0, 1.0, 9.0]], dtype=torch.float64)
    mask = torch.tensor([[True] * 5 + [False]])
    logprobs = ratios.log().requires_grad_()
    made = policy_loss(logprobs, torch.zeros_like(ratios), advantages, mask, clip=0.2)
    assert float(made.loss.detach()) == pytest.approx(-(2.4 - 3 + 1 - 1.6 + 1.1) / 5)
    assert float(made.clip_fraction) == pytest.approx(2 / 5)
    made.loss.backward()
    assert logprobs.grad is not None
    assert logprobs.grad[0].tolist() == pytest.approx([0, 3 / 5, -1 / 5, 0, -1.1 / 5, 0])


def test_the_kl_to_the_old_policy_is_schulmans_estimate() -> None:
    logprobs = torch.tensor([[-1.0, -2.0, -9.0]])
    old = torch.tensor([[-1.5, -1.0, 0.0]])
    mask = torch.tensor([[True, True, False]])
    expected = sum(math.exp(d) - 1 - d for d in (0.5, -1.0)) / 2
    made = policy_loss(logprobs, old, torch.ones(1, 3), mask, clip=0.2)
    assert float(made.old_kl) == pytest.approx(expected, rel=1e-6)


def test_the_value_loss_takes_the_worse_of_the_free_and_the_clipped_error() -> None:
    """ε = 0.2 around an old value of 0, with a return of 1.

    V = 0.5: clipped to 0.2, errors 0.25 and 0.64. V = −0.5: clipped to −0.2, errors 2.25 and 1.44.
    V = 0.1: not clipped, 0.81.
    """
    values = torch.tensor([[0.5, -0.5, 0.1, 7.0]], dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([[True, True, True, False]])
    old = torch.zeros(1, 4, dtype=torch.float64)
    made = value_loss(values, old, torch.ones(1, 4, dtype=torch.float64), mask, clip=0.2)
    assert float(made.loss.detach()) == pytest.approx((0.64 + 2.25 + 0.81) / 6)
    assert float(made.clip_fraction) == pytest.approx(1 / 3)
    made.loss.backward()
    assert values.grad is not None
    # The clipped one does not move; the others by (V − R̂) / 3.
    assert values.grad[0].tolist() == pytest.approx([0, -1.5 / 3, -0.9 / 3, 0])


def test_explained_variance() -> None:
    draw, mask = ragged(4)
    returns = torch.randn(mask.shape, generator=draw)
    constant = torch.full_like(returns, 3.0)
    assert explained_variance(returns, returns, mask) == pytest.approx(1)
    assert explained_variance(constant, returns, mask) == pytest.approx(0, abs=1e-6)
    assert explained_variance(-returns, returns, mask) == pytest.approx(-3, abs=1e-4)
    assert explained_variance(returns, constant, mask) == 0


def test_the_score_comes_at_the_last_token_and_the_penalty_at_every_one() -> None:
    draw, mask = ragged(5)
    logprobs = torch.randn(mask.shape, generator=draw)
    reference = torch.randn(mask.shape, generator=draw)
    scores = torch.randn(len(mask), generator=draw)
    rewards = token_rewards(scores, logprobs, reference, mask, beta=0.3)
    for row in range(len(mask)):
        length = int(mask[row].sum())
        for t in range(mask.shape[1]):
            expected = 0.0
            if t < length:
                expected = -0.3 * float(logprobs[row, t] - reference[row, t])
            if t == length - 1:
                expected += float(scores[row])
            assert float(rewards[row, t]) == pytest.approx(expected, abs=1e-6)


def test_the_coefficient_rises_above_the_target_and_falls_below_it() -> None:
    kl = AdaptiveKL(beta=0.1, target=6.0, gain=0.1)
    kl.update(6.6)
    assert kl.beta == pytest.approx(0.1 * 1.01)
    kl.update(600.0)  # the error is clipped at 0.2
    assert kl.beta == pytest.approx(0.1 * 1.01 * 1.02)
    kl.update(0.0)
    assert kl.beta == pytest.approx(0.1 * 1.01 * 1.02 * 0.98)
    fixed = AdaptiveKL(beta=0.1, target=6.0, gain=0.0)
    fixed.update(600.0)
    assert fixed.beta == 0.1


@pytest.mark.parametrize("kl", [20.1, math.inf, math.nan])
def test_too_far_from_the_reference_is_a_named_stop(kl: float) -> None:
    stop_if_diverged(20.0, 20.0, step=3)
    with pytest.raises(KLDiverged, match=r"step 3 .* limit is 20"):
        stop_if_diverged(kl, 20.0, step=3)
