"""Work outside the script thread.

Streamlit runs a page's script anew at every click and forgets what the last run was doing, so
nothing that takes time may live in it. An answer goes piece by piece into the conversations
database, where any run of any page finds it; an ingestion or a summary is a `Job` of this process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from chatbot.answering import Answer, TextDelta, Turn
from chatbot.conversations import Conversations, history
from ingestion.errors import LecternError

if TYPE_CHECKING:
    from chatbot.chain import Assistant
    from chatbot.options import AskOptions
    from ingestion.progress import Progress

T = TypeVar("T")

_log = logging.getLogger(__name__)


class AnswerWriter:
    """Answers questions in threads of their own, into the conversations database.

    The threads are daemons: a process told to stop does so at once, and the next one marks what was
    half-written as interrupted.
    """

    def __init__(self, conversations: Conversations, assistant: Callable[[], Assistant]) -> None:
        self._conversations = conversations
        self._assistant = assistant

    def ask(self, owner: str, conversation: str, question: str, options: AskOptions) -> int:
        """Begin to answer; returns the exchange to read the answer from."""
        earlier = history(self._conversations.exchanges(owner, conversation))
        exchange = self._conversations.begin(
            owner, conversation, question, options.model_dump(mode="json")
        )
        threading.Thread(
            target=self._write,
            args=(exchange, question, earlier, options),
            name=f"answer-{exchange}",
            daemon=True,
        ).start()
        return exchange

    def _write(
        self, exchange: int, question: str, earlier: Sequence[Turn], options: AskOptions
    ) -> None:
        written = {"answer": "", "reasoning": ""}
        try:
            for event in self._assistant().stream(question, earlier, options):
                if isinstance(event, Answer):
                    self._conversations.finish(exchange, event)
                elif isinstance(event, TextDelta):
                    written[event.part] += event.text
                    wanted = self._conversations.write(
                        exchange, written["answer"], written["reasoning"]
                    )
                    if not wanted:
                        return
        except Exception as error:
            self._conversations.fail(exchange, plainly(error))


@dataclass
class Job(Generic[T]):
    """One piece of work: running until `done`, then with a `result` or a `problem`."""

    label: str
    progress: Progress | None = None
    result: T | None = None
    problem: str = ""
    done: bool = False


class Jobs:
    """The jobs of this process by key; a key runs at most once at a time."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job[Any]] = {}
        self._lock = threading.Lock()

    def start(self, key: str, label: str, work: Callable[[Job[T]], T]) -> Job[T]:
        """Run `work(job)` in a thread of its own, or return the job already running under `key`."""
        with self._lock:
            running = self._jobs.get(key)
            if running is not None and not running.done:
                return running
            job: Job[T] = Job(label)
            self._jobs[key] = job
        threading.Thread(target=_run, args=(job, work), name=f"job-{key}", daemon=True).start()
        return job

    def get(self, key: str) -> Job[Any] | None:
        return self._jobs.get(key)

    def forget(self, key: str) -> None:
        """Drop a finished job's result."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and job.done:
                del self._jobs[key]


def plainly(error: Exception) -> str:
    """What a person is told of an error; the details of an unforeseen one go to the log."""
    if isinstance(error, LecternError):
        return str(error)
    _log.exception("Unforeseen error", exc_info=error)
    return f"Something unforeseen went wrong ({type(error).__name__}: {error}). See the log."


def _run(job: Job[T], work: Callable[[Job[T]], T]) -> None:
    try:
        job.result = work(job)
    except Exception as error:
        job.problem = plainly(error)
    finally:
        job.done = True
