"""Trains a reward model, from labelled texts or from pairs, and leaves it in a folder.

What is random (order, dropout) follows from the seed and the step, so a run that was killed and
goes on from its checkpoint ends where an uninterrupted one would have.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor

from chatbot.judging.base import Encoded
from chatbot.judging.reward_model import prepare, score
from evaluation.abstention.measures import auroc, tally
from finetune.checkpoint import Checkpoints, load_optimizer
from finetune.clipping import clip_finite
from finetune.data.order import Order
from finetune.errors import CheckpointNotSaved, CheckpointUnusable, EmptySplit
from finetune.log import TrainingLog
from finetune.progress import training_progress
from finetune.reward.calibration import fit_platt
from finetune.reward.examples import Labelled, Preference
from finetune.reward.losses import bradley_terry, soft_label
from finetune.reward.settings import RewardSettings
from finetune.reward.trainable import Trainable, build
from finetune.rng import seed_everything
from finetune.schedule import Schedule


@dataclass(frozen=True)
class Prepared:
    """The texts of the examples, encoded: one each (toxicity), or chosen and rejected side by side.
    `labels` are empty for pairs. `cut` counts the texts that did not fit the window.
    """

    texts: list[tuple[Encoded, ...]]
    labels: Tensor
    cut: int

    def flat(self, chosen: Sequence[int]) -> list[list[int]]:
        """The first texts of the chosen examples, then their second ones."""
        return [
            text.ids
            for texts in zip(*(self.texts[i] for i in chosen), strict=True)
            for text in texts
        ]


def encode(
    examples: Sequence[Labelled] | Sequence[Preference], settings: RewardSettings, scorer: Any
) -> Prepared:
    """Raises `EmptySplit` without examples."""
    if not examples:
        raise EmptySplit("There is nothing to train or judge on.", "Give examples.")
    labelled = [e for e in examples if isinstance(e, Labelled)]
    pairs = [e for e in examples if isinstance(e, Preference)]
    prompts = [pair.prompt for pair in pairs]
    rows: list[tuple[Encoded, ...]]
    if labelled:
        rows = [(e,) for e in prepare(settings.task, scorer, [e.text for e in labelled])]
    else:
        chosen = prepare(settings.task, scorer, [pair.chosen for pair in pairs], prompts)
        rejected = prepare(settings.task, scorer, [pair.rejected for pair in pairs], prompts)
        rows = list(zip(chosen, rejected, strict=True))
    cut = sum(text.cut for row in rows for text in row)
    return Prepared(rows, torch.tensor([e.label for e in labelled]), cut)


def train_reward(
    train: Sequence[Labelled] | Sequence[Preference],
    dev: Sequence[Labelled] | Sequence[Preference],
    out: Path,
    settings: RewardSettings,
    device: str = "cpu",
) -> dict[str, object]:
    """Train, keep what was best on `dev`, calibrate on it, and write the model into `out`.

    Returns what is worth telling: steps, the best dev figure, texts that were cut. Raises
    `EmptySplit`, `LossNotFinite`, and `CheckpointUnusable` where `out` holds another run.
    """
    model = build(settings, device)
    learned, held = (encode(part, settings, model.scorer) for part in (train, dev))
    _demand_both_labels(held.labels)
    lengths = [(sum(len(t.ids) for t in texts), 0) for texts in learned.texts]
    everything = np.arange(len(lengths))
    order = Order(lambda _: everything, lengths, batch_tokens=settings.tokens, seed=settings.seed)
    total = order.steps(settings.epochs)
    schedule = Schedule("linear", settings.lr, int(settings.warmup * total), total)
    optimizer = torch.optim.AdamW(
        list(model.parameters.items()), lr=settings.lr, weight_decay=settings.weight_decay
    )
    checkpoints = Checkpoints(out / "checkpoints", keep=1)
    run = _fingerprint(settings, model.config.base_sha256, train, dev)
    start, best, best_step = _resume(checkpoints, model, optimizer, run)
    with TrainingLog(out, start) as log, training_progress("reward", total, start=start) as tell:
        for step in range(start, total):
            seed_everything(settings.seed, step)
            rate = schedule.apply(optimizer, step)
            loss = _loss(model, learned, order.at(step).tolist(), settings.drop)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            clip_finite(
                model.parameters.values(),
                settings.clip,
                step=step + 1,
                loss=loss,
                lr=settings.lr,
                out=out,
            )
            optimizer.step()
            done = step + 1
            log.write(done, {"loss": loss.item(), "lr": rate})
            tell(done, loss=loss.item())
            if done % settings.evaluate == 0 or done == total:
                figure = _figure(held, score_all(model, held))
                log.write(done, {"dev": figure})
                if figure > best:
                    best, best_step = figure, done
                state = {"run": run, "best": best, "best_step": best_step}
                checkpoints.save(done, model.parameters, optimizer, state)
                if best_step == done:
                    checkpoints.mark_best(done)
    chosen = checkpoints.best()
    assert chosen is not None  # the last step always saves one
    _put(model, checkpoints.load(chosen).tensors)
    options: dict[str, object] = {}
    if settings.task == "toxicity":
        logits = score_all(model, held)[:, 0]
        options["calibration"] = fit_platt(logits, held.labels.double().numpy())
    try:
        model.save(out, {**options, "training": settings.model_dump()})
    except (OSError, SafetensorError) as error:
        raise CheckpointNotSaved(
            f"The model cannot be written to {out} ({error}).",
            "Free some space and run the same command again: it goes on from its last checkpoint.",
        ) from error
    return {"steps": total, "best_dev": best, "cut": learned.cut, "texts": len(learned.texts)}


def score_all(model: Trainable, data: Prepared) -> Any:
    """Logits without gradients, (examples, texts of an example)."""
    columns = zip(*data.texts, strict=True)
    return np.stack([score(model.scorer, column) for column in columns], axis=1)


def _loss(model: Trainable, data: Prepared, chosen: list[int], drop: float) -> Tensor:
    logits = model.logits(data.flat(chosen), drop)
    if len(data.labels):
        return soft_label(logits, data.labels[chosen].to(logits.device))
    return bradley_terry(*logits.chunk(2))


def _figure(data: Prepared, logits: Any) -> float:
    """AUC of labelled texts (toxic: more than half of the annotators), accuracy of pairs."""
    if len(data.labels):
        return auroc(tally(logits[:, 0], data.labels.numpy() > 0.5))
    return float((logits[:, 0] > logits[:, 1]).mean())


def _demand_both_labels(labels: Tensor) -> None:
    """Raises `EmptySplit` where texts of one label alone would have to be ranked."""
    toxic = labels > 0.5
    if len(labels) and bool(toxic.all() or not toxic.any()):
        raise EmptySplit(
            f"All {len(labels)} texts to choose the weights by have the same label.",
            "Give texts of both labels (a tenth of them is kept to choose by), or another --seed.",
        )


def _fingerprint(
    settings: RewardSettings, base: str, *parts: Sequence[Labelled] | Sequence[Preference]
) -> str:
    """What a checkpoint must agree in to be gone on from: settings, the base's weights (a folder
    may hold others by now), texts and labels.
    """
    learned = [[astuple(example) for example in part] for part in parts]
    said = settings.model_dump_json(exclude={"evaluate"}) + base + json.dumps(learned)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _resume(
    checkpoints: Checkpoints, model: Trainable, optimizer: torch.optim.Optimizer, run: str
) -> tuple[int, float, int | None]:
    """(step to go on from, best dev figure so far, step it was measured at)."""
    latest = checkpoints.latest()
    if latest is None:
        return 0, -1.0, None
    saved = checkpoints.load(latest)
    if saved.state["run"] != run:
        raise CheckpointUnusable(
            f"{checkpoints.folder} holds a run with another base, or other settings or data.",
            "Give another --out, or delete that folder to begin anew.",
        )
    _put(model, saved.tensors)
    load_optimizer(optimizer, saved.optimizer)
    if saved.state.get("best_step") == saved.step:
        # The kill may have come between the checkpoint and its mark.
        checkpoints.mark_best(saved.step)
    return saved.step, float(saved.state["best"]), saved.state.get("best_step")


def _put(model: Trainable, tensors: dict[str, Tensor]) -> None:
    with torch.no_grad():
        for name, value in tensors.items():
            model.parameters[name].copy_(value)
