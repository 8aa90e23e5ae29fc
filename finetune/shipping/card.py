"""The card of a shipped model: that of its training, and below it what shipping has added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from chatbot.reading.span_reader import TASK as READER
from evaluation.measures import is_detail, measure
from evaluation.runs import Run
from finetune.log import read_log
from finetune.model_card import DataUsed, Measured, ModelCard, table
from finetune.shipping.packing import Weights
from finetune.shipping.shippable import collection
from finetune.t5_card import t5_card
from ingestion.encoders.lora import read_config
from ingestion.errors import LecternError
from ingestion.packaged import KNOWN

CARD = "README.md"
_NAMES: dict[Weights, str] = {"bf16": "bfloat16", "int8": "int8, a scale for each row"}


def write_card(
    folder: Path,
    out: Path,
    name: str,
    task: str,
    counts: Mapping[str, int],
    *,
    weights: Weights,
    apart: float | None,
    runs: Sequence[Run],
) -> None:
    """Write `README.md` into `out` for the model in `folder`.

    `counts` are examples by collection, `apart` is how far a T5's log-likelihoods have moved,
    `runs` are reports of `lectern eval` on this model.
    """
    data = [DataUsed(one, count, collection(one).licence) for one, count in counts.items()]
    if task == "t5":
        text = _of_t5(folder, name, data).text()
    elif (folder / CARD).is_file():
        text = (folder / CARD).read_text(encoding="utf-8")
    elif task == READER:
        text = _of_reader(folder, data).text()
    else:
        raise LecternError(
            f"{folder} has no model card ({CARD}).", "`lectern train reward` writes one."
        )
    travels = (
        f"It travels with Lectern as `{name}`, its weights in {_NAMES[weights]}; "
        "`ingestion/models/manifest.json` has the SHA-256 of each file."
        if name in KNOWN
        else f"It does not travel with Lectern; its weights are in {_NAMES[weights]}."
    )
    parts = [text, "## As shipped\n", travels]
    if apart is not None:
        parts.append(
            f"\nLog-likelihoods a token differ from those of the trained weights by up to "
            f"{apart:.2g} nats (three probes)."
        )
    credits = [(one, collection(one).licence, collection(one).credit) for one in counts]
    parts += ["", *table(("data", "licence", "by"), credits)]
    if runs:
        heads = ("report", "measure", "figure", "95 % interval")
        parts += ["", *table(heads, [row for run in runs for row in _figures(run)])]
    (out / CARD).write_text("\n".join(parts) + "\n", encoding="utf-8")


def _of_t5(folder: Path, name: str, data: Sequence[DataUsed]) -> ModelCard:
    card = t5_card(
        folder,
        title=name,
        base="none",
        how="A small T5 1.1 trained from nothing: span corruption on text (counted in tokens), "
        "then instructions (counted in examples).",
        usage=f'`lectern ask --model {name if name in KNOWN else "FOLDER"} "…"`',
    )
    return replace(card, data=data, limits=[*card.limits, "English alone."])


def _of_reader(folder: Path, data: Sequence[DataUsed]) -> ModelCard:
    config = read_config(folder)
    settings = dict(_mapping(config.options.get("training")))
    before = _mapping(config.options.get("trained_before"))
    for name, value in _mapping(before.get("training")).items():
        settings[f"{name}, in a run before this one"] = value
    return ModelCard(
        title="A reader",
        summary="Marks the span of a passage that answers a question, with the log-odds that the "
        f"passage answers at all. Low-rank deltas of rank {config.rank} and a head on "
        f"{config.base}, trained by `lectern train reader`.",
        base=config.base,
        task="question-answering",
        usage="`chatbot.reading.span_reader.SpanReader(folder, base)`",
        data=data,
        figures=_last_validation(folder),
        settings=settings,
        limits=(
            "It marks what the passage says, true or not, and a span of 48 tokens at most.",
            "English alone.",
        ),
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _last_validation(folder: Path) -> list[Measured]:
    """The figures that training measured last, on documents that were held back."""
    rows = [row for row in read_log(folder) if "f1" in row]
    return [
        Measured(name, "held documents", value)
        for name, value in (rows[-1] if rows else {}).items()
        if name not in ("step", "time")
    ]


def _figures(run: Run) -> list[tuple[str, str, str, str]]:
    """Rows of a table: what a report says, details left out."""
    return [
        (
            f"{run.name}, {leg}" if leg else run.name,
            measure(name).label,
            measure(name).say(figure.value),
            "" if figure.low is None or figure.high is None
            else f"{measure(name).say(figure.low)}–{measure(name).say(figure.high)}",
        )
        for leg, figures in run.legs.items()
        for name, figure in figures.items()
        if not is_detail(name)
    ]  # fmt: skip
