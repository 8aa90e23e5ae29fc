"""Trains the reader: low-rank deltas on the packaged encoder, and a head that marks a span.

The loss of an example is −log of the probability that start and end lie where an answer does,
summed over all places where it stands (Clark & Gardner 2018, eq. 1); an example without an answer
has it at [CLS].
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from chatbot.reading.features import Featurizer
from chatbot.reading.span_reader import TASK, span_logits
from finetune.checkpoint import Checkpoints, load_optimizer
from finetune.clipping import clip_finite
from finetune.errors import EmptySplit
from finetune.log import TrainingLog
from finetune.precision import Precision
from finetune.progress import training_progress
from finetune.reader.batches import Target, epoch_batches, prepare
from finetune.reader.examples import ReadingExample
from finetune.reader.validation import validate
from finetune.resumable import demand_same_run
from finetune.rng import seed_everything
from finetune.schedule import Schedule
from ingestion.encoders.bert_forward import BertShape, read_weights
from ingestion.encoders.lora import (
    TENSORS,
    AdapterConfig,
    adapted_dense,
    check_base,
    new_deltas,
    read_config,
    read_tensors,
    save_adapter,
)
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest


@dataclass(frozen=True, slots=True)
class ReaderTraining:
    """How a reader is trained. `tokens` are the padded tokens of a batch."""

    rank: int = 64
    alpha: float = 64.0
    lr: float = 6e-4
    warmup: int = 150
    epochs: float = 2.0
    tokens: int = 6144
    clip: float = 1.0
    seed: int = 0
    validate_every: int = 300


def train_reader(
    base: Path,
    base_name: str,
    examples: Sequence[ReadingExample],
    held: Sequence[ReadingExample],
    out: Path,
    settings: ReaderTraining,
    about: Mapping[str, object],
    trained_before: Path | None = None,
) -> dict[str, float]:
    """Train on `examples`, watch `held`, and leave the reader in `out`; returns its last figures.

    A run that was killed goes on from its last checkpoint. `about` goes into `adapter.json`. The
    first weights are those of the reader in the folder `trained_before`, where one is given.
    Raises `EmptySplit` without examples, `CheckpointUnusable` where `out` holds a run of other
    settings or data, `ModelUnavailable` where `trained_before` holds no reader of this base and
    rank, and `LossNotFinite` when training breaks down.
    """
    featurizer = Featurizer(base)
    prepared = prepare(examples, featurizer)
    if not prepared.targets or not held:
        raise EmptySplit(
            "There is nothing to train or to validate the reader on.", "Give data with answers."
        )
    shape = BertShape.read(base)
    precision = Precision.choose("auto", "cpu")
    weights = read_weights(base, shape, precision.weights(trained=False))
    seed_everything(settings.seed)
    layers = tuple(range(shape.layers))
    trained = new_deltas(
        weights, layers, settings.rank, torch.Generator().manual_seed(settings.seed)
    )
    trained["head.weight"] = torch.randn(2, shape.dimension) * 0.02
    trained["head.bias"] = torch.zeros(2)
    learned: dict[str, object] = {}
    if trained_before:
        before = _put_back(trained, trained_before, base, settings)
        about = {**about, "trained_before": {n: before.get(n) for n in ("sha256", "training")}}
        learned = {"trained_before": before}
    for value in trained.values():
        value.requires_grad_(True)
    optimizer = torch.optim.AdamW(list(trained.items()), lr=settings.lr, weight_decay=0.0)
    scale = settings.alpha / settings.rank
    checkpoints = Checkpoints(out / "checkpoints")
    identity = json.loads(json.dumps({"settings": asdict(settings), **about}))
    start = 0
    if (latest := checkpoints.latest()) is not None:
        saved = checkpoints.load(latest)
        demand_same_run(out, saved.state.get("identity", {}), identity)
        with torch.no_grad():
            for name, value in saved.tensors.items():
                trained[name].copy_(value)
        load_optimizer(optimizer, saved.optimizer)
        start = saved.step
    per_epoch = sum(1 for _ in epoch_batches(prepared.targets, settings.tokens, settings.seed, 0))
    total = max(1, int(per_epoch * settings.epochs))
    schedule = Schedule("linear", settings.lr, settings.warmup, total)
    config = AdapterConfig(
        TASK,
        base_name,
        file_digest(base / "model.safetensors"),
        settings.rank,
        settings.alpha,
        layers,
        {
            **about,
            "training": asdict(settings),
            "answers_outside_the_window": prepared.lost,
            **learned,
        },
    )

    def forward(batch: Sequence[Target]) -> Tensor:
        dense = adapted_dense(weights, trained, scale)
        head = {"weight": trained["head.weight"], "bias": trained["head.bias"]}
        with precision.autocast():
            return span_logits(
                weights, shape, head, [target.window for target in batch], dense=dense
            )

    def save() -> None:
        deltas = {n: v for n, v in trained.items() if not n.startswith("head.")}
        head = {n.removeprefix("head."): v for n, v in trained.items() if n.startswith("head.")}
        save_adapter(out, config, deltas, head)

    figures: dict[str, float] = {}
    batches = _from(prepared.targets, settings, start)
    with (
        TrainingLog(out, start) as log,
        training_progress("reader", total, start=start) as progress,
    ):
        for step, batch in zip(range(start, total), batches, strict=False):
            rate = schedule.apply(optimizer, step)
            loss = span_loss(forward(batch), batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            clip_finite(
                trained.values(),
                settings.clip,
                step=step + 1,
                loss=loss,
                lr=settings.lr,
                out=out,
            )
            optimizer.step()
            done = step + 1
            log.write(done, {"loss": loss.item(), "lr": rate})
            progress(done, loss=loss.item())
            if done % settings.validate_every == 0 or done == total:
                save()
                figures = validate(out, base, held)
                log.write(done, figures)
                checkpoints.save(done, trained, optimizer, {"identity": identity})
    save()
    return figures or validate(out, base, held)


def _put_back(
    trained: Mapping[str, Tensor], folder: Path, base: Path, settings: ReaderTraining
) -> dict[str, object]:
    """Fill `trained` with the weights of the reader in `folder`; returns their hash and what its
    own training recorded.
    """
    config = read_config(folder)
    check_base(folder, config, base)
    if (config.task, config.rank, config.alpha) != (TASK, settings.rank, settings.alpha):
        raise ModelUnavailable(
            f"{folder} holds a {config.task} of rank {config.rank}, alpha {config.alpha:g}; a "
            f"{TASK} of rank {settings.rank}, alpha {settings.alpha:g} is to be trained.",
            f"Give a reader, and --rank {config.rank}.",
        )
    deltas, head = read_tensors(folder)
    for name, value in (deltas | {f"head.{name}": value for name, value in head.items()}).items():
        trained[name].copy_(value)
    return {**config.options, "sha256": file_digest(folder / TENSORS)}


def span_loss(logits: Tensor, batch: Sequence[Target]) -> Tensor:
    """Mean over the batch of −log P(start) − log P(end), in nats. `logits`: (batch, longest, 2)."""
    allowed = torch.full(logits.shape[:2], -torch.inf)
    answers = torch.full(logits.shape, -torch.inf)
    for row, target in enumerate(batch):
        first = target.window.first
        allowed[row, 0] = 0.0
        allowed[row, first : first + len(target.window.offsets)] = 0.0
        for start, end in target.spans:
            answers[row, start, 0] = 0.0
            answers[row, end, 1] = 0.0
    logits = logits.float()
    everything = (logits + allowed[..., None]).logsumexp(1)
    right = (logits + answers).logsumexp(1)
    return (everything - right).sum(1).mean()


def _from(
    targets: Sequence[Target], settings: ReaderTraining, start: int
) -> Iterator[list[Target]]:
    """The batches of step `start` and after; epochs may differ by a few in how many they have."""
    every = (
        batch
        for epoch in itertools.count()
        for batch in epoch_batches(targets, settings.tokens, settings.seed, epoch)
    )
    return itertools.islice(every, start, None)
