"""Which files an ingest is about: folders walked, links and hidden files minded."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.errors import LecternError
from ingestion.readers.registry import FORMATS

_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "__MACOSX"})


@dataclass(frozen=True, slots=True)
class Found:
    """A file to ingest: `path` relative to `root`, with `/`; `stamp` changes whenever it may
    have.
    """

    course: str
    root: Path
    path: str
    format: str
    bytes: int
    stamp: str

    @property
    def absolute(self) -> Path:
        return self.root / self.path


@dataclass(slots=True)
class Discovery:
    """`roots` are the folders looked through whole: what the catalog has of them and `found` has
    not is gone. `refused` are files named with a reason; `ignored` counts files of other kinds by
    suffix.
    """

    found: list[Found] = field(default_factory=list)
    roots: list[tuple[str, Path]] = field(default_factory=list)
    refused: list[tuple[Found, str]] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)


def discover(paths: Sequence[Path], course: str | None = None) -> Discovery:
    """Walk `paths`. The course of a folder is its name unless `course` is given; a file's, its
    folder's.

    Raises `LecternError` for a path that is not there.
    """
    result = Discovery()
    for path in paths:
        if not path.exists():
            raise LecternError(f"{path}: no such file or folder.", "Check the path.")
        resolved = path.resolve()
        root = resolved if resolved.is_dir() else resolved.parent
        name = course or root.name or "course"
        if resolved.is_dir():
            result.roots.append((name, root))
            for file in _walk(root):
                _consider(result, name, root, file)
        else:
            _consider(result, name, root, resolved)
    result.found.sort(key=lambda found: (found.course, str(found.root), found.path))
    return result


def _walk(root: Path) -> Iterator[Path]:
    for folder, subfolders, files in os.walk(root, followlinks=False):
        subfolders[:] = sorted(
            s for s in subfolders if not s.startswith(".") and s not in _SKIPPED_FOLDERS
        )
        for name in sorted(files):
            if not name.startswith((".", "~$")):
                yield Path(folder) / name


def _consider(result: Discovery, course: str, root: Path, file: Path) -> None:
    suffix = file.suffix.lower()
    if suffix not in FORMATS:
        result.ignored[suffix or file.name] += 1
        return
    relative = file.relative_to(root).as_posix()
    found = Found(course, root, relative, FORMATS[suffix], 0, "")
    if file.is_symlink():
        target = file.resolve()
        if not target.is_relative_to(root):
            reason = f"a link out of the folder (to {target}); copy the file in if it belongs here"
            result.refused.append((found, reason))
        elif not target.exists():
            result.refused.append((found, "a broken link; remove it or mend its target"))
        return  # a link to a file inside the folder: that file is found by itself
    try:
        status = file.stat()
    except OSError as error:
        result.refused.append((found, f"cannot be read ({error.strerror}); check its permissions"))
        return
    stamp = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"
    result.found.append(Found(course, root, relative, FORMATS[suffix], status.st_size, stamp))
