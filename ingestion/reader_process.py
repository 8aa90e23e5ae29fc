"""One sandboxed reader process as its parent sees it: asked for a file, killed, replaced.

Workers are plain subprocesses speaking JSON (`ingestion.frames`) on pipes: nothing of the parent
(torch, Streamlit's script) is inherited or imported again. POSIX only.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import ingestion
from ingestion.errors import LecternError, UnreadableDocument
from ingestion.frames import LENGTH, decode_frame, encode_frame, unpack_document
from ingestion.readers.base import Document

_START_SECONDS = 60.0


class ReaderProcess:
    """A child process that reads one file at a time; started at need, replaced when it dies."""

    def __init__(self, memory_mb: int, seconds: float, text_mb: float, binary_mb: float) -> None:
        self._memory_mb = memory_mb
        self._seconds = seconds
        self._sizes = {"text_mb": text_mb, "binary_mb": binary_mb}
        self._process: subprocess.Popen[bytes] | None = None
        self._used = False

    def read(self, path: Path, stopped: threading.Event) -> Document | UnreadableDocument:
        """Read one file. What kills a process that read others before is tried in a fresh one."""
        used = self._used and self._process is not None
        reply = self._ask(path)
        if used and ("memory" in reply or "crashed" in reply) and not stopped.is_set():
            reply = self._ask(path)
        if "document" in reply:
            return unpack_document(reply["document"])
        return self._complaint(path.name, reply)

    def interrupt(self) -> None:
        """Kill the child from another thread; a `read` under way returns at once."""
        if (process := self._process) is not None:
            process.kill()

    def end(self) -> None:
        """Kill the child and free its pipes."""
        process, self._process, self._used = self._process, None, False
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _ask(self, path: Path) -> dict[str, Any]:
        if self._process is None:
            self._process = self._start()
        self._used = True
        # a path may hold bytes that are not UTF-8: it travels as their Latin-1 reading
        request = {"path": os.fsencode(path).decode("latin-1"), **self._sizes}
        try:
            _send(self._process, encode_frame(request))
            reply = _receive(self._process, time.monotonic() + self._seconds)
        except TimeoutError:
            self.end()
            return {"overrun": True}
        except (OSError, EOFError, ValueError):
            code = self._process.wait()
            self.end()
            return {"crashed": code}
        if "memory" in reply:
            self.end()
        return reply

    def _start(self) -> subprocess.Popen[bytes]:
        arguments = [str(self._memory_mb), str(self._seconds)]
        root = str(Path(ingestion.__file__).parent.parent)
        search_path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ingestion.sandbox_worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": search_path},
        )
        try:
            _receive(process, time.monotonic() + _START_SECONDS)
        except (TimeoutError, EOFError, OSError) as error:
            process.kill()
            process.wait()
            raise LecternError(
                "The worker process that reads documents does not start.",
                f"Run 'python -m ingestion.sandbox_worker {' '.join(arguments)}' to see why.",
            ) from error
        return process

    def _complaint(self, name: str, reply: dict[str, Any]) -> UnreadableDocument:
        if "unreadable" in reply:
            return UnreadableDocument(*reply["unreadable"])
        if "memory" in reply:
            what = f"{name} needs more than {self._memory_mb} MB of memory to read."
            return UnreadableDocument(what, "Split it, or raise the reader's memory limit.")
        if "overrun" in reply:
            what = f"{name} was not read within {self._seconds:g} seconds."
            return UnreadableDocument(what, "Split it, or raise the reader's time limit.")
        if "crashed" in reply:
            cause = _exit_name(reply["crashed"])
            what = f"{name} made its parser crash ({cause}), which may be for want of memory."
        else:
            what = f"{name} cannot be parsed ({reply['failed']})."
        return UnreadableDocument(
            what, "Open it in its own program and save it again, or convert it to another format."
        )


def _send(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(data)
    process.stdin.flush()


def _receive(process: subprocess.Popen[bytes], deadline: float) -> dict[str, Any]:
    """One frame. Raises `TimeoutError` at the deadline, `EOFError` when the child is gone."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    head = _exactly(descriptor, LENGTH.size, deadline)
    return decode_frame(_exactly(descriptor, LENGTH.unpack(head)[0], deadline))


def _exactly(descriptor: int, size: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    while size:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(descriptor, min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _exit_name(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit code {code}"
