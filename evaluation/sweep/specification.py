"""What a sweep's TOML file says: documents, question sets, and the settings to try.

    documents = ["course"]            # files and folders, relative to the file
    measure = "evidence@5"            # sorts the table; figures of all measures are kept
    mode = "one-at-a-time"            # or "grid": every combination of [vary]

    [questions.mine]
    answerable = "questions.jsonl"
    unanswerable = "unanswerable.jsonl"   # may be left out
    course = "course"                     # ask these questions of one course

    [default]                         # where the default row differs from Lectern's own defaults
    answerer = "extractive"

    [vary]
    chunk_tokens = [128, 256]
    fusion_weight = [0.25, 0.5, 0.75]

    [[point]]                         # and single combinations beside them
    passages = 12
    neighbours = 1

`{data}` at the start of a path stands for the folder given by --data.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaluation.answers import AVERAGED
from evaluation.sweep.points import SETTINGS, Point, make_points
from ingestion.errors import LecternError

_DATA = "{data}"


class QuestionSet(BaseModel):
    """Files of questions with and without an answer; `course` narrows what they are asked of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answerable: Path
    unanswerable: Path | None = None
    course: str | None = None

    def files(self) -> dict[str, Path]:
        found = {"answerable": self.answerable, "unanswerable": self.unanswerable}
        return {role: path for role, path in found.items() if path}


class Sweep(BaseModel):
    """A sweep as its file says it; see the module docstring. Paths are resolved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: tuple[Path, ...] = Field(min_length=1)
    questions: dict[str, QuestionSet] = Field(min_length=1)
    mode: Literal["one-at-a-time", "grid"] = "one-at-a-time"
    measure: str = "evidence@5"
    limit: int | None = Field(None, ge=1, description="first N questions of each file")
    default: dict[str, Any] = {}
    vary: dict[str, list[Any]] = {}
    point: list[dict[str, Any]] = []

    def points(self) -> list[Point]:
        """The default first, then what is to be tried, each combination once."""
        return make_points(self.mode, self.default, self.vary, self.point)


def load_sweep(path: Path, data: Path | None = None) -> Sweep:
    """Read and check a sweep. Raises `LecternError` naming the file and what is wrong with it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LecternError(f"{path} cannot be read ({error}).", "Mend that line.") from error
    _check_names(path, "it", content, Sweep.model_fields)
    for name, questions in _tables(content.get("questions")):
        _check_names(path, f"[questions.{name}]", questions, QuestionSet.model_fields)
    for place in ("default", "vary"):
        _check_names(path, f"[{place}]", content.get(place), SETTINGS)
    for single in content.get("point", ()):
        _check_names(path, "[[point]]", single, SETTINGS)
    measure = content.get("measure", AVERAGED[0])
    if measure not in AVERAGED:
        raise LecternError(
            f"{path}: there is no measure {measure!r}.", f"There are {', '.join(AVERAGED)}."
        )
    try:
        sweep = Sweep.model_validate(_with_paths(content, path, data))
        sweep.points()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise LecternError(f"{path}: {place}: {first['msg']}.", "Mend it and run again.") from error
    except LecternError as error:
        raise LecternError(f"{path}: {error.what}", "Mend it in the file.") from error
    for missing in (file for file in _named(sweep) if not file.exists()):
        raise LecternError(f"{path} names {missing}, which is not there.", "Check the path.")
    return sweep


def _check_names(path: Path, place: str, given: object, allowed: Collection[str]) -> None:
    unknown = [name for name in given if name not in allowed] if isinstance(given, Mapping) else []
    if unknown:
        raise LecternError(
            f"{path}: {place} has {unknown[0]!r}, which is nothing a sweep knows.",
            f"There may be {', '.join(sorted(allowed))}.",
        )


def _tables(value: object) -> Iterable[tuple[str, object]]:
    return value.items() if isinstance(value, Mapping) else ()


def _with_paths(content: dict[str, Any], path: Path, data: Path | None) -> dict[str, Any]:
    """The content with every path absolute; what is no path is left to the model to refuse."""

    def place(said: Any) -> Any:
        if not isinstance(said, str):
            return said
        if said.startswith(_DATA):
            if data is None:
                raise LecternError(f"{said} needs a data folder.", "Give it by --data.")
            return data.absolute() / said.removeprefix(_DATA).lstrip("/")
        return path.absolute().parent / Path(said).expanduser()

    documents = content.get("documents")
    questions = {
        name: {key: place(v) if key != "course" else v for key, v in found.items()}
        if isinstance(found, Mapping)
        else found
        for name, found in _tables(content.get("questions"))
    }
    listed = [place(said) for said in documents] if isinstance(documents, list) else documents
    given = {"documents": listed, "questions": questions or content.get("questions")}
    return content | {name: value for name, value in given.items() if value is not None}


def _named(sweep: Sweep) -> list[Path]:
    asked = [file for questions in sweep.questions.values() for file in questions.files().values()]
    return [*sweep.documents, *asked]
