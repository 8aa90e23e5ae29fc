"""Which files an ingest is about: folders walked, links and hidden files minded."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Sequence
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
    not is gone, but for what lies in the folders `unlisted`. `refused` are files and folders named
    with a reason; `ignored` counts files of other kinds by suffix. `course` is what was asked for.
    """

    course: str | None = None
    found: list[Found] = field(default_factory=list)
    roots: list[tuple[str, Path]] = field(default_factory=list)
    unlisted: list[Path] = field(default_factory=list)
    refused: list[tuple[Found, str]] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)


def discover(paths: Sequence[Path], course: str | None = None) -> Discovery:
    """Walk `paths`. The course of a folder is its name unless `course` is given; a file's, its
    folder's.

    Raises `LecternError` for a path that is not there.
    """
    result = Discovery(course)
    for path in paths:
        resolved = _resolve(path)
        root = resolved if resolved.is_dir() else resolved.parent
        if _printable(root) != str(root):
            raise LecternError(
                f"{_printable(root)}: the name of the folder is not UTF-8.", "Rename the folder."
            )
        name = course or root.name or "course"
        if resolved.is_dir():
            result.roots.append((name, root))
            _walk(result, name, root)
        else:
            _consider(result, name, root, resolved, named=True)
    result.found.sort(key=lambda found: (found.course, str(found.root), found.path))
    return result


def _resolve(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except FileNotFoundError as error:
        raise LecternError(
            f"{_printable(path)}: no such file or folder.", "Check the path."
        ) from error
    except (OSError, RuntimeError) as error:  # RuntimeError: a link to itself, before Python 3.13
        raise LecternError(
            f"{_printable(path)} cannot be opened ({error}).", "Check the path and its permissions."
        ) from error


def _walk(result: Discovery, course: str, root: Path) -> None:
    def unlisted(error: OSError) -> None:
        folder = Path(error.filename)
        result.unlisted.append(folder)
        reason = f"the folder cannot be listed ({error.strerror}); check its permissions"
        _refuse(result, course, root, folder, reason)

    for folder, subfolders, files in os.walk(root, onerror=unlisted, followlinks=False):
        subfolders[:] = sorted(name for name in subfolders if _is_walked(name))
        for name in subfolders:
            path = Path(folder, name)
            if os.path.islink(path):  # noqa: PTH114  (Path.is_symlink may raise)
                reason = "a linked folder, which is not followed; name its target to ingest it"
                _refuse(result, course, root, path, reason)
        for name in sorted(files):
            if _is_considered(name):
                _consider(result, course, root, Path(folder) / name)


def _is_walked(folder: str) -> bool:
    return not folder.startswith(".") and folder not in _SKIPPED_FOLDERS


def _is_considered(file: str) -> bool:
    return not file.startswith((".", "~$"))


def _consider(
    result: Discovery, course: str, root: Path, file: Path, *, named: bool = False
) -> None:
    """Find, refuse or ignore one file. `named`: somebody asked for it, so it is not ignored."""
    suffix = file.suffix.lower()
    if suffix not in FORMATS:
        if named:
            known = " ".join(sorted(FORMATS))
            _refuse(result, course, root, file, f"not of a kind that is read ({known})")
        else:
            result.ignored[_printable(Path(suffix or file.name))] += 1
        return
    relative = file.relative_to(root)
    if _printable(relative) != str(relative):
        _refuse(result, course, root, file, "its name is not UTF-8; rename it")
        return
    try:
        if file.is_symlink():
            reason = _link_problem(root, file)
            if reason:
                _refuse(result, course, root, file, reason)
            return  # a link to a file that the walk comes by: that one is found by itself
        status = file.stat()
    except OSError as error:
        _refuse(result, course, root, file, unreadable(error))
        return
    if not stat.S_ISREG(status.st_mode):
        _refuse(result, course, root, file, "not a regular file; remove it or save it as one")
        return
    stamp = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"
    path = relative.as_posix()
    result.found.append(Found(course, root, path, FORMATS[suffix], status.st_size, stamp))


def unreadable(error: OSError) -> str:
    """Why a file is refused that the operating system would not let us read."""
    return f"cannot be read ({error.strerror}); check its permissions"


def _link_problem(root: Path, link: Path) -> str:
    """Why what `link` leads to is not found by the walk through `root`; empty where it is."""
    try:
        target = link.resolve(strict=True)
    except (FileNotFoundError, RuntimeError):  # RuntimeError: it leads to itself, before 3.13
        return "a broken link; remove it or mend its target"
    if not target.is_relative_to(root):
        return f"a link out of the folder (to {_printable(target)}); copy the file in"
    *folders, name = target.relative_to(root).parts
    if all(map(_is_walked, folders)) and _is_considered(name) and target.suffix.lower() in FORMATS:
        return ""
    return f"a link to a file that is passed over ({_printable(target)}); copy the file here"


def _refuse(result: Discovery, course: str, root: Path, path: Path, reason: str) -> None:
    relative = _printable(path.relative_to(root))
    kind = FORMATS.get(path.suffix.lower(), "")
    result.refused.append((Found(course, root, relative, kind, 0, ""), reason))


def _printable(path: Path) -> str:
    """The path with `/`, and with escapes for what is not UTF-8."""
    return os.fsencode(path.as_posix()).decode(errors="backslashreplace")
