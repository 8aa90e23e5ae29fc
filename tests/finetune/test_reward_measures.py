"""Losses, calibration and measures of reward models against cases worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from finetune.reward.calibration import fit_platt
from finetune.reward.examples import Labelled, Preference, text_key
from finetune.reward.losses import bradley_terry, soft_label
from finetune.reward.measuring import measure_preference, measure_toxicity
from ingestion.errors import LecternError


class ByLength:
    """Judges by the number of words alone: what its figures must be is known."""

    def logits(
        self, texts: Sequence[str], prompts: Sequence[str] | None = None
    ) -> NDArray[np.float64]:
        return np.array([float(len(text.split())) for text in texts])

    def to_probability(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(logits / 10)


def text(words: int, toxic: float, hate: bool | None = None) -> Labelled:
    said = " ".join(["word"] * words)
    return Labelled(said, toxic, f"{words}/{toxic}/{hate}", "own", hate)


def pair(chosen: int, rejected: int, number: int = 0) -> Preference:
    prompt = f"prompt {number}"
    said = (" ".join(["word"] * words) for words in (chosen, rejected))
    return Preference(prompt, *said, text_key(prompt), "own")


def test_bradley_terry_is_minus_the_log_of_the_probability() -> None:
    chosen = torch.tensor([2.0, 0.0], requires_grad=True)
    rejected = torch.tensor([1.0, 3.0], requires_grad=True)

    loss = bradley_terry(chosen, rejected)
    loss.backward()

    probabilities = [1 / (1 + math.exp(-1)), 1 / (1 + math.exp(3))]
    assert loss.item() == pytest.approx(-sum(map(math.log, probabilities)) / 2)
    assert chosen.grad is not None and rejected.grad is not None
    expected = [-(1 - p) / 2 for p in probabilities]
    assert chosen.grad.tolist() == pytest.approx(expected)
    assert rejected.grad.tolist() == pytest.approx([-g for g in expected])


def test_a_soft_label_is_met_best_by_its_own_odds() -> None:
    label = torch.tensor([0.75])
    best = torch.tensor([math.log(3)], requires_grad=True)

    soft_label(best, label).backward()

    assert best.grad is not None
    assert best.grad.item() == pytest.approx(0.0, abs=1e-6)


def test_platt_finds_the_line_that_the_labels_were_drawn_by() -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 3, 20_000)
    true = 1 / (1 + np.exp(-(0.5 * logits - 1.0)))
    labels = (generator.random(20_000) < true).astype(np.float64)

    slope, offset = fit_platt(logits, labels)

    assert slope == pytest.approx(0.5, abs=0.03)
    assert offset == pytest.approx(-1.0, abs=0.05)


def test_platt_stays_finite_where_nothing_is_wrong() -> None:
    slope, offset = fit_platt(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert 1 < slope < 100
    assert abs(offset) < 0.1


def test_toxicity_by_length_alone_is_found_out() -> None:
    """Toxic texts are longer, so length ranks them; among texts of one length it ranks nothing."""
    examples = [text(3, 0.0), text(4, 0.0), text(4, 1.0), text(9, 1.0)]

    figures = measure_toxicity(ByLength(), examples)  # type: ignore[arg-type]

    assert figures["auc"]["value"] == pytest.approx((1 + 1 + 1 + 0.5) / 4)
    assert figures["auc_length_matched"]["value"] == 0.5
    assert figures["accuracy"]["value"] == 0.75
    assert figures["length_correlation_toxic"]["value"] == pytest.approx(1.0)
    assert figures["length_correlation_harmless"]["value"] == pytest.approx(1.0)
    assert "auc_hate" not in figures


def test_hate_is_ranked_against_all_others_and_against_what_is_neither() -> None:
    examples = [text(2, 0.0, False), text(5, 1.0, True), text(8, 1.0, False)]

    figures = measure_toxicity(ByLength(), examples)  # type: ignore[arg-type]

    assert figures["auc_hate"]["value"] == 0.5
    assert figures["auc_hate_against_neither"]["value"] == 1.0


def test_a_preference_for_length_is_found_out() -> None:
    pairs = [pair(10, 5, 1), pair(12, 6, 2), pair(4, 8, 3), pair(20, 19, 4), pair(19, 20, 5)]

    figures = measure_preference(ByLength(), pairs)  # type: ignore[arg-type]

    assert figures["accuracy"]["value"] == pytest.approx(3 / 5)
    assert figures["accuracy_chosen_longer"]["value"] == 1.0
    assert figures["accuracy_chosen_shorter"]["value"] == 0.0
    assert figures["accuracy_length_matched"]["value"] == 0.5
    assert figures["longer_preferred"]["value"] == 1.0
    assert figures["longer_chosen"]["value"] == pytest.approx(3 / 5)
    assert figures["length_correlation"]["value"] == pytest.approx(1.0)


def test_equal_answers_count_half() -> None:
    figures = measure_preference(ByLength(), [pair(5, 5, 1), pair(7, 7, 2)])  # type: ignore[arg-type]
    assert figures["accuracy"]["value"] == 0.5
    assert "longer_preferred" not in figures


def test_nothing_to_measure_on_is_an_error() -> None:
    with pytest.raises(LecternError, match="nothing to measure"):
        measure_toxicity(ByLength(), [])  # type: ignore[arg-type]
