from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import toy_task

from chatbot.engines.base import Decoding
from chatbot.engines.flan_t5 import FlanT5Engine
from finetune.checkpoint import Checkpoints
from finetune.data.collate import collate
from finetune.data.mixture import Source
from finetune.errors import (
    CheckpointNotSaved,
    CheckpointUnusable,
    EmptySplit,
    LossNotFinite,
)
from finetune.log import read_log
from finetune.models import AdapterSettings, load_t5
from finetune.sft import loop as loop_module
from finetune.sft.objective import summed_loss
from finetune.sft.run import train_sft
from finetune.sft.settings import SftSettings
from finetune.shipping.learned import learned
from finetune.t5_card import t5_card
from ingestion.packaged import packaged_model

FULL = AdapterSettings(method="full")


def settings(**changed: Any) -> SftSettings:
    given = {"adapter": FULL, "batch": 8, "lr": 5e-4, "steps": 6, "precision": "float32"}
    return SftSettings(**(given | changed))


@pytest.fixture
def train(tiny: Path, tmp_path: Path) -> Callable[..., dict[str, torch.Tensor]]:
    """Train on the toy task; gives the weights of the last checkpoint."""
    data = Source(format="pairs", path=toy_task.write(tmp_path / "toy.jsonl"))

    def run(name: str, changed: SftSettings, **options: Any) -> dict[str, torch.Tensor]:
        train_sft(str(tiny), [data], [data], changed, tmp_path / name, device="cpu", **options)
        latest = Checkpoints(tmp_path / name / "run/checkpoints").latest()
        assert latest is not None
        return Checkpoints.load(latest).tensors

    return run


def close(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def left_in(folder: Path) -> dict[str, torch.Tensor]:
    """The weights of the model that a run has left."""
    return dict(load_t5(str(folder))[0].named_parameters())


@pytest.fixture(autouse=True)
def _toy_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy task is measured on what it is trained on; elsewhere such examples are dropped."""
    monkeypatch.setattr("finetune.sft.splits.without_groups", lambda examples, others: examples)


@pytest.mark.parametrize(
    ("adapter", "lr"),
    [(FULL, 1e-2), (AdapterSettings(r=32, alpha=64), 5e-3)],
    ids=["full", "lora"],
)
def test_a_toy_task_is_learned_to_its_optimum(
    unscaled: Path, tmp_path: Path, adapter: AdapterSettings, lr: float
) -> None:
    data = Source(format="pairs", path=toy_task.write(tmp_path / "toy.jsonl"))
    out = tmp_path / "adapters" / "toy"
    wanted = settings(
        adapter=adapter, batch=len(toy_task.pairs()), lr=lr, steps=100, max_target=4, warmup=10
    )
    course = train_sft(str(unscaled), [data], [data], wanted, out, device="cpu")
    best = toy_task.best_loss()
    assert best <= course.evaluations[-1]["eval_loss"] < 1.02 * best

    adapted = adapter.method != "full"
    engine = FlanT5Engine.load(
        unscaled if adapted else out, name=str(unscaled), device="cpu", adapters_dir=out.parent
    )
    engine.use_adapter("toy" if adapted else None)
    asked = [f"the {word}:" for word in toy_task.CERTAIN]
    answers = engine.generate(asked, Decoding(max_new_tokens=4))
    assert answers == [toy_task.partner(word) for word in toy_task.CERTAIN]


def test_pieces_of_a_batch_make_the_step_of_the_whole(train: Callable[..., Any]) -> None:
    whole = train("whole", settings(batch=13))
    close(train("pieces", settings(batch=13, accumulation=4)), whole)
    close(train("singles", settings(batch=13, accumulation=13)), whole)


def test_gradient_checkpointing_changes_no_weight(train: Callable[..., Any]) -> None:
    for adapter in (FULL, AdapterSettings(r=4)):
        name = adapter.method
        plain = train(name, settings(adapter=adapter))
        close(train(f"{name}-c", settings(adapter=adapter, gradient_checkpointing=True)), plain)


def test_a_run_goes_on_from_its_checkpoint_as_if_uninterrupted(
    train: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = settings(steps=9, save_every=2, eval_every=3, dropout=0.1, metric="f1", max_target=4)
    straight = train("straight", wanted)

    honest = loop_module.SftLoop._step

    def interrupted(self: Any, step: int) -> Any:
        if step == 5:
            raise KeyboardInterrupt
        return honest(self, step)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(loop_module.SftLoop, "_step", interrupted)
        train("broken", wanted)
    assert len(read_log(tmp_path / "broken/run")) == 5
    close(train("broken", wanted), straight)

    lines = [
        [{**line, "time": 0, "tokens_per_second": 0} for line in read_log(tmp_path / name / "run")]
        for name in ("broken", "straight")
    ]
    assert lines[0] == lines[1]
    assert [line["step"] for line in lines[0]] == list(range(1, 10))


def test_checkpoints_of_other_settings_are_refused_and_fresh_starts_anew(
    train: Callable[..., Any],
) -> None:
    train("run", settings())
    with pytest.raises(CheckpointUnusable, match=r"settings\.lr: 0\.0005 there, 0\.001 here"):
        train("run", settings(lr=1e-3))
    train("run", settings(lr=1e-3), fresh=True)


def test_the_best_weights_are_kept_and_patience_ends_the_run(
    train: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([3.0, 2.0, 2.5, 2.4, 9.0])
    monkeypatch.setattr("finetune.scoring.Scorer.loss", lambda self, model: next(losses))
    train("run", settings(steps=50, eval_every=2, patience=2))
    steps = [line["step"] for line in read_log(tmp_path / "run/run")]
    assert steps == list(range(1, 9)), "the fourth evaluation is the second without a better one"
    best = Checkpoints(tmp_path / "run/run/checkpoints").best()
    assert best is not None
    assert best.name == "step-00000004"
    saved = load_t5(str(tmp_path / "run"))[0]
    kept = Checkpoints.load(best).tensors
    assert all(torch.equal(kept[name], weights) for name, weights in saved.named_parameters())


def test_a_loss_that_is_not_finite_ends_the_run_with_the_last_good_weights(
    train: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any) -> torch.Tensor:
        calls.append(1)
        loss = summed_loss(*given)
        return loss * math.nan if len(calls) == 4 else loss

    calls: list[int] = []
    monkeypatch.setattr(loop_module, "summed_loss", broken)
    with pytest.raises(LossNotFinite, match=r"step 4 the loss is nan.*begins “(the|which)") as said:
        train("run", settings(save_every=1))
    folder = Checkpoints(tmp_path / "run/run/checkpoints")
    assert folder.latest() == tmp_path / "run/run/checkpoints/step-00000003"
    assert "step-00000003" in said.value.remedy
    tensors = Checkpoints.load(tmp_path / "run/run/checkpoints/step-00000003").tensors
    assert all(bool(weights.isfinite().all()) for weights in tensors.values())
    close(left_in(tmp_path / "run"), tensors)

    calls = [1, 1, 1]
    with pytest.raises(LossNotFinite, match="Nothing was saved yet"):
        train("other", settings(save_every=1))
    assert not (tmp_path / "other/config.json").exists()


@pytest.mark.parametrize("metric", ["loss", "rouge", "f1", "em"])
def test_a_measured_loss_that_is_not_finite_is_named_and_the_remedy_can_be_followed(
    train: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metric: str
) -> None:
    losses = iter([2.0, 3.0, math.nan, 2.0])
    monkeypatch.setattr("finetune.scoring.Scorer.loss", lambda self, model: next(losses))
    wanted = settings(eval_every=2, metric=metric, max_target=4)
    with pytest.raises(LossNotFinite, match="step 6 the measured loss is nan") as said:
        train("run", wanted)
    assert "step-00000004" in said.value.remedy
    course = json.loads((tmp_path / "run/training.json").read_text())["course"]
    assert (course["step"], course["stopped"]) == (4, said.value.what)
    best = Checkpoints(tmp_path / "run/run/checkpoints").best()
    assert best is not None and best.name == f"step-{course['best_step']:08d}"
    close(left_in(tmp_path / "run"), Checkpoints.load(best).tensors)
    assert "--fresh" in said.value.remedy
    train("run", settings(lr=1e-4, steps=2), fresh=True)


def test_what_is_to_be_measured_and_is_all_too_long_is_an_empty_split(
    train: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train("run", settings(steps=1))
    record = json.loads((tmp_path / "run/training.json").read_text())
    assert record["left_out_of_measuring"]["kept"] == len(toy_task.pairs())
    monkeypatch.setattr("finetune.sft.run.LONGEST_MEASURED", 1)
    with pytest.raises(EmptySplit, match="longer than 1 tokens"):
        train("other", settings(steps=1))


def test_a_disk_that_fills_ends_the_run_with_the_last_good_checkpoint(
    train: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finetune import checkpoint

    honest = checkpoint.save_file

    def filling(tensors: Any, path: Path) -> None:
        if "step-00000003" in str(path):
            raise OSError(28, "No space left on device")
        honest(tensors, path)

    wanted = settings(save_every=1)
    straight = train("straight", wanted)
    with monkeypatch.context() as patch, pytest.raises(CheckpointNotSaved, match="step 3"):
        patch.setattr(checkpoint, "save_file", filling)
        train("run", wanted)
    close(train("run", wanted), straight)


def test_nothing_left_to_train_on_is_an_empty_split(train: Callable[..., Any]) -> None:
    with pytest.raises(EmptySplit, match=r"toy\.jsonl"):
        train("run", settings(max_target=1))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_the_formula(tiny: Path, smoothing: float) -> None:
    model, _ = load_t5(str(tiny))
    batch = collate([[5, 6, 1], [7, 1]], [[8, 1], [9, 10, 1]], pad=0, start=0)
    with torch.no_grad():
        logits = model(
            input_ids=batch.input_ids,
            attention_mask=batch.attention_mask,
            decoder_input_ids=batch.decoder_input_ids,
        ).logits
        found = float(summed_loss(model, batch, smoothing))
    expected = 0.0
    for row, targets in enumerate([[8, 1], [9, 10, 1]]):
        for place, target in enumerate(targets):
            logs = logits[row, place].double().log_softmax(-1)
            expected -= float((1 - smoothing) * logs[target] + smoothing * logs.mean())
    assert found == pytest.approx(expected, rel=1e-5)


def test_training_json_says_what_the_model_was_made_from(
    train: Callable[..., Any], tmp_path: Path, tiny: Path
) -> None:
    import hashlib

    train("run", settings(adapter=AdapterSettings(r=4)))
    record = json.loads((tmp_path / "run/training.json").read_text())
    assert record["model"] == str(tiny)
    digest = hashlib.sha256((tmp_path / "toy.jsonl").read_bytes()).hexdigest()
    [data] = record["data"]["train"]
    assert (data["sha256"], data["examples"]) == (digest, len(toy_task.pairs()))
    assert record["settings"]["adapter"]["r"] == 4
    assert 0 < record["trainable_share"] < 0.5
    assert record["course"]["step"] == 6
    assert record["course"]["tokens_per_second"] > 0
    assert record["peak_memory_bytes"] > 10**7
    assert "peft" in record["versions"]


def test_the_record_and_the_card_count_the_examples_that_were_seen(
    tiny: Path, tmp_path: Path
) -> None:
    long, short = (
        Source(format="pairs", path=toy_task.write(tmp_path / f"{name}.jsonl"), name=name, cap=cap)
        for name, cap in (("long", None), ("short", 8))
    )
    count = len(toy_task.pairs())

    def seen(name: str, measured: list[Source], **changed: Any) -> list[int]:
        out = tmp_path / name
        train_sft(str(tiny), [long, short], measured, settings(**changed), out, device="cpu")
        record = json.loads((out / "training.json").read_text())
        rows = record["data"]["train"]
        assert [row["examples"] for row in rows] == [count, count]
        card = t5_card(out, title="M", base="b", how="h", usage="u").text()
        for row in rows:
            said = f"{row['seen']} of {count}" if row["seen"] < count else f"{count}"
            assert f"| {row['name']} | {said} | not stated |" in card
        assert [one.examples for one in learned(out, packaged_model("lectern-t5-mini"))][-2:] == [
            row["seen"] for row in rows
        ]
        course = record["course"]
        assert course["step"] == changed["steps"]
        if measured:
            assert course["best_step"] < course["step"], "else nothing is shown here"
            assert sum(row["seen"] for row in rows) == 8 * course["best_step"]
        return [row["seen"] for row in rows]

    epoch = (count + 8) // 8
    assert seen("epoch", [], steps=epoch) == [count, 8]
    assert seen("two", [], steps=2 * epoch) == [count, 16]
    assert sum(seen("two-steps", [], steps=2)) == 16
    seen("best", [long], steps=3, eval_every=1, lr=1e-9, metric="rouge")
