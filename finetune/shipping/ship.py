"""`lectern train ship`: a trained folder is checked, written small, and put into the package."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.reading.span_reader import TASK as READER
from evaluation.runs import load_run
from finetune.shipping.card import write_card
from finetune.shipping.learned import learned, read_record
from finetune.shipping.packing import Weights, pack_adapter, pack_t5
from finetune.shipping.shippable import check, collection
from finetune.t5_card import RECORD
from ingestion.encoders.lora import CONFIG, read_config
from ingestion.errors import LecternError
from ingestion.hashing import file_digest
from ingestion.packaged import (
    FOLDER,
    KNOWN,
    MANIFEST,
    Manifest,
    PackagedFile,
    PackagedModel,
    read_manifest,
)

LARGEST = 36_000_000
"""Bytes that all packaged models may take together: every clone and every install pays for them."""

TASKS = {
    "lectern-reader": READER,
    "lectern-judge": "toxicity",
    "lectern-judge-independent": "toxicity",
    "lectern-preference": "preference",
    "lectern-t5-mini": "t5",
}


@dataclass(frozen=True, slots=True)
class Shipped:
    """`total` is the size of all packaged models, `apart` how far a T5's log-likelihoods a token
    have moved, in nats.
    """

    model: PackagedModel
    total: int
    apart: float | None


def ship(
    folder: Path,
    name: str,
    *,
    weights: Weights = "bf16",
    base: Path | None = None,
    reports: Sequence[Path] = (),
    into: Path | None = None,
) -> Shipped:
    """Put the model in `folder` into the package as `name`, in place of one that was there.

    `base` is where the model lies that it was trained from, if not where its record says; the
    figures of `reports` go into its card. Where anything is wrong, a `LecternError` says what, and
    the package is as it was.
    """
    if name not in TASKS:
        raise LecternError(
            f"{name} is not a name that a packaged model can have.",
            f"Give one of: {', '.join(KNOWN)}.",
        )
    models = into or FOLDER
    runs = [load_run(report) for report in reports]
    counts = check(learned(folder, base))
    beside, listed = models / f".{name}.part", models / f".{MANIFEST}.part"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        apart = None
        if TASKS[name] == "t5":
            apart = pack_t5(folder, beside, weights)
        else:
            weights = "bf16"
            pack_adapter(folder, beside, TASKS[name])
        _write_record(folder, beside, counts, weights)
        write_card(
            folder, beside, name, TASKS[name], counts, weights=weights, apart=apart, runs=runs
        )
        model = _described(name, beside)
        manifest = _with(model, models)
        _must_fit(manifest)
        # All is on the disk, which may be full, before anything takes its place.
        plain = manifest.model_dump(exclude_none=True)
        listed.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(models / name, ignore_errors=True)
        beside.rename(models / name)
        listed.replace(models / MANIFEST)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        listed.unlink(missing_ok=True)
    return Shipped(model, manifest.bytes, apart)


def _write_record(folder: Path, out: Path, counts: dict[str, int], weights: Weights) -> None:
    """`training.json`: what was learned, for whoever trains from this model, and by which settings
    (the seed of a judge's split says which texts it has not seen).
    """
    there = read_record(folder) if (folder / RECORD).is_file() else {}
    data = [
        {"name": name, "examples": count, "licence": collection(name).licence}
        for name, count in counts.items()
    ]
    record = {"settings": there.get("settings", {}), "data": data, "weights": weights}
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (out / RECORD).write_text(text, encoding="utf-8")


def _described(name: str, folder: Path) -> PackagedModel:
    files = []
    for path in sorted(folder.iterdir()):
        path.chmod(0o644)  # safetensors' files are their writer's alone
        files.append(
            PackagedFile(name=path.name, bytes=path.stat().st_size, sha256=file_digest(path))
        )
    config = read_config(folder) if (folder / CONFIG).is_file() else None
    return PackagedModel(
        name=name,
        base=config.base if config else None,
        base_sha256=config.base_sha256 if config else None,
        files=tuple(files),
    )


def _with(model: PackagedModel, models: Path) -> Manifest:
    """The manifest of the folder with the model in it, in the order of `KNOWN`."""
    there = read_manifest(models).models if (models / MANIFEST).is_file() else ()
    every = [*(other for other in there if other.name != model.name), model]
    return Manifest(models=tuple(sorted(every, key=lambda one: list(KNOWN).index(one.name))))


def _must_fit(manifest: Manifest) -> None:
    if manifest.bytes <= LARGEST:
        return
    parts = ", ".join(f"{one.name} {one.bytes / 1e6:.2f}" for one in manifest.models)
    raise LecternError(
        f"Together the packaged models would take {manifest.bytes / 1e6:.2f} MB ({parts}), and "
        f"{LARGEST / 1e6:.0f} MB may be shipped.",
        "Ship the T5 with --weights int8, or an adapter of a smaller rank. Nothing was changed.",
    )
