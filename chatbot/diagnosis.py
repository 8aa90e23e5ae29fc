"""What `lectern doctor` looks at: settings and where they come from, models, index, machine."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from chatbot.answerers import WITHOUT_READER
from chatbot.settings import ChatSettings
from ingestion.catalog import Catalog
from ingestion.config import RoomSettings
from ingestion.encoders.factory import load_encoder
from ingestion.encoders.precision import resolve_precision
from ingestion.errors import IndexProblem, ModelUnavailable
from ingestion.hub import hub_reachable
from ingestion.layout import Layout
from ingestion.packaged import KNOWN, packaged_model, read_manifest
from ingestion.settings import IngestionSettings

_PACKAGES = (
    "torch",
    "transformers",
    "peft",
    "faiss-cpu",
    "chromadb",
    "langchain-core",
    "streamlit",
)


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str
    ok: bool
    detail: str


@dataclass(slots=True)
class Diagnosis:
    """`settings` are (name, value, origin)."""

    findings: list[Finding] = field(default_factory=list)
    settings: list[tuple[str, str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "findings": [
                {"subject": f.subject, "ok": f.ok, "detail": f.detail} for f in self.findings
            ],
            "settings": [{"name": n, "value": v, "origin": o} for n, v, o in self.settings],
        }


def diagnose(settings: ChatSettings) -> Diagnosis:
    """Look at everything once; asks the hub for a connection, for two seconds at most."""
    ingestion = IngestionSettings.load()
    report = Diagnosis()
    report.findings = [
        Finding("machine", True, _machine()),
        Finding("packages", True, ", ".join(f"{p} {_version(p)}" for p in _PACKAGES)),
        _index(settings),
        _encoder(ingestion),
        _generator(settings),
        *_reader(settings),
        *map(_packaged, KNOWN),
        Finding(
            "Hugging Face hub",
            hub_reachable(),
            "answers" if hub_reachable() else "not in reach; models must be on this machine",
        ),
    ]
    rooms: tuple[RoomSettings, ...] = (settings, ingestion)
    for room in rooms:
        without = type(room).load()
        for name in type(room).model_fields:
            value = getattr(room, name)
            given = value != getattr(without, name)
            origin = "command line" if given else type(room).origin(name)
            report.settings.append((f"{room.table}.{name}", str(value), origin))
    return report


def _machine() -> str:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, {free:.0f} GB disk free"
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _index(settings: ChatSettings) -> Finding:
    try:
        catalog = Catalog(Layout(settings.index).catalog)
    except IndexProblem as error:
        return Finding("index", False, str(error))
    courses = ", ".join(f"{c.name} ({c.files} documents)" for c in catalog.courses())
    failed = sum(record.status == "failed" for record in catalog.files())
    detail = f"{settings.index}: {catalog.chunk_count()} chunks; {courses or 'no documents'}"
    return Finding("index", True, f"{detail}; {failed} failed" if failed else detail)


def _encoder(settings: IngestionSettings) -> Finding:
    try:
        encoder = load_encoder(settings.encoder, settings.encoder_precision)
    except ModelUnavailable as error:
        return Finding("encoder", False, str(error))
    precision = resolve_precision(settings.encoder_precision)
    detail = f"{encoder.name}, window {encoder.window} tokens, {precision}"
    return Finding("encoder", True, detail)


def _generator(settings: ChatSettings) -> Finding:
    if settings.engine_url:
        return Finding("generator", True, f"the server at {settings.engine_url}")
    from chatbot.engines.factory import find_model

    try:
        name, _ = find_model(settings.model, fetch=False)
    except ModelUnavailable as error:
        return Finding("generator", False, f"{error} Answers are extractive until then.")
    return Finding("generator", True, f"{name} is on this machine")


def _reader(settings: ChatSettings) -> list[Finding]:
    """What extractive answers are read with, where it is not the packaged one, told of below."""
    name = settings.reader
    if name in ("", type(settings).model_fields["reader"].default):
        return []
    from chatbot.reading.span_reader import load_reader

    try:
        load_reader(name)
    except ModelUnavailable as error:
        return [Finding("reader", False, f"{error} {WITHOUT_READER}")]
    return [Finding("reader", True, f"{name} marks the words that answer")]


def _packaged(name: str) -> Finding:
    """One model of those that may travel with the install: its size, and whether it is whole."""
    try:
        packaged_model(name)
        model = read_manifest().get(name)
    except ModelUnavailable as error:
        return Finding(name, False, str(error))
    assert model is not None, "it was found"
    files = f"{len(model.files)} files, {model.bytes / 1e6:.2f} MB"
    return Finding(name, True, f"{KNOWN[name]}; {files}, as shipped (SHA-256)")
