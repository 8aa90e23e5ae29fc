"""What a reward model is worth: ranking, accuracy, calibration, and how far length pulls it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chatbot.judging.reward_model import RewardModel
from evaluation.abstention.intervals import Outcomes, measured
from evaluation.abstention.measures import Bools, Floats, auroc, calibration_error
from evaluation.bootstrap import interval
from evaluation.length_bias import length_matched_auroc, rank_correlation
from finetune.reward.examples import Labelled, Preference
from ingestion.errors import LecternError

RESAMPLES = 1_000
MATCHED = 0.1
"""Two answers are of like length when their word counts differ by at most this share."""

Figure = dict[str, float | int]


def measure_toxicity(
    model: RewardModel, examples: Sequence[Labelled], seed: int = 0
) -> dict[str, Figure]:
    """AUC, accuracy and calibration error with intervals by group; length; hate where it is known.

    A text is toxic where more than half of its annotators found it so. `auc_hate` ranks hate above
    everything else, offence included; `auc_hate_against_neither` leaves the merely offensive out.
    """
    _need(examples)
    texts = [example.text for example in examples]
    logits = model.logits(texts).astype(np.float64)
    probability = model.to_probability(logits)
    toxic = np.array([example.label > 0.5 for example in examples])
    groups = [example.group for example in examples]
    words = [len(text.split()) for text in texts]
    found = measured(
        Outcomes(probability, toxic, groups),
        {"auc": auroc, "ece": calibration_error},
        resamples=RESAMPLES,
        seed=seed,
    )
    figures: dict[str, Figure] = {name: value.as_json() for name, value in found.items()}
    right = interval((probability > 0.5) == toxic, clusters=groups, seed=seed)
    assert right is not None
    figures["accuracy"] = right.as_json()
    matched = length_matched_auroc(logits, toxic, words)
    if matched is not None:
        figures["auc_length_matched"] = {"value": matched}
    for name, kind in (("toxic", toxic), ("harmless", ~toxic)):
        if kind.any():
            correlation = rank_correlation(logits[kind], np.array(words, np.float64)[kind])
            figures[f"length_correlation_{name}"] = {"value": correlation}
    return {**figures, **_hate(examples, probability, toxic, seed)}


def _hate(
    examples: Sequence[Labelled], probability: Floats, toxic: Bools, seed: int
) -> dict[str, Figure]:
    if any(example.hate is None for example in examples):
        return {}
    hate = np.array([bool(example.hate) for example in examples])
    figures: dict[str, Figure] = {}
    everything = np.ones_like(hate)
    for name, kept in (("auc_hate", everything), ("auc_hate_against_neither", hate | ~toxic)):
        groups = [e.group for e, k in zip(examples, kept, strict=True) if k]
        outcomes = Outcomes(probability[kept], hate[kept], groups)
        found = measured(outcomes, {name: auroc}, resamples=RESAMPLES, seed=seed)
        figures |= {name: value.as_json() for name, value in found.items()}
    return figures


def measure_preference(
    model: RewardModel, pairs: Sequence[Preference], seed: int = 0
) -> dict[str, Figure]:
    """Accuracy with its interval by prompt, of all pairs and by who wrote the longer answer.

    `accuracy_length_matched`: pairs whose lengths in words differ by a tenth at most.
    `longer_preferred` is the share of pairs in which the model prefers the longer answer,
    `longer_chosen` that in which people did. The calibration error is that of σ(difference) as the
    probability that the answer named first is preferred, each pair standing either way round by its
    number, because a pair always named in the winner's favour would be no test.
    """
    _need(pairs)
    prompts = [pair.prompt for pair in pairs]
    chosen = model.logits([pair.chosen for pair in pairs], prompts).astype(np.float64)
    rejected = model.logits([pair.rejected for pair in pairs], prompts).astype(np.float64)
    right = (chosen > rejected) + 0.5 * (chosen == rejected)
    lengths = np.array([[len(p.chosen.split()), len(p.rejected.split())] for p in pairs])
    longer, shorter = lengths[:, 0] > lengths[:, 1], lengths[:, 0] < lengths[:, 1]
    like = np.abs(lengths[:, 0] - lengths[:, 1]) <= MATCHED * lengths.max(1)
    groups = np.array([pair.group for pair in pairs])
    figures: dict[str, Figure] = {}
    for name, kept in (
        ("accuracy", np.ones_like(like)),
        ("accuracy_chosen_longer", longer),
        ("accuracy_chosen_shorter", shorter),
        ("accuracy_length_matched", like),
    ):
        if kept.any():
            found = interval(right[kept], clusters=groups[kept].tolist(), seed=seed)
            assert found is not None
            figures[name] = found.as_json()
    unlike = longer | shorter
    if unlike.any():
        prefers_longer = np.where(longer, right, 1 - right)[unlike]
        figures["longer_preferred"] = {"value": float(prefers_longer.mean())}
        figures["longer_chosen"] = {"value": float(longer[unlike].mean())}
    scores, words = np.concatenate([chosen, rejected]), lengths.T.ravel().astype(np.float64)
    figures["length_correlation"] = {"value": rank_correlation(scores, words)}
    first = np.arange(len(pairs)) % 2 == 0
    sure = 1 / (1 + np.exp(-np.where(first, chosen - rejected, rejected - chosen)))
    found_ece = measured(
        Outcomes(sure, first, groups.tolist()),
        {"ece": calibration_error},
        resamples=RESAMPLES,
        seed=seed,
    )
    return {**figures, **{name: value.as_json() for name, value in found_ece.items()}}


def by_source(
    model: RewardModel, examples: Sequence[Any], seed: int = 0
) -> dict[str, dict[str, Figure]]:
    """The figures of each source among the examples."""
    measure: Any = measure_toxicity if model.task == "toxicity" else measure_preference
    sources = sorted({example.source for example in examples})
    return {
        source: measure(model, [e for e in examples if e.source == source], seed)
        for source in sources
    }


def _need(examples: Sequence[object]) -> None:
    if not examples:
        raise LecternError("There is nothing to measure on.", "Give a collection with examples.")
