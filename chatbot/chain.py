"""The chain: question and history → stand-alone question → passages → cited answer, or silence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot.answerers import Answerers
from chatbot.answering import Answer, Citation, Draft, TextDelta, Turn
from chatbot.options import AskOptions
from chatbot.retrieval.hybrid import Retriever
from chatbot.rewriting import rewrite
from chatbot.settings import ChatSettings
from chatbot.small_talk import NAME as SMALL_TALK
from chatbot.small_talk import small_talk
from chatbot.stopwatch import Stopwatch
from ingestion.errors import IndexProblem, ModelUnavailable
from ingestion.index import Index
from ingestion.passage import Passage
from ingestion.sentences import split_sentences

if TYPE_CHECKING:
    from chatbot.summarizing import Summary
    from ingestion.catalog import FileRecord

_NEAREST = 3
_FEWEST_WORDS = 4
"""A sentence to point to has at least so many: a shorter one is mostly a heading."""


class Assistant:
    """Answers questions from one index. Made by `open_assistant`."""

    def __init__(
        self, index: Index, settings: ChatSettings, answerers: Answerers | None = None
    ) -> None:
        """`answerers` may be those of another assistant with the same settings and encoder."""
        self.index = index
        self.settings = settings
        self.answerers = answerers or Answerers(settings, index.encoder)
        reranker = None
        if settings.reranker:
            from chatbot.retrieval.rerank import CrossEncoderReranker

            reranker = CrossEncoderReranker(settings.reranker)
        self.retriever = Retriever(index, settings.fusion_weight, settings.candidates, reranker)

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        course: str | None = None,
        options: AskOptions | None = None,
    ) -> Answer:
        """The whole answer at once; `course` is short for the option of that name."""
        options = options or self.default_options()
        if course:
            options = options.model_copy(update={"course": course})
        *_, last = self.stream(question, history, options)
        assert isinstance(last, Answer)
        return last

    def stream(
        self, question: str, history: Sequence[Turn] = (), options: AskOptions | None = None
    ) -> Iterator[TextDelta | Answer]:
        """Pieces of the answer as they come, and last of all the `Answer`.

        Where the answerer turns out not to be sure enough, the last item is an `Answer` that
        abstains: what was streamed before it is to be withdrawn.
        """
        if reply := small_talk(question):
            yield TextDelta(reply)
            yield Answer(reply, answerer=SMALL_TALK, question=question)
            return
        history = [turn for turn in history if small_talk(turn[0]) is None]
        options = options or self.default_options()
        watch = Stopwatch()
        chosen = self.answerers.choose(options)
        watch.lap("load")
        standalone = rewrite(question, history, chosen.engine).text
        watch.lap("rewrite")
        passages = self.retriever.search(
            standalone,
            options.k,
            course=options.course,
            file=options.file,
            format=options.format,
            neighbours=options.neighbours,
        )
        watch.lap("retrieve")
        draft = Draft("")
        for item in chosen.answerer.stream(standalone, passages, history):
            if isinstance(item, Draft):
                draft = item
            else:
                watch.first_token()
                yield item
        watch.lap("answer")
        answer = self._answer(
            draft, standalone, passages, chosen.answerer.name, chosen.notice, watch
        )
        model = chosen.engine.name if chosen.engine else ""
        yield replace(answer, prompt=draft.prompt, model=model, adapter=chosen.adapter)

    def answerer_notice(self) -> str:
        """Which answerer speaks and why, in one plain line; loads the generator if there is one."""
        if self.settings.answerer != "extractive":
            with contextlib.suppress(ModelUnavailable):
                self.answerers.engine()
        return self.answerers.notice()

    def default_options(self) -> AskOptions:
        """Options as the settings say."""
        return AskOptions(k=self.settings.passages, neighbours=self.settings.neighbours)

    def summarize(
        self, file: str, section: str | None = None, course: str | None = None
    ) -> Summary:
        """A cited summary of a document, or of the part under a heading that contains `section`.

        Who summarizes is settled as it is for an answer. Raises `IndexProblem` when there is no
        such document or section, `ModelUnavailable` as `ask` does.
        """
        from chatbot.summarizing import summarize

        record = self._find_file(file, course)
        passages = self.index.passages_of(record.id)
        if section:
            wanted = section.casefold()
            headings = dict.fromkeys(heading for p in passages for heading in p.headings)
            there_are = f"Its headings: {'; '.join(headings)}." if headings else "It has none."
            passages = [p for p in passages if any(wanted in h.casefold() for h in p.headings)]
            if not passages:
                raise IndexProblem(
                    f"{record.path} has no section whose heading contains {section!r}.", there_are
                )
        engine, notice = self.answerers.generator(self.default_options())
        summary = summarize(passages, engine, self.index.encoder)
        return replace(summary, notice=summary.notice or notice)

    def _find_file(self, file: str, course: str | None) -> FileRecord:
        """The document at the path `file`: whole, or its last parts as far as they are unique."""
        usable = [record for record in self.index.files(course) if record.status == "ok"]
        wanted = Path(file)
        matches = [r for r in usable if r.path == wanted.as_posix()] or [
            r
            for r in usable
            if f"/{r.course}/{r.path}".endswith(f"/{wanted.as_posix()}")
            or r.absolute in (wanted.absolute(), wanted.resolve())
        ]
        if not matches:
            raise IndexProblem(f"{file} is not in the index.", "See `lectern status` for what is.")
        if len(matches) > 1:
            names = ", ".join(f"{r.course}/{r.path}" for r in matches[:5])
            raise IndexProblem(f"{file} could be any of {names}.", "Say which, or give --course.")
        return matches[0]

    def _answer(
        self,
        draft: Draft,
        question: str,
        passages: Sequence[Passage],
        answerer: str,
        notice: str,
        watch: Stopwatch,
    ) -> Answer:
        abstained = not draft.text or draft.confidence < self.settings.abstain_below
        answer = Answer(
            text="" if abstained else draft.text,
            citations=() if abstained else draft.citations,
            reasoning=draft.reasoning,
            confidence=draft.confidence,
            abstained=abstained,
            nearest=self._nearest(passages, draft) if abstained else (),
            answerer=answerer,
            question=question,
            passages=tuple(passages),
            given=draft.given,
            notice=notice,
            evidence=draft.evidence,
            highlight=None if abstained else draft.highlight,
            tokens=draft.tokens,
        )
        return replace(answer, timings={**draft.timings, **watch.timings()})

    def _nearest(self, passages: Sequence[Passage], draft: Draft) -> tuple[Citation, ...]:
        """The places to look at instead: what the draft cited, then the best passages."""
        places = list(draft.citations)
        cited = {citation.chunk_id for citation in places}
        for passage in passages:
            if passage.chunk_id not in cited:
                places.append(_point_to(passage))
        return tuple(replace(place, number=n) for n, place in enumerate(places[:_NEAREST], start=1))


def open_assistant(
    index_dir: Path | None = None, settings: ChatSettings | None = None, **overrides: Any
) -> Assistant:
    """An assistant over the index in `index_dir` (default: as the settings say).

    `overrides` are settings by name. Raises `IndexProblem` when there is no index, `LecternError`
    for a setting that cannot be.
    """
    settings = (settings or ChatSettings.load()).updated(**overrides)
    return Assistant(Index(index_dir or settings.index), settings)


def _point_to(passage: Passage) -> Citation:
    """Its first whole sentence; else its first line that is no heading; else its first line."""
    spans = split_sentences(passage.text) or [(0, len(passage.text))]
    headings = {passage.title, *passage.headings}

    def worth(span: tuple[int, int]) -> int:
        text = passage.text[slice(*span)]
        if len(text.split()) < _FEWEST_WORDS or text in headings:
            return 0
        return 2 if text.endswith((".", "!", "?")) else 1

    start, end = max(spans, key=worth)
    return Citation(
        number=0,
        course=passage.course,
        file=passage.file,
        locator=passage.locator_of(start, end),
        passage=passage.text,
        sentence=passage.text[start:end],
        score=max(0.0, min(1.0, passage.scores.get("dense", 0.0))),
        chunk_id=passage.chunk_id,
    )
