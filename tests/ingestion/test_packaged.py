"""Models that travel with Lectern: whole or refused, absent or named, hashed once."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from ingestion import packaged
from ingestion.errors import ModelUnavailable
from ingestion.packaged import (
    FOLDER,
    KNOWN,
    MANIFEST,
    is_packaged,
    model_folder,
    packaged_model,
    read_manifest,
)

FILES = {"adapter.json": b'{"task": "toxicity"}', "adapter.safetensors": bytes(range(256)) * 8}
MODEL = "lectern-judge"


def put(box: Path, name: str, files: dict[str, bytes]) -> None:
    """Write a model and a manifest with it alone."""
    (box / name).mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (box / name / file).write_bytes(content)
    listed = [
        {"name": file, "bytes": len(content), "sha256": sha256(content).hexdigest()}
        for file, content in files.items()
    ]
    manifest = {"format": 1, "models": [{"name": name, "files": listed}]}
    (box / MANIFEST).write_text(json.dumps(manifest))


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An install with one packaged model."""
    place = tmp_path / "install" / "models"
    put(place, MODEL, FILES)
    monkeypatch.setattr(packaged, "FOLDER", place)
    return place


def test_a_packaged_model_is_found_by_its_name(box: Path) -> None:
    assert is_packaged(MODEL)
    assert packaged_model(MODEL) == model_folder(MODEL) == box / MODEL
    assert read_manifest().bytes == sum(map(len, FILES.values()))


def test_a_changed_byte_names_the_file_and_the_remedy(box: Path) -> None:
    path = box / MODEL / "adapter.safetensors"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelUnavailable, match="is not the file that was shipped") as refused:
        packaged_model(MODEL)
    assert str(path) in refused.value.what
    assert "Install Lectern again" in refused.value.remedy


def test_a_file_cut_short_and_a_missing_one_are_named(box: Path) -> None:
    path = box / MODEL / "adapter.json"
    path.write_bytes(FILES["adapter.json"][:-1])
    with pytest.raises(ModelUnavailable, match=r"adapter\.json is not the file that was shipped"):
        packaged_model(MODEL)
    path.unlink()
    with pytest.raises(ModelUnavailable, match=r"adapter\.json, which belongs to lectern-judge"):
        packaged_model(MODEL)


def test_an_absent_model_is_named_with_what_to_do(box: Path) -> None:
    assert not is_packaged("lectern-t5-mini")
    with pytest.raises(ModelUnavailable, match=r"lectern-t5-mini .* does not travel") as refused:
        model_folder("lectern-t5-mini")
    assert "lectern train ship FOLDER --name lectern-t5-mini" in refused.value.remedy


def test_another_name_is_not_a_packaged_model(box: Path) -> None:
    assert not is_packaged("google/flan-t5-base")
    with pytest.raises(ModelUnavailable, match="lectern-reader"):
        packaged_model("lectern-reeder")
    with pytest.raises(ModelUnavailable, match="There is no folder judges/mine"):
        model_folder("judges/mine")


def test_a_folder_comes_before_a_name(box: Path, tmp_path: Path) -> None:
    (tmp_path / MODEL).mkdir()  # where the test runs
    assert model_folder(MODEL) == Path(MODEL)


def test_files_are_hashed_once_and_again_when_shipped_anew(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []

    def digest(path: Path) -> str:
        hashed.append(path.name)
        return sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(packaged, "file_digest", digest)
    assert packaged_model(MODEL) == packaged_model(MODEL)
    assert sorted(hashed) == sorted(FILES)
    put(box, MODEL, {**FILES, "adapter.json": b"{}"})
    packaged_model(MODEL)
    assert sorted(hashed) == sorted([*FILES, *FILES])


def test_asking_whether_it_is_there_reads_none_of_its_files(
    box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaged, "file_digest", lambda path: pytest.fail(f"{path} was read"))
    assert is_packaged(MODEL)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"format": 2, "models": []}',
        '{"models": [{"name": "lectern-judge", "files": []}]}',
        '{"models": [{"name": "lectern-judge", "files": [{"name": "../x", "bytes": 1, "sha256": "'
        + "0" * 64
        + '"}]}]}',
    ],
)
def test_a_damaged_manifest_is_named(box: Path, content: str) -> None:
    (box / MANIFEST).write_text(content)
    with pytest.raises(ModelUnavailable, match=r"manifest\.json is missing or not a list"):
        is_packaged(MODEL)


def test_what_this_checkout_ships_is_whole_and_nothing_lies_beside_it() -> None:
    listed = read_manifest(FOLDER).models
    assert {model.name for model in listed} <= set(KNOWN)
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == {m.name for m in listed}
    for model in listed:
        assert packaged_model(model.name) == FOLDER / model.name
        there = {path.name for path in (FOLDER / model.name).iterdir()}
        assert there == {file.name for file in model.files}
        assert "README.md" in there
