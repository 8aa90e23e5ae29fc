from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_policy import disturb, tiny_policy

from finetune.divergence import measured_kl
from finetune.policy import Policy
from finetune.responses import token_logprobs

PROMPTS = ["sort: token answer", "sort: window slide course model layer", "Question: blue"]
TEXTS = ["answer token", "course layer model slide window", "red"]


@pytest.fixture
def policy(tiny: Path) -> Policy:
    return tiny_policy(tiny)


def test_logprobs_in_a_padded_batch_equal_those_of_one_response_read_token_by_token(
    policy: Policy,
) -> None:
    disturb(policy)
    responses = policy.encode_responses(TEXTS)
    logits = policy.logits(policy.encode_prompts(PROMPTS), responses.tokens)
    batched = token_logprobs(logits, responses.tokens)
    for row, (prompt, text) in enumerate(zip(PROMPTS, TEXTS, strict=True)):
        asked = policy.tokenizer(prompt, return_tensors="pt").input_ids
        tokens = policy.tokenizer(text).input_ids
        read = [policy.start]
        for t, token in enumerate(tokens):
            made = policy.model(input_ids=asked, decoder_input_ids=torch.tensor([read]))
            expected = made.logits[0, -1].log_softmax(-1)[token]
            assert float(batched[row, t].detach()) == pytest.approx(
                float(expected.detach()), abs=1e-5
            )
            read.append(token)
        assert responses.mask[row].sum() == len(tokens)


def test_several_responses_to_a_prompt_are_scored_as_if_each_had_its_own(policy: Policy) -> None:
    disturb(policy)
    responses = policy.encode_responses(["answer token", "token", "slide", "window course"])
    twice = policy.logits(policy.encode_prompts(PROMPTS[:2]), responses.tokens)
    repeated = [PROMPTS[0], PROMPTS[0], PROMPTS[1], PROMPTS[1]]
    single = policy.logits(policy.encode_prompts(repeated), responses.tokens)
    assert torch.allclose(twice, single, atol=1e-5)


def test_the_reference_is_the_model_without_its_adapter(policy: Policy, tiny: Path) -> None:
    bare = policy.logits(policy.encode_prompts(PROMPTS), policy.encode_responses(TEXTS).tokens)
    disturb(policy)
    inputs, tokens = policy.encode_prompts(PROMPTS), policy.encode_responses(TEXTS).tokens
    with policy.reference():
        assert torch.equal(policy.logits(inputs, tokens), bare)
    assert not torch.allclose(policy.logits(inputs, tokens), bare, atol=1e-3)


def test_a_fresh_policy_is_exactly_its_reference(policy: Policy) -> None:
    assert measured_kl(policy, PROMPTS, max_new_tokens=8) == [0.0, 0.0, 0.0]
    disturb(policy)
    assert min(measured_kl(policy, PROMPTS, max_new_tokens=8)) > 0


def test_no_dropout_comes_back_with_the_training_mode(policy: Policy) -> None:
    """Gradient checkpointing switches to the training mode; live dropout would make noise there."""
    inputs, tokens = policy.encode_prompts(PROMPTS), policy.encode_responses(TEXTS).tokens
    still = policy.logits(inputs, tokens)
    policy.model.train()
    assert torch.equal(policy.logits(inputs, tokens), still)


def test_a_prompt_beyond_the_window_is_refused_not_cut(policy: Policy) -> None:
    policy.window = 10
    with pytest.raises(ValueError, match="longer than the window 10"):
        policy.encode_prompts(["sort: " + "token " * 20])


def test_prompts_are_padded_on_the_right(policy: Policy) -> None:
    inputs = policy.encode_prompts(PROMPTS)
    assert bool((inputs.mask[:, 0] == 1).all())
    assert inputs.mask[0, -1] == 0 and inputs.ids[0, -1] == policy.pad
