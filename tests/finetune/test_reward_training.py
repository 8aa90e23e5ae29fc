"""Training a judge: it learns what there is to learn, goes on after a kill, names what breaks."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_bert
import toy_judgements
from safetensors import SafetensorError
from safetensors.torch import load_file

from chatbot.judging.reward_model import RewardModel
from finetune.checkpoint import Checkpoints
from finetune.errors import CheckpointNotSaved, CheckpointUnusable, EmptySplit, LossNotFinite
from finetune.log import read_log
from finetune.reward import training
from finetune.reward.examples import Labelled
from finetune.reward.settings import RewardSettings
from finetune.reward.training import train_reward
from ingestion.errors import ModelUnavailable

PROMPTED = toy_judgements.pairs(400, seed=1)
HELD_PAIRS = toy_judgements.pairs(100, seed=2)
LABELLED = toy_judgements.labelled(400, seed=1)
HELD = toy_judgements.labelled(200, seed=2)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.build(tmp_path_factory.mktemp("bert") / "base", toy_judgements.WORDS)


def settings(base: Path, **changed: Any) -> RewardSettings:
    chosen = {
        "task": "toxicity", "base": str(base), "window": 24, "tokens": 256, "lr": 2e-2,
        "epochs": 3, "evaluate": 20, "drop": 0.1,
    }  # fmt: skip
    return RewardSettings(**{**chosen, **changed})


def ranked(model: RewardModel) -> float:
    """Share of (toxic, harmless) pairs of held texts in the right order."""
    logits = model.logits([example.text for example in HELD])
    toxic = np.array([example.label > 0.5 for example in HELD])
    return float((logits[toxic][:, None] > logits[~toxic][None, :]).mean())


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_judge_of_toxicity_ranks_the_toy_world(base: Path, tmp_path: Path, method: str) -> None:
    told = train_reward(LABELLED, HELD, tmp_path, settings(base, method=method, lr=1e-2, epochs=12))

    model = RewardModel(tmp_path)
    assert ranked(model) >= 0.95
    assert told["best_dev"] == pytest.approx(ranked(model), abs=0.01)
    toxic, civil = model.scores(["", ""], ["word3 word1 FOOL word2", "word3 word1 word4 word2"])
    assert toxic > 0.5 > civil


def test_a_judge_of_preference_ranks_the_toy_world(base: Path, tmp_path: Path) -> None:
    chosen = settings(base, task="preference", tokens=512, lr=1e-2, epochs=12)
    train_reward(PROMPTED, HELD_PAIRS, tmp_path, chosen)

    model = RewardModel(tmp_path)
    prompts = [pair.prompt for pair in HELD_PAIRS]
    better = model.logits([pair.chosen for pair in HELD_PAIRS], prompts)
    worse = model.logits([pair.rejected for pair in HELD_PAIRS], prompts)
    assert (better > worse).mean() >= 0.95


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_judge_on_a_t5_ranks_the_toy_world(tiny: Path, tmp_path: Path, method: str) -> None:
    chosen = settings(tiny, window=48, tokens=1024, method=method, epochs=6, lr=1e-2)
    train_reward(LABELLED, HELD, tmp_path, chosen)

    assert ranked(RewardModel(tmp_path)) >= 0.95


def test_what_is_saved_judges_as_what_was_trained(base: Path, tmp_path: Path) -> None:
    """The weights on disk are the best ones, in bfloat16: no more than its rounding apart."""
    told = train_reward(LABELLED, HELD, tmp_path, settings(base, epochs=1))
    dev = [line["dev"] for line in read_log(tmp_path) if "dev" in line]
    assert told["best_dev"] == max(dev)
    assert ranked(RewardModel(tmp_path, precision="fp32")) == pytest.approx(max(dev), abs=0.02)


def test_a_killed_run_ends_where_an_uninterrupted_one_does(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(base, evaluate=5, epochs=1)
    train_reward(LABELLED, HELD, tmp_path / "whole", chosen)

    steps = 0
    loss_of = training._loss

    def killed(*arguments: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == 8:
            raise KeyboardInterrupt
        return loss_of(*arguments)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(training, "_loss", killed)
        train_reward(LABELLED, HELD, tmp_path / "killed", chosen)
    train_reward(LABELLED, HELD, tmp_path / "killed", chosen)

    whole, resumed = (
        load_file(tmp_path / run / "adapter.safetensors") for run in ("whole", "killed")
    )
    assert all((whole[name] == resumed[name]).all() for name in whole)
    numbers = [line["step"] for line in read_log(tmp_path / "killed") if "loss" in line]
    assert numbers == sorted(set(numbers))


def test_a_kill_before_the_best_is_marked_loses_nothing(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(base, epochs=0.2)
    whole = train_reward(LABELLED, HELD, tmp_path / "whole", chosen)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Checkpoints, "mark_best", killed)
        train_reward(LABELLED, HELD, tmp_path / "killed", chosen)
    assert train_reward(LABELLED, HELD, tmp_path / "killed", chosen) == whole


def test_texts_of_one_label_cannot_choose_the_weights(base: Path, tmp_path: Path) -> None:
    toxic = [example for example in HELD if example.label]
    with pytest.raises(EmptySplit, match="the same label"):
        train_reward(LABELLED, toxic, tmp_path, settings(base))


def test_a_broken_gradient_never_reaches_the_weights(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its loss is a number; the checkpoint after that step would not be."""
    loss_of, steps = training._loss, iter(range(9))

    def breaking(*arguments: Any) -> Any:
        loss = loss_of(*arguments)
        # √0 is a number and its slope is not.
        return loss + 0 * (loss - loss.detach()).sqrt() if next(steps) == 3 else loss

    monkeypatch.setattr(training, "_loss", breaking)
    with pytest.raises(LossNotFinite, match=r"step 4 is 0\.\d+, its gradient nan"):
        train_reward(LABELLED, HELD, tmp_path, settings(base, evaluate=1))
    last = Checkpoints(tmp_path / "checkpoints").latest()
    assert last is not None
    saved = Checkpoints.load(last)
    assert saved.step == 3
    assert all(tensor.isfinite().all() for tensor in saved.tensors.values())


def test_a_disk_that_fills_at_the_end_is_named(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise SafetensorError("No space left on device (os error 28)")

    chosen = settings(base, epochs=0.2)
    with monkeypatch.context() as patched, pytest.raises(CheckpointNotSaved, match="No space"):
        patched.setattr("ingestion.encoders.lora.save_file", full)
        train_reward(LABELLED, HELD, tmp_path, chosen)
    train_reward(LABELLED, HELD, tmp_path, chosen)
    assert RewardModel(tmp_path).task == "toxicity"


def test_a_finished_run_is_not_trained_again(base: Path, tmp_path: Path) -> None:
    chosen = settings(base, epochs=0.5)
    first = train_reward(LABELLED, HELD, tmp_path, chosen)
    before = (tmp_path / "adapter.safetensors").read_bytes()

    assert train_reward(LABELLED, HELD, tmp_path, chosen) == first
    assert (tmp_path / "adapter.safetensors").read_bytes() == before


FLIPPED = replace(LABELLED[7], label=1 - LABELLED[7].label)


@pytest.mark.parametrize(
    ("data", "changed"),
    [
        (LABELLED, {"lr": 1e-3}),
        (toy_judgements.labelled(50, seed=9), {}),
        ([*LABELLED[:7], FLIPPED, *LABELLED[8:]], {}),
    ],
    ids=["settings", "texts", "label"],
)
def test_another_run_is_not_gone_on_from(
    base: Path, tmp_path: Path, data: list[Labelled], changed: dict[str, Any]
) -> None:
    train_reward(LABELLED, HELD, tmp_path, settings(base, epochs=0.2))

    with pytest.raises(CheckpointUnusable, match="other settings or data"):
        train_reward(data, HELD, tmp_path, settings(base, epochs=0.2, **changed))


def test_a_base_that_was_trained_again_makes_another_run(tmp_path: Path) -> None:
    at = tiny_bert.build(tmp_path / "base", toy_judgements.WORDS)
    chosen = settings(at, epochs=0.2)
    train_reward(LABELLED, HELD, tmp_path / "judge", chosen)
    shutil.rmtree(at)
    tiny_bert.build(at, toy_judgements.WORDS, seed=1)

    with pytest.raises(CheckpointUnusable, match="another base"):
        train_reward(LABELLED, HELD, tmp_path / "judge", chosen)


def test_words_that_move_from_one_answer_to_the_other_make_another_run(
    base: Path, tmp_path: Path
) -> None:
    chosen = settings(base, task="preference", epochs=0.2)
    train_reward(PROMPTED, HELD_PAIRS, tmp_path, chosen)
    first = PROMPTED[0]
    word, _, rest = first.rejected.partition(" ")
    moved = replace(first, chosen=f"{first.chosen} {word}", rejected=rest)

    with pytest.raises(CheckpointUnusable, match="other settings or data"):
        train_reward([moved, *PROMPTED[1:]], HELD_PAIRS, tmp_path, chosen)


def test_a_loss_that_is_no_number_is_named_and_the_checkpoint_stays(
    base: Path, tmp_path: Path
) -> None:
    chosen = settings(base, lr=1e30, evaluate=1)

    with pytest.raises(LossNotFinite, match=r"The loss of step \d+ is nan"):
        train_reward(LABELLED, HELD, tmp_path, chosen)

    assert not (tmp_path / "adapter.json").exists()


def test_nothing_to_train_on_is_named(base: Path, tmp_path: Path) -> None:
    with pytest.raises(EmptySplit, match="nothing to train"):
        train_reward([], HELD, tmp_path, settings(base))


def test_long_texts_are_cut_and_counted(base: Path, tmp_path: Path) -> None:
    told = train_reward(LABELLED, HELD, tmp_path, settings(base, window=8, epochs=0.2))
    words = [len(example.text.split()) for example in LABELLED]
    assert told["cut"] == sum(count > 6 for count in words) > 0


def test_a_judge_for_another_encoder_is_refused(base: Path, tmp_path: Path) -> None:
    train_reward(LABELLED, HELD, tmp_path / "judge", settings(base, epochs=0.2))
    other = tiny_bert.build(tmp_path / "other", toy_judgements.WORDS, seed=1)
    config = tmp_path / "judge" / "adapter.json"
    config.write_text(config.read_text().replace(str(base), str(other)))

    model = RewardModel(tmp_path / "judge")
    with pytest.raises(ModelUnavailable, match="was made for"):
        model.logits(["word1"])


@pytest.mark.parametrize("lacking", ["architecture", "window", "cleaning", "calibration"])
def test_a_judge_whose_description_was_cut_names_the_file(
    base: Path, tmp_path: Path, lacking: str
) -> None:
    train_reward(LABELLED, HELD, tmp_path, settings(base, epochs=0.2))
    path = tmp_path / "adapter.json"
    config = json.loads(path.read_text())
    del config["options"][lacking]
    path.write_text(json.dumps(config))
    with pytest.raises(ModelUnavailable, match=rf"adapter\.json lacks {lacking} .*train the judge"):
        RewardModel(tmp_path)

    path.write_text(json.dumps({**config, "options": None}))
    with pytest.raises(ModelUnavailable, match=r"adapter\.json is .* not the description"):
        RewardModel(tmp_path)


def test_a_judge_knows_its_weights(base: Path, tmp_path: Path) -> None:
    train_reward(LABELLED, HELD, tmp_path / "a", settings(base, epochs=0.2))
    train_reward(LABELLED, HELD, tmp_path / "b", settings(base, epochs=0.2, seed=3))

    one, other = RewardModel(tmp_path / "a"), RewardModel(tmp_path / "b")
    assert one.identity == RewardModel(tmp_path / "a").identity
    assert one.identity != other.identity
    assert one.identity.startswith("toxicity:")


def test_a_judge_of_preference_wants_the_prompt(base: Path, tmp_path: Path) -> None:
    train_reward(PROMPTED, HELD_PAIRS, tmp_path, settings(base, task="preference", epochs=0.2))
    with pytest.raises(ValueError, match="an answer to a prompt"):
        RewardModel(tmp_path).logits(["word1"])
