"""The model card of an adapted T5, from the record that its training has left (`training.json`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finetune.licences import UNKNOWN
from finetune.model_card import DataUsed, Measured, ModelCard
from ingestion.errors import LecternError, ModelUnavailable
from ingestion.packaged import KNOWN, packaged_model

RECORD = "training.json"


def t5_card(
    folder: Path,
    *,
    title: str,
    base: str,
    how: str,
    usage: str,
    checks: Sequence[Measured] = (),
    start: Path | None = None,
) -> ModelCard:
    """What is known of the model in `folder`; `checks` are figures that were measured just now.

    Its data are preceded by those of the model it was trained from, which lies in `start` if not
    where its record says. Raises `LecternError` for a record that cannot be read; one that is
    missing leaves the card's tables without its figures, and the card says so.
    """
    record = _record(folder)
    settings = {
        name: json.dumps(value) if isinstance(value, dict) else value
        for name, value in record.get("settings", {}).items()
    }
    limits = ["Answers can be wrong however sure they sound; check them against their source."]
    if not record:
        limits.append("Nothing is recorded of how it was trained.")
    return ModelCard(
        title=title,
        summary=how,
        base=base,
        task="text2text-generation",
        usage=usage,
        data=_data(folder, start),
        figures=[*_kept_evaluation(record), *_report(record), *checks],
        settings=settings,
        limits=limits,
    )


def _record(folder: Path) -> dict[str, Any]:
    """Empty where there is none."""
    path = folder / RECORD
    if not path.is_file():
        return {}
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LecternError(
            f"{path} is not a record of training ({error}).", "Copy the model again."
        ) from error
    return record


def _data(folder: Path, start: Path | None) -> list[DataUsed]:
    """What was learned from, stage by stage, the first stage first, as far back as records go."""
    found: list[DataUsed] = []
    seen: set[Path] = set()
    place: Path | None = folder
    while place and place.resolve() not in seen:
        seen.add(place.resolve())
        record = _record(place)
        found = _of_stage(record) + found
        place, start = start or _start(record), None
    return found


def _start(record: dict[str, Any]) -> Path | None:
    """Where the model lies that was trained on; None for one that was trained from nothing, which
    is known by its vocabulary.
    """
    name = record.get("model")
    if name is None or "vocabulary" in record:
        return None
    if name not in KNOWN:
        return Path(name).expanduser()
    try:
        return packaged_model(name)
    except ModelUnavailable:  # it did not come with this install, nor did its record
        return None


def _of_stage(record: dict[str, Any]) -> list[DataUsed]:
    if "mixture" in record:
        seen = record["course"]["source_tokens"]
        return [
            DataUsed(f"{name} (tokens seen)", round(share * seen), record["data"][name]["licence"])
            for name, share in record["mixture"].items()
        ]
    return [
        DataUsed(
            source.get("name") or source.get("file", UNKNOWN),
            int(source.get("examples", 0)),
            source.get("licence", UNKNOWN),
            source.get("seen"),
        )
        for source in sources_of(record)
    ]


def sources_of(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The files a model was trained on, as its record has them; none of text it was pre-trained
    on, which is recorded by name.
    """
    data = record.get("data", {})
    found: list[dict[str, Any]] = data.get("train", []) if isinstance(data, dict) else data
    return found


def _kept_evaluation(record: dict[str, Any]) -> list[Measured]:
    """The figures of the weights that were kept, on the data that were held out."""
    course = record.get("course", {})
    kept = [e for e in course.get("evaluations", []) if e.get("step") == course.get("best_step")]
    return [
        Measured(name, "held out in training", float(value))
        for evaluation in kept
        for name, value in evaluation.items()
        if name != "step"
    ]


def _report(record: dict[str, Any]) -> list[Measured]:
    """What was found of a policy beside its reference, on prompts it did not practise on."""
    report = record.get("report", {})
    held = report.get("held", {})
    rows = [
        *((f"{name} of the preferences", {"value": value}) for name, value in held.items()),
        ("KL to the reference, nats per response", report.get("kl")),
        ("reward before", report.get("reward_before")),
        ("reward after", report.get("reward_after")),
        ("change of the reward", report.get("reward", {}).get("difference")),
        ("length over the reference's", {"value": report.get("length_ratio")}),
    ]
    return [
        Measured(name, "held prompts", *(found.get(key) for key in ("value", "low", "high")))
        for name, found in rows
        if found and found["value"] is not None
    ]
