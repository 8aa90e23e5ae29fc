"""Folders as `lectern train` leaves them, small: an adapter on the packaged encoder, a T5."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from chatbot.judging.cleaning import CLEANING
from finetune.shipping.shippable import shippable
from ingestion.encoders.bert_forward import BertShape, read_weights
from ingestion.encoders.factory import DEFAULT_ENCODER, packaged_folder
from ingestion.encoders.lora import AdapterConfig, base_digest, new_deltas, save_adapter

QED = next(one for one in shippable() if one.name.startswith("QED"))
QED_FILE, QED_HASH = next(iter(QED.files.items()))
BOOKS_HASH, ARTICLES_HASH = (
    next(one.text for one in shippable() if one.name == f"{name} (tokens)")
    for name in ("OpenStax textbooks", "WikiText")
)


def adapter(
    folder: Path, task: str, options: dict[str, Any], *, base: str = DEFAULT_ENCODER
) -> Path:
    """Random deltas of rank 1 and a random head."""
    encoder = packaged_folder()
    shape = BertShape.read(encoder)
    torch.manual_seed(1)
    weights = read_weights(encoder, shape, torch.float32)
    deltas = new_deltas(weights, (4, 5), 1, torch.Generator().manual_seed(1))
    deltas = {name: torch.randn_like(value) * 0.05 for name, value in deltas.items()}
    rows, width = (2, shape.dimension) if task == "reader" else (1, 2 * shape.dimension)
    head = {"weight": torch.randn(rows, width) * 0.2, "bias": torch.zeros(rows)}
    config = AdapterConfig(task, base, base_digest(encoder), 1, 1.0, (4, 5), options)
    save_adapter(folder, config, deltas, head)
    return folder


def judge(folder: Path, data: str = "jigsaw", task: str = "toxicity") -> Path:
    """As `lectern train reward` leaves it."""
    options = {"architecture": "bert", "window": 32, "cleaning": CLEANING, "calibration": [1, 0]}
    adapter(folder, task, options)
    learned = {"name": data, "examples": 9698, "licence": "CC0"}
    write_record(folder, {"data": [learned], "settings": {"seed": 3}})
    (folder / "README.md").write_text("# A judge of toxicity\n\n## Limits\n\n* English alone.\n")
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "large.safetensors").write_bytes(b"0" * 1000)
    return folder


def reader(folder: Path, before: dict[str, Any] | None = None) -> Path:
    """As `lectern train reader` leaves it; `before` is the record of one that it went on from."""
    options: dict[str, Any] = {
        "data": {QED_FILE: QED_HASH},
        "examples": {"qed": 6762, "qed/mined": 4012},
        "training": {"lr": 6e-4},
    }
    if before:
        options["trained_before"] = before
    adapter(folder, "reader", options)
    lines = [{"step": 1, "loss": 3.0}, {"step": 2, "time": 1.5, "f1": 0.61, "auroc": 0.7}]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def pretrained(folder: Path) -> Path:
    """The record of `lectern train pretrain`."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {
        "openstax": {"sha256": BOOKS_HASH, "licence": "CC BY 4.0", "tokens": 90_000_000},
        "wikipedia": {"sha256": ARTICLES_HASH, "licence": "CC BY-SA 3.0", "tokens": 10_000_000},
    }
    record = {
        "model": "lectern-t5-mini",
        "vocabulary": {"pieces": 16_384, "sha256": "0" * 64},
        "data": data,
        "mixture": {"openstax": 0.75, "wikipedia": 0.25},
        "course": {"steps": 4_800, "source_tokens": 20_000_000},
    }
    write_record(folder, record)
    return folder


def write_sft(folder: Path, base: Path | str, sha256: str = QED_HASH) -> None:
    """The record of `lectern train sft` on one file, from `base`."""
    source = {"format": "qed", "name": "", "file": QED_FILE, "sha256": sha256, "examples": 7167}
    course = {"best_step": 20, "evaluations": [{"step": 20, "rougeL": 0.25}]}
    record = {"model": str(base), "data": {"train": [source], "measured": []}, "course": course}
    write_record(folder, {**record, "settings": {"lr": 0.001}})


def write_record(folder: Path, record: dict[str, Any]) -> None:
    (folder / "training.json").write_text(json.dumps(record))
