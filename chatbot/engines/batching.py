"""One thread that owns the engine: requests that arrive together are generated together.

Everything that runs the model runs on this thread, so the adapter a request asks for is the adapter
it gets. Prompts that share decoding and adapter join one batch; the first of a batch waits at most
`wait_seconds` for company. A seeded sample depends on what else is in its batch, so it goes alone.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chatbot.engines.base import Decoding, Engine

T = TypeVar("T")
_END = object()


@dataclass
class _Task:
    """Work for the engine's thread. The `prompts` of tasks with equal `key` (not None) can join."""

    adapter: str | None
    run: Callable[[], Any]
    key: str | None = None
    prompts: list[str] = field(default_factory=list)
    decoding: Decoding | None = None
    future: Future[Any] = field(default_factory=Future)


class BatchingEngine:
    """Serializes an engine for many callers; `batches` counts the calls of `Engine.generate`."""

    def __init__(
        self, engine: Engine, *, wait_seconds: float = 0.01, most_prompts: int = 16
    ) -> None:
        self.engine = engine
        self.batches = 0
        self._wait = wait_seconds
        self._most = most_prompts
        self._tasks: queue.Queue[_Task | None] = queue.Queue()
        self._held: _Task | None = None
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    def generate(
        self, prompts: Sequence[str], decoding: Decoding, adapter: str | None = None
    ) -> Future[list[str]]:
        alone = decoding.strategy == "sample" and decoding.seed is not None
        task = _Task(
            adapter,
            lambda: self._generate(list(prompts), decoding),
            None if alone else f"{adapter!r} {decoding.model_dump_json()}",
            list(prompts),
            decoding,
        )
        self._tasks.put(task)
        return task.future

    def score(
        self, prompts: Sequence[str], completions: Sequence[str], adapter: str | None = None
    ) -> Future[list[float]]:
        return self._submit(adapter, lambda: self.engine.score(prompts, completions))

    def try_adapter(self, adapter: str | None) -> Future[None]:
        """Load the adapter if need be; the future raises what `Engine.use_adapter` does."""
        return self._submit(adapter, lambda: None)

    def stream(self, prompt: str, decoding: Decoding, adapter: str | None = None) -> Generator[str]:
        """Pieces as they come. A slow reader delays nobody: the engine's thread never waits for it.

        Closing the iterator stops the generation.
        """
        pieces: queue.Queue[object] = queue.Queue()
        closed = threading.Event()

        def pump() -> None:
            if closed.is_set():
                return
            source = self.engine.stream(prompt, decoding)
            for piece in source:
                if closed.is_set():
                    break
                pieces.put(piece)
            close = getattr(source, "close", None)
            if close is not None:
                close()

        task = self._submit(adapter, pump)
        task.add_done_callback(lambda _: pieces.put(_END))
        try:
            while (piece := pieces.get()) is not _END:
                yield str(piece)
            task.result()
        finally:
            closed.set()

    def close(self) -> None:
        """End the thread after the work already handed in."""
        self._tasks.put(None)
        self._thread.join()

    def _submit(self, adapter: str | None, run: Callable[[], T]) -> Future[T]:
        task = _Task(adapter, run)
        self._tasks.put(task)
        return task.future

    def _generate(self, prompts: Sequence[str], decoding: Decoding) -> list[str]:
        self.batches += 1
        return self.engine.generate(prompts, decoding)

    def _work(self) -> None:
        while (task := self._next()) is not None:
            if task.key is None:
                self._run(task)
            else:
                self._run_together([task, *self._company(task)])

    def _next(self, timeout: float | None = None) -> _Task | None:
        if self._held is not None:
            task, self._held = self._held, None
            return task
        return self._tasks.get(timeout=timeout)

    def _company(self, first: _Task) -> list[_Task]:
        """The tasks that can share `first`'s batch, up to one that cannot or the time limit."""
        company: list[_Task] = []
        room = self._most - len(first.prompts)
        deadline = time.monotonic() + self._wait
        while room > 0:
            try:
                task = self._tasks.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if task is None or task.key != first.key or len(task.prompts) > room:
                if task is None:
                    self._tasks.put(None)
                else:
                    self._held = task
                break
            company.append(task)
            room -= len(task.prompts)
        return company

    def _run_together(self, tasks: list[_Task]) -> None:
        first = tasks[0]
        if len(tasks) == 1 or first.decoding is None:
            self._run(first)
            return
        decoding = first.decoding
        prompts = [prompt for task in tasks for prompt in task.prompts]
        joint = _Task(first.adapter, lambda: self._generate(prompts, decoding))
        self._run(joint)
        if joint.future.exception() is not None:
            # One request's mistake (a prompt too long) must not be the others'.
            for task in tasks:
                self._run(task)
            return
        made = iter(joint.future.result())
        for task in tasks:
            task.future.set_result([next(made) for _ in task.prompts])

    def _run(self, task: _Task) -> None:
        try:
            self.engine.use_adapter(task.adapter)
            task.future.set_result(task.run())
        except Exception as error:  # handed to whoever asked, who raises it
            task.future.set_exception(error)
