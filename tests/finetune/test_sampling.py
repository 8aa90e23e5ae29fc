from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tiny_policy import disturb, tiny_policy
from torch import Tensor

from finetune.policy import Policy
from finetune.responses import token_logprobs
from finetune.sampling import CANDIDATES, Sampling, answer, nucleus, sample

PROMPTS = ["sort: token answer", "sort: window slide course model layer"]


@pytest.fixture
def policy(tiny: Path) -> Policy:
    made = tiny_policy(tiny)
    disturb(made)
    return made


@pytest.fixture
def heard(policy: Policy) -> Iterator[list[Tensor]]:
    """The logits of every decoding step, as the model gave them while it was sampling."""
    steps: list[Tensor] = []
    hook = policy.t5.lm_head.register_forward_hook(
        lambda module, given, made: steps.append(made[:, -1].detach())
    )
    yield steps
    hook.remove()


@pytest.mark.parametrize("training", [False, True])
def test_what_is_sampled_from_is_what_is_scored(
    policy: Policy, heard: list[Tensor], training: bool
) -> None:
    """With dropout alive in sampling or in scoring, the two would differ."""
    policy.model.train(training)
    inputs = policy.encode_prompts(PROMPTS)
    torch.manual_seed(0)
    responses = sample(policy, inputs, Sampling(12), times=3)
    sampled = token_logprobs(torch.stack(heard, dim=1), responses.tokens)
    scored = token_logprobs(policy.logits(inputs, responses.tokens), responses.tokens)
    assert responses.mask.sum() > 12
    assert torch.allclose(sampled[responses.mask], scored[responses.mask], atol=1e-4)


def test_tokens_come_as_often_as_the_model_says(policy: Policy) -> None:
    inputs = policy.encode_prompts(PROMPTS[:1])
    with torch.no_grad():
        policy.t5.lm_head.weight *= 0.3  # no token so rare that its count says nothing
        chances = policy.logits(inputs, torch.tensor([[5]]))[0, 0].softmax(-1)
    torch.manual_seed(0)
    n = 20_000
    drawn = sample(policy, inputs, Sampling(1), times=n).tokens[:, 0]
    counts = torch.bincount(drawn, minlength=len(chances))
    error = (counts - n * chances) / (n * chances * (1 - chances)).sqrt()
    # In standard deviations: 240 tokens at once stay below 5, and the top 50 alone would not do.
    assert float(error[n * chances > 5].abs().max()) < 5
    assert int((counts > 0).sum()) > 100


def test_nothing_follows_the_end_mark(policy: Policy) -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        policy.t5.lm_head.weight *= 0.1  # the end comes soon, and at different places
    responses = sample(policy, policy.encode_prompts(PROMPTS), Sampling(200), times=8)
    ends = (responses.tokens == policy.end).sum(1)
    assert ends.max() == 1
    assert bool((responses.tokens[~responses.mask] == policy.pad).all())
    assert len(set(responses.mask.sum(1).tolist())) > 4


def test_the_same_seed_draws_the_same(policy: Policy) -> None:
    torch.manual_seed(3)
    first = answer(policy, PROMPTS, Sampling(8), times=2)
    torch.manual_seed(3)
    assert answer(policy, PROMPTS, Sampling(8), times=2) == first
    assert [len(texts) for texts in first] == [2, 2]


def probabilities(logits: Tensor, sampling: Sampling) -> Tensor:
    """(batch, vocabulary), of the tokens in their own order."""
    chances, tokens = nucleus(logits, sampling)
    return torch.zeros_like(logits).scatter(-1, tokens, chances)


def test_top_p_keeps_the_fewest_tokens_that_reach_it() -> None:
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.05, 0.95, 1e-9, 1e-9]]).log()
    kept = probabilities(logits, Sampling(1, top_p=0.8))
    assert kept[0].tolist() == pytest.approx([0.625, 0.375, 0, 0], abs=1e-6)
    assert kept[1].tolist() == pytest.approx([0, 1, 0, 0], abs=1e-6)
    cold = probabilities(logits, Sampling(1, temperature=0.5))
    assert cold[0, 0] == pytest.approx(0.25 / (0.25 + 0.09 + 0.0225 + 0.0025))


@pytest.mark.parametrize(("spread", "widened"), [(3.0, 0), (1.7, 1), (0.1, 2)])
def test_top_p_over_a_large_vocabulary_is_that_of_a_whole_sort(spread: float, widened: int) -> None:
    """Flat logits reach beyond the candidates that are looked at first, peaked ones do not."""
    logits = spread * torch.randn(3, 2 * CANDIDATES[1], generator=torch.Generator().manual_seed(0))
    found = probabilities(logits, Sampling(1, top_p=0.9))
    for row, chances in zip(found, logits.softmax(-1), strict=True):
        descending, order = chances.sort(descending=True)
        count = int((descending.cumsum(0) < 0.9).sum()) + 1
        assert sum(count > size for size in CANDIDATES) == widened
        assert set(row.nonzero()[:, 0].tolist()) == set(order[:count].tolist())
        expected = descending[:count] / descending[:count].sum()
        assert torch.allclose(row[order[:count]], expected, atol=1e-6)
