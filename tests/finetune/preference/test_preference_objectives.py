"""The objectives over a real model: what reaches the losses, in parts and whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tiny_policy import disturb, tiny_policy

from finetune.policy import Policy
from finetune.preference.dpo import dpo_loss
from finetune.preference.examples import Judgement, Pair
from finetune.preference.kto import kto_loss
from finetune.preference.objectives import DPO, KTO, ORPO, Objective
from finetune.responses import token_logprobs

PAIRS = [
    Pair("sort: token answer", "answer token", "token answer"),
    Pair("sort: window slide course model", "course model slide window", ""),
    Pair("Question: blue", "red", "slide slide slide window"),
    Pair("sort: layer", "layer", "answer vector token"),
    Pair("Read: blue or green", "green", "blue"),
]
JUDGED = [
    Judgement(pair.prompt, text, number == 0)
    for pair in PAIRS
    for number, text in enumerate(pair.responses)
][:7]


@pytest.fixture
def policy(tiny: Path) -> Policy:
    made = tiny_policy(tiny)
    disturb(made, 0.1)
    return made


def one(policy: Policy, prompt: str, text: str) -> tuple[torch.Tensor, int]:
    """log π of one response, read alone, and its length in tokens."""
    tokens = policy.tokenizer(text, return_tensors="pt").input_ids
    logs = token_logprobs(policy.logits(policy.encode_prompts([prompt]), tokens), tokens)
    return logs.sum(), tokens.shape[1]


def reference(policy: Policy, prompt: str, text: str) -> torch.Tensor:
    with torch.no_grad(), policy.reference():
        return one(policy, prompt, text)[0]


def test_dpo_of_a_batch_is_the_mean_over_its_pairs_read_alone(policy: Policy) -> None:
    expected = [
        dpo_loss(
            one(policy, pair.prompt, pair.chosen)[0],
            one(policy, pair.prompt, pair.rejected)[0],
            reference(policy, pair.prompt, pair.chosen),
            reference(policy, pair.prompt, pair.rejected),
            beta=0.2,
        )
        for pair in PAIRS
    ]
    ((loss, figures),) = DPO(beta=0.2).parts(policy, PAIRS, microbatch=8)
    assert float(loss.detach()) == pytest.approx(
        float(torch.stack(expected).mean().detach()), abs=1e-4
    )
    assert figures["accuracy"] in {n / 5 for n in range(6)}


def test_kto_of_a_batch_takes_its_reference_point_from_mismatched_responses(
    policy: Policy,
) -> None:
    shifted = [*JUDGED[1:], JUDGED[0]]
    ratios = [
        float(
            (
                one(policy, a.prompt, b.response)[0] - reference(policy, a.prompt, b.response)
            ).detach()
        )
        for a, b in zip(JUDGED, shifted, strict=True)
    ]
    z0 = max(0.0, sum(ratios) / len(ratios))
    expected = kto_loss(
        torch.stack([one(policy, each.prompt, each.response)[0] for each in JUDGED]),
        torch.stack([reference(policy, each.prompt, each.response) for each in JUDGED]),
        torch.tensor([each.desirable for each in JUDGED]),
        z0,
        beta=0.2,
    ).mean()
    ((loss, figures),) = KTO(beta=0.2).parts(policy, JUDGED, microbatch=8)
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), abs=1e-4)
    assert figures["z0"] == pytest.approx(z0, abs=1e-3)


@pytest.mark.parametrize(
    ("objective", "examples"), [(DPO(), PAIRS), (KTO(), JUDGED), (ORPO(), PAIRS)]
)
def test_small_parts_add_up_to_the_whole_batch(
    policy: Policy, objective: Objective[Any], examples: Sequence[Any]
) -> None:
    made = []
    for size in (2, 100):
        policy.model.zero_grad()
        totals: dict[str, float] = {}
        for loss, figures in objective.parts(policy, examples, size):
            loss.backward()
            for name, figure in {**figures, "loss": float(loss.detach())}.items():
                totals[name] = totals.get(name, 0.0) + figure
        gradients = torch.cat(
            [p.grad.flatten() for p in policy.model.parameters() if p.grad is not None]
        )
        made.append((totals, gradients))
    (few, few_gradients), (all_, all_gradients) = made
    assert few == pytest.approx(all_, abs=1e-5)
    assert torch.allclose(few_gradients, all_gradients, atol=1e-5)


def test_a_fresh_policy_has_no_preference_yet(tiny: Path) -> None:
    ((loss, figures),) = DPO().parts(tiny_policy(tiny), PAIRS, 8)
    assert float(loss.detach()) == pytest.approx(0.693147, abs=1e-6)
    assert figures["margin"] == 0.0


def test_orpo_equals_trls_on_an_encoder_decoder(policy: Policy) -> None:
    """trl's own forward pass, log-probabilities, likelihood and odds ratio on the same model."""
    trainer = pytest.importorskip(
        "trl.experimental.orpo", reason="trl is not installed"
    ).ORPOTrainer
    pairs = [pair for pair in PAIRS if pair.rejected]

    def padded(texts: list[str], fill: int) -> torch.Tensor:
        made = policy.tokenizer(texts, padding=True, return_tensors="pt")
        return made.input_ids.masked_fill(made.attention_mask == 0, fill)

    prompts = policy.encode_prompts([pair.prompt for pair in pairs])
    batch = {
        "prompt_input_ids": prompts.ids,
        "prompt_attention_mask": prompts.mask,
        "chosen_labels": padded([pair.chosen for pair in pairs], -100),
        "rejected_labels": padded([pair.rejected for pair in pairs], -100),
    }
    cpu = SimpleNamespace(
        is_encoder_decoder=True,
        padding_value=policy.pad,
        pad_token_id=policy.pad,
        decoder_start_token_id=policy.start,
        model=policy.t5,
        beta=0.3,
        aux_loss_enabled=False,
        accelerator=SimpleNamespace(device="cpu", gather_for_metrics=lambda figure: figure),
        concatenated_inputs=trainer.concatenated_inputs,
        get_batch_logps=trainer.get_batch_logps,
    )
    cpu.odds_ratio_loss = lambda *given: trainer.odds_ratio_loss(cpu, *given)
    cpu.concatenated_forward = lambda *given: trainer.concatenated_forward(cpu, *given)
    cpu._shift_right = lambda labels: policy.t5._shift_right(labels)
    theirs, _ = trainer.get_batch_loss_metrics(cpu, policy.t5, batch)
    ((ours, _),) = ORPO(weight=0.3).parts(policy, pairs, 8)
    assert float(ours.detach()) == pytest.approx(float(theirs.detach()), abs=1e-5)
