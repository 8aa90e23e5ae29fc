"""Which answerer speaks: generative where a generator can be had, extractive otherwise, and said
so.
"""

from __future__ import annotations

import copy
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
    from chatbot.reading.spans import Reader

RETRY_SECONDS = 30.0
"""A generator that was not to be had is looked for again after this long."""
EXTRACTIVE_ONLY = "Answers are sentences picked word for word from the documents (extractive)."
WITHOUT_READER = "Sentences are picked without a reader."


@dataclass(frozen=True, slots=True)
class Chosen:
    """An answerer, the engine behind it (None: extractive) with the adapter it has on, and what the
    learner should be told.
    """

    answerer: Answerer
    engine: Engine | None
    notice: str = ""
    adapter: str | None = None
    reader: str = ""
    """The signature of the extractive answerer's reader; empty where it has none."""


class Answerers:
    """Makes answerers on demand; the generator loads once, at its first use."""

    def __init__(self, settings: ChatSettings, encoder: Encoder) -> None:
        self._settings = settings
        self._encoder = encoder
        self._extractive: ExtractiveAnswerer | None = None
        self._no_reader = ""
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
        engine, notice = self.generator(options)
        if engine is None:
            return self._picked(notice)
        from chatbot.generative import GenerativeAnswerer

        answerer = GenerativeAnswerer(engine, self._encoder, options)
        return Chosen(answerer, engine, notice, getattr(engine, "adapter", None))

    def generator(self, options: AskOptions) -> tuple[Engine | None, str]:
        """The generator for one question or summary, None where it is to be done without, and what
        the learner should be told. Raises `ModelUnavailable` as `choose` does.

        It is a handle of its own: from first word to last it speaks with the adapter it has now,
        whatever is promoted meanwhile.
        """
        wanted = options.answerer if options.answerer != "auto" else self._settings.answerer
        if wanted == "extractive":
            return None, ""
        try:
            engine = self.engine()
        except ModelUnavailable as error:
            if wanted == "generative":
                raise
            return None, f"{error} {EXTRACTIVE_ONLY}"
        notice = self._follow(engine)
        return copy.copy(engine), notice

    def _follow(self, engine: Engine) -> str:
        """Switch to the adapter that has been promoted since, if any; says why where it cannot.

        An adapter that the settings name stays. What was promoted where a server runs, it tells.
        """
        if self._settings.adapter:
            return ""
        why_not = ""
        try:
            if self._settings.engine_url:
                from chatbot.engines.remote import RemoteEngine

                assert isinstance(engine, RemoteEngine)
                why_not = engine.follow()
            elif (promoted := self._registry.current()) != getattr(engine, "adapter", None):
                engine.use_adapter(promoted)
        except ModelUnavailable as error:
            why_not = str(error)
        return f"The promoted adapter is not used. {why_not}" if why_not else ""

    def _picked(self, notice: str) -> Chosen:
        answerer = self.extractive()
        signature = answerer.reader.signature if answerer.reader else ""
        return Chosen(answerer, None, self._with_reader(notice), reader=signature)

    def extractive(self) -> ExtractiveAnswerer:
        """The extractive answerer; its reader is loaded now if need be. Where it cannot be had,
        notices say so.
        """
        with self._lock:
            if self._extractive is None:
                reader = self._load_reader()
                self._extractive = ExtractiveAnswerer(
                    self._encoder, self._settings.abstain_below, reader
                )
            return self._extractive

    def _load_reader(self) -> Reader | None:
        if not self._settings.reader:
            return None
        from chatbot.reading.span_reader import load_reader

        try:
            return load_reader(self._settings.reader)
        except ModelUnavailable as error:
            self._no_reader = f"{error} {WITHOUT_READER}"
            return None

    def _with_reader(self, notice: str) -> str:
        return f"{notice} {self._no_reader}".strip()

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
            return self.extractive_notice()
        if self._why_not:
            self.extractive()
            return self._with_reader(f"{self._why_not} {EXTRACTIVE_ONLY}")
        return f"Answers are written by {self._engine.name}." if self._engine else ""

    def extractive_notice(self) -> str:
        """The same where the settings or the learner chose to do without a generator."""
        self.extractive()
        return self._with_reader(f"{EXTRACTIVE_ONLY} The settings ask for that.")

    def _load(self) -> Engine:
        settings = self._settings
        if settings.engine_url:
            from chatbot.engines.remote import RemoteEngine

            remote = RemoteEngine(settings.engine_url)
            if settings.adapter:
                remote.use_adapter(settings.adapter)
            return remote
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
