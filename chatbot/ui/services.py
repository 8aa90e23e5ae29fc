"""What every page of one process shares: the assistant, the conversations, the work going on.

`provide` replaces how they are made; an app of its own (or a test) calls it before the first page.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from chatbot.conversations import Conversations
from chatbot.settings import ChatSettings
from chatbot.ui.background import AnswerWriter, Jobs

if TYPE_CHECKING:
    from chatbot.chain import Assistant


@dataclass
class Services:
    """`open` makes the assistant when it is first needed; it sees later ingests by itself."""

    settings: ChatSettings
    open: Callable[[ChatSettings], Assistant]
    conversations: Conversations = field(init=False)
    answers: AnswerWriter = field(init=False)
    jobs: Jobs = field(init=False, default_factory=Jobs)

    def __post_init__(self) -> None:
        self.conversations = Conversations(self.settings.conversations)
        self.conversations.recover()
        self.answers = AnswerWriter(self.conversations, self.assistant)
        self._assistant: Assistant | None = None
        self._lock = threading.Lock()

    def assistant(self) -> Assistant:
        """The assistant of this process; raises `LecternError` when there is no index to open."""
        with self._lock:
            if self._assistant is None:
                self._assistant = self.open(self.settings)
            return self._assistant


def _open(settings: ChatSettings) -> Assistant:
    from chatbot.chain import open_assistant

    return open_assistant(settings.index)


def _make() -> Services:
    return Services(ChatSettings.load(), _open)


_maker: Callable[[], Services] = _make


def provide(maker: Callable[[], Services]) -> None:
    """Make the services by `maker` from now on."""
    global _maker
    _maker = maker


@st.cache_resource(show_spinner=False)
def services() -> Services:
    return _maker()
