"""One writer at a time: an operating-system lock that a killed process lets go of by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ingestion.errors import IndexProblem


@contextmanager
def single_writer(file: Path) -> Iterator[None]:
    """Hold the writer's lock. Raises `IndexProblem` at once when another process has it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexProblem(
            f"The index folder {file.parent} cannot be made ({error.strerror}).",
            "Give another folder with --index, or remove what is in the way.",
        ) from error
    holder = file.with_suffix(".pid")
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise IndexProblem(
            f"Another process (pid {_pid(holder)}) is writing the index {file.parent}.",
            "Wait until it has finished, then try again.",
        ) from error
    except OSError as error:
        raise IndexProblem(
            f"The index folder {file.parent} cannot be written ({error.strerror}).",
            "Check its permissions and the free disk space, or give another with --index.",
        ) from error
    try:
        holder.write_text(str(os.getpid()))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _pid(holder: Path) -> str:
    try:
        return holder.read_text().strip() or "unknown"
    except OSError:  # the writer has just begun or just finished
        return "unknown"
