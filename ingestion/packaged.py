"""Models that travel with Lectern: found by name, whole or refused, and no network asked.

    ingestion/models/manifest.json     which models are there, with the hash of every file
    ingestion/models/NAME/…            the files of one

`lectern train ship` puts them there. A model may be absent: who needs it says so and goes on
without. Nothing is read here before a model is asked for by name, and then its files are hashed
once in the life of a process.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest

FOLDER = Path(__file__).parent / "models"
MANIFEST = "manifest.json"

KNOWN = {
    "lectern-reader": "the span of a passage that answers a question, or none",
    "lectern-judge": "how probably a text is toxic: the reward",
    "lectern-judge-independent": "the same, trained on other data: to judge what was rewarded",
    "lectern-preference": "how strongly people would prefer an answer",
    "lectern-t5-mini": "a generator of 15 million weights",
}
"""Names that a packaged model can have → what it tells. Such a name is never sent to a hub."""

_REINSTALL = "Install Lectern again; in a checkout, run `git checkout ingestion/models`."


class PackagedFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[\w][\w.-]*$")
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class PackagedModel(BaseModel):
    """`base` and `base_sha256` are the encoder, with the hash of its weights, that an adapter is
    for; None for a model that is whole.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    base: str | None = None
    base_sha256: str | None = None
    files: tuple[PackagedFile, ...] = Field(min_length=1)

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


class Manifest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    models: tuple[PackagedModel, ...] = ()

    @property
    def bytes(self) -> int:
        """Of all models together."""
        return sum(model.bytes for model in self.models)

    def get(self, name: str) -> PackagedModel | None:
        return next((model for model in self.models if model.name == name), None)


def read_manifest(folder: Path | None = None) -> Manifest:
    """What travels with this install. Raises `ModelUnavailable` for a manifest that is damaged."""
    path = (folder or FOLDER) / MANIFEST
    try:
        return Manifest.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ModelUnavailable(
            f"{path} is missing or not a list of models ({reason}).", _REINSTALL
        ) from error


def is_packaged(name: str) -> bool:
    """Whether a model of that name travels with this install."""
    return name in KNOWN and read_manifest().get(name) is not None


def packaged_model(name: str) -> Path:
    """The folder of the model called `name`, every file checked by its hash.

    Raises `ModelUnavailable` for a name that is not in `KNOWN`, a model that is absent, and a file
    that is missing or not the one that was shipped.
    """
    if name not in KNOWN:
        raise ModelUnavailable(
            f"{name} is not the name of a model that travels with Lectern.",
            f"Those are {', '.join(KNOWN)}.",
        )
    model = read_manifest().get(name)
    if model is None:
        raise ModelUnavailable(
            f"{name} ({KNOWN[name]}) does not travel with this install of Lectern.",
            "Give the folder of such a model, or train one and put it there with "
            f"`lectern train ship FOLDER --name {name}`.",
        )
    return _whole(FOLDER, model)


def model_folder(name_or_path: str | Path) -> Path:
    """A folder as it was given, or that of a packaged model by its name.

    Raises `ModelUnavailable` where it is neither, and as `packaged_model` does.
    """
    folder = Path(name_or_path).expanduser()
    if folder.is_dir():
        return folder
    if str(name_or_path) in KNOWN:
        return packaged_model(str(name_or_path))
    raise ModelUnavailable(
        f"There is no folder {name_or_path}, and it is not the name of a packaged model.",
        f"Give the folder of a model, or one of: {', '.join(KNOWN)}.",
    )


@cache  # by the hashes too: what was shipped anew is checked anew
def _whole(folder: Path, model: PackagedModel) -> Path:
    place = folder / model.name
    for file in model.files:
        path = place / file.name
        if not path.is_file():
            raise ModelUnavailable(
                f"{path}, which belongs to {model.name}, is missing.", _REINSTALL
            )
        if path.stat().st_size != file.bytes or file_digest(path) != file.sha256:
            raise ModelUnavailable(
                f"{path} is not the file that was shipped: its SHA-256 is not {file.sha256[:12]}….",
                _REINSTALL,
            )
    return place
