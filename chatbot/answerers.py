"""Which answerer speaks: generative where a generator can be had, extractive otherwise, and said
so.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.answering import Answerer
from chatbot.engines.registry import AdapterRegistry
from chatbot.extractive import ExtractiveAnswerer
from chatbot.options import AskOptions
from chatbot.settings import ChatSettings
from ingestion.encoders.base import Encoder
from ingestion.errors import ModelUnavailable

if TYPE_CHECKING:
    from chatbot.engines.base import Engine

RETRY_SECONDS = 30.0
"""A generator that was not to be had is looked for again after this long."""
EXTRACTIVE_ONLY = "Answers are sentences picked word for word from the documents (extractive)."


@dataclass(frozen=True, slots=True)
class Chosen:
    """An answerer, the engine behind it (None: extractive) with the adapter it has on, and what the
    learner should be told.
    """

    answerer: Answerer
    engine: Engine | None
    notice: str = ""
    adapter: str | None = None


class Answerers:
    """Makes answerers on demand; the generator loads once, at its first use."""

    def __init__(self, settings: ChatSettings, encoder: Encoder) -> None:
        self._settings = settings
        self._encoder = encoder
        self._extractive = ExtractiveAnswerer(encoder, settings.abstain_below)
        self._engine: Engine | None = None
        self._why_not: ModelUnavailable | None = None
        self._look_again = 0.0
        self._lock = threading.Lock()
        self._registry = AdapterRegistry(settings.adapters)

    def choose(self, options: AskOptions) -> Chosen:
        """The answerer for one question.

        `auto` falls back to the extractive one with a notice; a generator that was asked for by
        name and cannot be had raises `ModelUnavailable`.
        """
        wanted = options.answerer if options.answerer != "auto" else self._settings.answerer
        if wanted == "extractive":
            return Chosen(self._extractive, None)
        try:
            engine = self.engine()
        except ModelUnavailable as error:
            if wanted == "generative":
                raise
            return Chosen(self._extractive, None, f"{error} {EXTRACTIVE_ONLY}")
        from chatbot.generative import GenerativeAnswerer

        notice = self._follow(engine)
        answerer = GenerativeAnswerer(engine, self._encoder, options)
        return Chosen(answerer, engine, notice, getattr(engine, "adapter", None))

    def _follow(self, engine: Engine) -> str:
        """Switch to the adapter that has been promoted since, if any; says why where it cannot.

        An adapter that the settings name stays, and a server of its own chooses for itself.
        """
        if self._settings.adapter or self._settings.engine_url:
            return ""
        promoted = self._registry.current()
        if promoted == getattr(engine, "adapter", None):
            return ""
        try:
            engine.use_adapter(promoted)
        except ModelUnavailable as error:
            return f"The promoted adapter is not used. {error}"
        return ""

    def engine(self) -> Engine:
        """The generator, loaded now if need be. Raises `ModelUnavailable`."""
        with self._lock:
            if self._engine is None:
                why = self._why_not
                if why and time.monotonic() < self._look_again:
                    raise ModelUnavailable(why.what, why.remedy)
                try:
                    self._engine, self._why_not = self._load(), None
                except ModelUnavailable as error:
                    self._why_not = error
                    self._look_again = time.monotonic() + RETRY_SECONDS
                    raise
            return self._engine

    def notice(self) -> str:
        """Which answerer speaks and why, in plain words; empty until a generator was looked for."""
        if self._settings.answerer == "extractive":
            return f"{EXTRACTIVE_ONLY} The settings ask for that."
        if self._why_not:
            return f"{self._why_not} {EXTRACTIVE_ONLY}"
        return f"Answers are written by {self._engine.name}." if self._engine else ""

    def _load(self) -> Engine:
        settings = self._settings
        if settings.engine_url:
            from chatbot.engines.remote import RemoteEngine

            return RemoteEngine(settings.engine_url)
        from chatbot.engines.factory import load_engine

        return load_engine(
            settings.model,
            device=settings.device,
            window=settings.window,
            adapters_dir=settings.adapters,
            adapter=settings.adapter,
            # A question must not start a download of a gigabyte: `lectern fetch` does, when asked.
            fetch=False,
        )
