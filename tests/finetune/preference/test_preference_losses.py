"""DPO, KTO and ORPO against plain arithmetic from their papers, and ORPO against trl's."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from finetune.preference.dpo import dpo_loss
from finetune.preference.kto import balanced_weights, kto_loss, reference_point
from finetune.preference.orpo import log_odds, odds_ratio_loss


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@pytest.fixture
def logprobs() -> list[Tensor]:
    """Of chosen, rejected, and the reference's of both, for six responses."""
    draw = torch.Generator().manual_seed(0)
    return [-5 * torch.rand(6, generator=draw, dtype=torch.float64) for _ in range(4)]


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_dpo(logprobs: list[Tensor], noise: float) -> None:
    losses = dpo_loss(*logprobs, beta=0.3, label_noise=noise)
    for row, loss in enumerate(losses.tolist()):
        w, l_, ref_w, ref_l = (float(column[row]) for column in logprobs)
        margin = 0.3 * ((w - ref_w) - (l_ - ref_l))
        expected = -(1 - noise) * math.log(sigmoid(margin)) - noise * math.log(sigmoid(-margin))
        assert loss == pytest.approx(expected)


def test_dpo_pulls_hardest_where_the_margin_is_wrong(logprobs: list[Tensor]) -> None:
    """Its gradient is −β σ(−margin) by the chosen and +β σ(−margin) by the rejected (eq. 7)."""
    chosen, rejected, ref_w, ref_l = logprobs
    chosen, rejected = chosen.requires_grad_(), rejected.requires_grad_()
    dpo_loss(chosen, rejected, ref_w, ref_l, beta=0.3).sum().backward()
    margin = 0.3 * ((chosen - ref_w) - (rejected - ref_l)).detach()
    weight = 0.3 * torch.sigmoid(-margin)
    assert chosen.grad is not None and rejected.grad is not None
    assert torch.allclose(chosen.grad, -weight)
    assert torch.allclose(rejected.grad, weight)


def test_kto(logprobs: list[Tensor]) -> None:
    desirable = torch.tensor([True, False, True, True, False, False])
    losses = kto_loss(logprobs[0], logprobs[1], desirable, 0.4, 0.3, 1.5, 2.0)
    for row, loss in enumerate(losses.tolist()):
        ratio = float(logprobs[0][row] - logprobs[1][row])
        if desirable[row]:
            expected = 1.5 - 1.5 * sigmoid(0.3 * (ratio - 0.4))
        else:
            expected = 2.0 - 2.0 * sigmoid(0.3 * (0.4 - ratio))
        assert loss == pytest.approx(expected)


def test_ktos_reference_point_is_never_negative() -> None:
    assert reference_point(torch.tensor([-1.0, -2.0]), torch.tensor([-2.0, -4.0])) == 1.5
    assert reference_point(torch.tensor([-3.0]), torch.tensor([-2.0])) == 0.0


@pytest.mark.parametrize(("up", "down"), [(100, 25), (25, 100), (50, 50)])
def test_kto_weighs_the_rarer_label_up(up: int, down: int) -> None:
    desirable, undesirable = balanced_weights(up, down)
    assert desirable * up == pytest.approx(undesirable * down)
    assert min(desirable, undesirable) == 1


def test_orpo() -> None:
    chosen, rejected = torch.tensor([-0.5, -2.0]).double(), torch.tensor([-1.5, -0.1]).double()
    losses = odds_ratio_loss(chosen, rejected)
    for row, loss in enumerate(losses.tolist()):
        w, l_ = math.exp(float(chosen[row])), math.exp(float(rejected[row]))
        ratio = (w / (1 - w)) / (l_ / (1 - l_))
        assert loss == pytest.approx(-math.log(sigmoid(math.log(ratio))))


def test_orpo_stays_finite_for_a_response_that_is_certain() -> None:
    sure = torch.tensor([0.0, -1e-9], requires_grad=True)
    odds_ratio_loss(sure, torch.tensor([-1.0, -1.0])).sum().backward()
    assert bool(log_odds(sure).isfinite().all())
    assert sure.grad is not None and bool(sure.grad.isfinite().all())


def test_orpo_equals_trls() -> None:
    trainer = pytest.importorskip(
        "trl.experimental.orpo", reason="trl is not installed"
    ).ORPOTrainer
    draw = torch.Generator().manual_seed(1)
    chosen, rejected = (-3 * torch.rand(50, generator=draw) - 1e-3 for _ in range(2))
    cpu = SimpleNamespace(beta=1.0, accelerator=SimpleNamespace(device="cpu"))
    theirs = trainer.odds_ratio_loss(cpu, chosen, rejected)[0]  # log σ, to be subtracted
    assert torch.allclose(odds_ratio_loss(chosen, rejected), -theirs, atol=1e-5)
