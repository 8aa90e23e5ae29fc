"""Runs readers in worker processes, so that no file can crash, hang or exhaust the program.

A worker that crashes or overruns its time is killed and replaced; its file becomes an
`UnreadableDocument` and the others go on. See `ingestion.reader_process` for a single worker.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from ingestion.errors import LecternError, UnreadableDocument
from ingestion.reader_process import ReaderProcess
from ingestion.readers.base import Document
from ingestion.readers.registry import BINARY_MB, TEXT_MB

Outcome = tuple[Path, Document | UnreadableDocument]

_READ_AHEAD = 32
"""Documents that may wait for the consumer before the workers pause."""


class ReaderPool:
    """A pool of sandboxed workers, started when there is something to read, kept until it closes.

    `memory_mb` caps each worker's private memory and `seconds` the wall time of each file;
    `text_mb` and `binary_mb` cap file sizes. One `read_all` at a time.
    """

    def __init__(
        self,
        workers: int = 2,
        memory_mb: int = 2048,
        seconds: float = 120.0,
        text_mb: float = TEXT_MB,
        binary_mb: float = BINARY_MB,
    ) -> None:
        if workers < 1 or memory_mb < 64 or seconds <= 0:
            raise LecternError(
                f"A pool of {workers} workers with {memory_mb} MB and {seconds} s cannot read.",
                "Give at least 1 worker, 64 MB and a positive time.",
            )
        self._workers = [
            ReaderProcess(memory_mb, seconds, text_mb, binary_mb) for _ in range(workers)
        ]
        self._threads: list[threading.Thread] = []
        self._results: queue.Queue[Outcome | BaseException] = queue.Queue(_READ_AHEAD)
        self._stopped = threading.Event()

    def __enter__(self) -> ReaderPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the workers at once, whatever they are at."""
        self._abandon()
        for worker in self._workers:
            worker.end()

    def read_all(self, paths: Sequence[Path]) -> Iterator[Outcome]:
        """Read every file; (path, document or why not) as each is finished, in no set order.

        Work starts with this call and runs ahead of the consumer by a bounded number of documents.
        """
        self._abandon()
        self._stopped.clear()
        self._results = queue.Queue(_READ_AHEAD)
        waiting = deque(paths)
        self._threads = [
            threading.Thread(target=self._serve, args=(worker, waiting), daemon=True)
            for worker in self._workers[: len(paths)]
        ]
        for thread in self._threads:
            thread.start()
        return self._collect(len(paths))

    def _collect(self, count: int) -> Iterator[Outcome]:
        try:
            for _ in range(count):
                outcome = self._results.get()
                if isinstance(outcome, BaseException):
                    raise outcome
                yield outcome
        finally:
            self._abandon()

    def _serve(self, worker: ReaderProcess, waiting: deque[Path]) -> None:
        try:
            while waiting and not self._stopped.is_set():
                try:
                    path = waiting.popleft()
                except IndexError:  # another thread took the last one
                    return
                self._results.put((path, worker.read(path, self._stopped)))
        except BaseException as error:  # handed to the consumer, who alone can act on it
            self._results.put(error)

    def _abandon(self) -> None:
        """Stop what still runs, without waiting for any file to be finished."""
        self._stopped.set()
        while any(thread.is_alive() for thread in self._threads):
            # Again and again: a worker still starting has no process to kill yet.
            for thread, worker in zip(self._threads, self._workers, strict=False):
                if thread.is_alive():
                    worker.interrupt()
            try:  # a thread may be waiting for room to put its last result
                self._results.get(timeout=0.01)
            except queue.Empty:
                continue
        self._threads = []
