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

RELEASED = {"lectern-t5-small": "t5"}
"""Too large for the package: packed in the same way, into a folder of their own."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """`total` is the size of all packaged models, or of one that is released; `apart` is how far a
    T5's log-likelihoods a token have moved, in nats.
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
    out: Path | None = None,
) -> Shipped:
    """Put the model in `folder` into the package as `name`, in place of one that was there; one of
    `RELEASED` into the folder `out`.

    `base` is where the model lies that it was trained from, if not where its record says; the
    figures of `reports` go into its card. Where anything is wrong, a `LecternError` says what, and
    the package is as it was.
    """
    _check_place(name, out)
    place = out or FOLDER / name
    beside, listed = place.with_name(f".{place.name}.part"), FOLDER / f".{MANIFEST}.part"
    runs = [load_run(report) for report in reports]
    counts = check(learned(folder, base))
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        apart = None
        if (task := {**TASKS, **RELEASED}[name]) == "t5":
            apart = pack_t5(folder, beside, weights)
        else:
            weights = "bf16"
            pack_adapter(folder, beside, task)
        _write_record(folder, beside, counts, weights)
        write_card(folder, beside, name, task, counts, weights=weights, apart=apart, runs=runs)
        model = _described(name, beside)
        if out:
            beside.replace(out)
            return Shipped(model, model.bytes, apart)
        manifest = _with(model, FOLDER)
        _must_fit(manifest)
        # All is on the disk, which may be full, before anything takes its place.
        plain = manifest.model_dump(exclude_none=True)
        listed.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        beside.rename(place)
        listed.replace(FOLDER / MANIFEST)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        listed.unlink(missing_ok=True)
    return Shipped(model, manifest.bytes, apart)


def _check_place(name: str, out: Path | None) -> None:
    """Raises `LecternError` for an unknown name, and for one that goes elsewhere."""
    if name not in TASKS and name not in RELEASED:
        raise LecternError(
            f"{name} is not a name that a packaged model can have.",
            f"Give one of: {', '.join((*KNOWN, *RELEASED))}.",
        )
    if name in RELEASED and not out:
        raise LecternError(
            f"{name} is too large, and does not travel with Lectern.",
            "Say with --out DIR where it is to be packed.",
        )
    if name in TASKS and out:
        raise LecternError(f"{name} is a model that travels.", "Ship it without --out.")
    if out and out.exists() and any(out.iterdir()):
        raise LecternError(f"{out} is not empty.", "Give another --out, or empty that folder.")


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
