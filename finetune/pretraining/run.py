"""`lectern train pretrain`, from a corpus and a vocabulary to a T5 on disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from chatbot.engines.hardware import resolve_device
from finetune.data.encoding import encode
from finetune.data.mixture import Source
from finetune.errors import EmptySplit, LossNotFinite
from finetune.model_card import DataUsed, Measured, ModelCard
from finetune.models import check_tokenizer
from finetune.peak_memory import peak_memory
from finetune.precision import Precision
from finetune.pretraining.batches import Alternating, Batches, SpanBatches
from finetune.pretraining.borrowed import borrowed_embeddings
from finetune.pretraining.corpus import Corpus
from finetune.pretraining.loop import Pace, PretrainCourse, PretrainLoop, Probe
from finetune.pretraining.settings import PretrainSettings
from finetune.pretraining.texts import encoded_texts, read_vocabulary, vocabulary_hash
from finetune.pretraining.throughput import measured_peak, operations_per_example
from finetune.pretraining.windows import TextSource, Windows
from finetune.processes import Processes
from finetune.progress import training_progress
from finetune.saving import save_model
from finetune.scoring import Scorer
from finetune.sft.record import write_record
from finetune.t5_shapes import SIZES, new_t5
from ingestion.encoders.factory import packaged_folder
from ingestion.errors import LecternError

PROBED = 64
"""Examples of each probed file."""

Say = Callable[[str], None]


def pretrain(
    corpus: Corpus,
    vocabulary: Path,
    settings: PretrainSettings,
    out: Path,
    *,
    tokens: Path | None = None,
    probed: Sequence[Source] = (),
    pace: Pace | None = None,
    peak: float | None = None,
    device: str = "auto",
    fresh: bool = False,
    say: Say = lambda line: None,
) -> PretrainCourse:
    """Train, and leave in `out` the model with its card, `training.json`, and `run/` to go on from.

    `tokens` is where the encoded text is kept (inside `vocabulary` if not given), `peak` the
    device's operations a second (measured if not given). What goes wrong is a `LecternError`;
    after `LossNotFinite` too the last weights saved lie in `out`.
    """
    processes = Processes(resolve_device(device))
    if processes.count > 1:
        raise LecternError(
            f"Pre-training runs in one process, and here are {processes.count}.",
            "Start it without torchrun or accelerate.",
        )
    precision = Precision.choose(settings.precision, processes.device.type)
    if fresh:
        shutil.rmtree(out / "run", ignore_errors=True)
    tokenizer = read_vocabulary(vocabulary)
    folder = tokens or vocabulary / "tokens"
    learned, held = encoded_texts(corpus, vocabulary, tokenizer, settings.held_out, folder, say)

    corruption = settings.corruption()
    windows = Windows(learned, corruption.window, settings.seed)
    sentinel = tokenizer.convert_tokens_to_ids("<extra_id_0>")
    size = SIZES[settings.size]
    model = new_t5(
        size,
        len(tokenizer),
        settings.seed,
        embeddings=_embeddings(settings, tokenizer, size.d),
        copied=settings.copied,
        mimetic=settings.attention == "mimetic",
    ).to(processes.device)
    parameters = sum(weights.numel() for weights in model.parameters())
    check_tokenizer(model, tokenizer)
    data = {
        text.name: {"sha256": text.sha256(), "licence": text.licence, "rate": text.rate,
                    "tokens": len(source.tokens)}
        for text, source in zip(corpus.text, learned, strict=True)
    }  # fmt: skip
    say(
        f"{settings.size}: {parameters:,} parameters; {windows.per_epoch:,} windows of "
        f"{corruption.window} tokens an epoch, {settings.steps * settings.batch:,} to see."
    )
    beside = settings.shown_corruption()
    operations = settings.batch * round(
        (1 - settings.shown) * operations_per_example(model, corruption.source, corruption.target)
        + settings.shown * operations_per_example(model, settings.source, beside.target)
    )
    reached = peak or measured_peak(processes.device, precision.compute)
    loop = PretrainLoop(
        model,
        _batches(learned, settings, sentinel),
        {
            "eval_loss": SpanBatches(
                Windows([held], corruption.window), corruption, first_sentinel=sentinel
            ),
            "eval_loss_shown": SpanBatches(
                Windows([held], beside.window), beside, first_sentinel=sentinel, shown=True
            ),
        },
        settings,
        out / "run",
        precision=precision,
        identity={"data": data, "vocabulary": vocabulary_hash(vocabulary)},
        operations=operations,
        peak=reached,
        pace=pace,
        probe=_probe(probed, tokenizer, precision, processes),
    )
    start = loop.resume()
    if start:
        say(f"Going on from step {start} of {settings.steps}.")
    stopped: LossNotFinite | None = None
    try:
        with training_progress("pretrain", settings.steps, start=start) as report:
            loop.run(report)
    except LossNotFinite as error:
        if not loop.resume():
            raise
        stopped = error
        say(f"{out} gets the weights of step {loop.course.step}.")
    course = loop.course
    save_model(model, tokenizer, out)
    speed = course.tokens / max(course.seconds, 1e-9)
    record = {
        "model": f"lectern-t5-{settings.size}",
        "parameters": parameters,
        "settings": settings.model_dump(),
        "vocabulary": {"pieces": len(tokenizer), "sha256": vocabulary_hash(vocabulary)},
        "data": data,
        "held_tokens": len(held.tokens),
        "mixture": windows.shares,
        "course": {
            "steps": course.step, "source_tokens": course.tokens, "seconds": course.seconds,
            "evaluations": course.evaluations, "stopped": stopped.what if stopped else "",
        },
        "source_tokens_per_second": speed,
        "model_flop_utilisation": operations * course.step / (course.seconds * reached),
        "peak_operations_per_second": {"value": reached, "measured": peak is None},
        "compute": str(precision.compute),
        "device": str(processes.device),
        "peak_memory_bytes": peak_memory(processes.device),
    }  # fmt: skip
    write_record(out / "training.json", record)
    _card(settings, data, windows, course).write(out)
    if stopped:
        raise stopped
    return course


def _batches(learned: Sequence[TextSource], settings: PretrainSettings, sentinel: int) -> Batches:
    corruption, beside = settings.corruption(), settings.shown_corruption()
    plain, shown = (
        SpanBatches(
            Windows(learned, which.window, settings.seed),
            which,
            first_sentinel=sentinel,
            seed=settings.seed,
            shown=which is beside,
        )
        for which in (corruption, beside)
    )
    return Alternating(plain, shown, settings.shown, settings.batch)


def _embeddings(settings: PretrainSettings, tokenizer: Any, width: int) -> Tensor | None:
    if settings.embeddings == "random":
        return None
    pieces = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    return borrowed_embeddings(pieces, packaged_folder(), width, settings.seed)


def _probe(
    probed: Sequence[Source], tokenizer: Any, precision: Precision, processes: Processes
) -> Probe | None:
    """The loss on examples of each probed file: what the weights know of tasks not trained yet."""
    scorers = {}
    for source in probed:
        examples, _ = encode(source.read(), tokenizer, max_source=512, max_target=256)
        if not examples:
            raise EmptySplit(
                f"Every example of {source.label} is too long to probe.", "Probe another file."
            )
        scorers[source.label] = Scorer(
            examples[:PROBED], tokenizer, precision, processes, max_new_tokens=1
        )
    if not scorers:
        return None
    return lambda model: {f"probe_{name}": one.loss(model) for name, one in scorers.items()}


def _card(
    settings: PretrainSettings, data: Mapping[str, Any], windows: Windows, course: PretrainCourse
) -> ModelCard:
    tokens = settings.batch * course.step * settings.corruption().window
    measured = course.evaluations[-1:]
    return ModelCard(
        title=f"lectern-t5-{settings.size}, pre-trained",
        summary="A T5 1.1 trained from nothing by span corruption (Raffel et al. 2020). It fills "
        "gaps in text and follows no instructions yet: it is what `lectern train sft` starts from.",
        base="none",
        task="text2text-generation",
        usage="`lectern train sft --model DIR --method full --mixture MIXTURE --out DIR`",
        data=[
            DataUsed(f"{name} (tokens seen)", round(windows.shares[name] * tokens), one["licence"])
            for name, one in data.items()
        ],
        figures=[
            Measured(name, "held documents", value)
            for row in measured
            for name, value in row.items()
            if name == "eval_loss"
        ],
        settings=settings.model_dump(),
        limits=(
            "English alone, mostly textbooks; what it says is not to be relied on.",
            f"Sources of {settings.source} tokens.",
        ),
    )
