"""Summaries of a file or section, every sentence cited.

With an engine by map and reduce: each part that fits its window is summarized, then the summaries;
sentences that no passage supports are dropped. Without one, the text's own most central sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from chatbot.answering import Citation
from chatbot.attribution import attribute
from chatbot.centrality import choose
from chatbot.engines.base import Decoding, Engine
from chatbot.prompts import document_summary_prompt, map_summary_prompt, reduce_summary_prompt
from ingestion.encoders.base import Encoder
from ingestion.errors import LecternError
from ingestion.passage import Passage
from ingestion.sentences import sentences, split_sentences

MOST_SENTENCES = 1000
"""Embedded for an extractive summary; of longer texts every second, third… sentence."""
FEWEST_WORDS, LONGEST_WORDS = 5, 60
LEAST_LETTERS = 0.75
"""Share of letters under which a line is a formula, a table row or code."""

EXTRACTIVE = "extractive"
_ENDS = re.compile(r"[.!?…:;][\"'”’)\]]*$")


@dataclass(frozen=True)
class SectionSummary:
    """What the summary, or the map step, says of one part of the text."""

    heading: str
    text: str


@dataclass(frozen=True)
class Summary:
    """A summary whose sentences are cited; `engine` is a model's name or `extractive`."""

    text: str
    citations: tuple[Citation, ...]
    engine: str
    sections: tuple[SectionSummary, ...] = ()
    notice: str = ""
    """A fallback the reader should know of, in one plain line."""

    def as_json(self) -> dict[str, Any]:
        return {
            "summary": self.text,
            "citations": [citation.as_json() for citation in self.citations],
            "engine": self.engine,
            "sections": [{"heading": s.heading, "text": s.text} for s in self.sections],
            "notice": self.notice,
        }


@dataclass(frozen=True)
class _Part:
    heading: str
    text: str


@dataclass(frozen=True)
class _Sentence:
    passage: Passage
    start: int
    end: int
    section: int

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]


def summarize(
    passages: Sequence[Passage],
    engine: Engine | None,
    encoder: Encoder,
    *,
    max_words: int = 150,
    decoding: Decoding | None = None,
    template: Callable[[str], str] = document_summary_prompt,
    as_written: bool = False,
) -> Summary:
    """The passages of a file or section, in document order, in at most `max_words` words.

    `template` is the prompt for a text that fits the engine's window whole. `as_written` gives what
    the engine wrote, uncited: unsupported sentences stay and nothing is cut, as when a model is
    measured. Raises `LecternError` when there is nothing to summarize.
    """
    if not any(passage.text.strip() for passage in passages):
        raise LecternError("There is no text to summarize.", "Choose a file that was ingested.")
    if engine is None:
        return _extractive(passages, encoder, max_words)
    drawn = decoding or Decoding(max_new_tokens=min(1024, 2 * max_words))
    text, sections = _map_reduce(passages, engine, drawn, template)
    if as_written:
        return Summary(text, (), engine.name, sections)
    citations = attribute(text, passages, encoder)
    supported = {citation.answer_sentence for citation in citations}
    kept = _within([s for s in sentences(text) if s in supported], max_words)
    if not kept:
        plain = _extractive(passages, encoder, max_words)
        notice = (
            f"Nothing that {engine.name} wrote is supported by the text: these are its sentences."
        )
        return Summary(plain.text, plain.citations, plain.engine, plain.sections, notice)
    return Summary(
        " ".join(kept),
        tuple(citation for citation in citations if citation.answer_sentence in kept),
        engine.name,
        sections,
    )


def _within(chosen: Sequence[str], max_words: int) -> list[str]:
    """The first sentences that together have at most `max_words` words, at least one."""
    kept: list[str] = []
    for sentence in chosen:
        if kept and sum(len(s.split()) for s in (*kept, sentence)) > max_words:
            break
        kept.append(sentence)
    return kept


def _map_reduce(
    passages: Sequence[Passage],
    engine: Engine,
    decoding: Decoding,
    template: Callable[[str], str],
) -> tuple[str, tuple[SectionSummary, ...]]:
    whole = "\n".join(passage.text for passage in passages)
    if engine.count_tokens(template(whole)) <= engine.window:
        return engine.generate([template(whole)], decoding)[0].strip(), ()
    parts = _parts(passages, engine)
    brief = decoding.model_copy(update={"max_new_tokens": min(96, decoding.max_new_tokens)})
    prompts = [map_summary_prompt(part.text, part.heading) for part in parts]
    summaries = [text.strip() for text in engine.generate(prompts, brief)]
    sections = tuple(
        SectionSummary(part.heading, text)
        for part, text in zip(parts, summaries, strict=True)
        if text
    )
    return _reduce([s.text for s in sections], engine, decoding), sections


def _reduce(summaries: list[str], engine: Engine, decoding: Decoding) -> str:
    """One summary of the summaries, in as many rounds as the window asks for."""
    while len(summaries) > 1:
        groups = _fill(summaries, reduce_summary_prompt, engine)
        if len(groups) == len(summaries):
            # Not even two fit together: nothing is gained by another round.
            return " ".join(summaries)
        prompts = [reduce_summary_prompt(group) for group in groups]
        summaries = [text.strip() for text in engine.generate(prompts, decoding)]
    return summaries[0] if summaries else ""


def _parts(passages: Sequence[Passage], engine: Engine) -> list[_Part]:
    """The text in document order, in pieces whose prompt fits the window, none across a section."""
    parts = []
    for heading, group in groupby(passages, key=_heading):
        lines = [line for passage in group for line in sentences(passage.text)]

        def prompt(some: Sequence[str], heading: str = heading) -> str:
            return map_summary_prompt("\n".join(some), heading)

        for some in _fill(lines, prompt, engine):
            parts.append(_Part(heading, "\n".join(some)))
    return parts


def _heading(passage: Passage) -> str:
    return passage.headings[-1] if passage.headings else ""


def _fill(
    texts: Sequence[str], prompt: Callable[[Sequence[str]], str], engine: Engine
) -> list[list[str]]:
    """The texts in consecutive groups, each as large as its prompt may be; one too long is cut."""

    def fits(some: Sequence[str]) -> bool:
        return engine.count_tokens(prompt(some)) <= engine.window

    groups: list[list[str]] = []
    rest = list(texts)
    while rest:
        low, high = 0, 1
        while high < len(rest) and fits(rest[:high]):
            low, high = high, min(2 * high, len(rest))
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(rest[:middle]) else (low, middle - 1)
        if low:
            groups.append(rest[:low])
            rest = rest[low:]
            continue
        words = rest[0].split()
        half = len(words) // 2
        # No prompt can be made of a single word too many.
        rest[:1] = [" ".join(words[:half]), " ".join(words[half:])] if half else []
    return groups


def _extractive(passages: Sequence[Passage], encoder: Encoder, max_words: int) -> Summary:
    pool = _worthwhile(_sentences(passages))
    pool = pool[:: -(-len(pool) // MOST_SENTENCES)]
    texts = [sentence.text for sentence in pool]
    lengths = [len(text.split()) for text in texts]
    chosen = choose(
        encoder.encode(texts), lengths, [s.section for s in pool], max(max_words, min(lengths))
    )
    citations = tuple(
        _quotation(number, pool[index]) for number, index in enumerate(chosen, start=1)
    )
    grouped = groupby(
        zip(chosen, citations, strict=True), key=lambda pair: _heading(pool[pair[0]].passage)
    )
    sections = tuple(
        SectionSummary(heading, " ".join(citation.answer_sentence for _, citation in group))
        for heading, group in grouped
    )
    text = " ".join(citation.answer_sentence for citation in citations)
    return Summary(text, citations, EXTRACTIVE, sections)


def _sentences(passages: Sequence[Passage]) -> list[_Sentence]:
    """All sentences, each once, with the number of its section."""
    numbers: dict[str, int] = {}
    seen: set[str] = set()
    found = []
    for passage in passages:
        section = numbers.setdefault(_heading(passage), len(numbers))
        for start, end in split_sentences(passage.text):
            plain = passage.text[start:end].casefold()
            if plain not in seen:
                seen.add(plain)
                found.append(_Sentence(passage, start, end, section))
    return found


def _worthwhile(pool: list[_Sentence]) -> list[_Sentence]:
    """The sentences of prose; all of them where there are none."""

    def is_prose(text: str) -> bool:
        marks = text.replace(" ", "")
        return (
            FEWEST_WORDS <= len(text.split()) <= LONGEST_WORDS
            and sum(map(str.isalpha, marks)) >= LEAST_LETTERS * len(marks)
            and " | " not in text
            # A question, an announcement, the end of a sentence broken by a figure.
            and not text.endswith(("?", ":"))
            and not text[0].islower()
        )

    return [sentence for sentence in pool if is_prose(sentence.text)] or pool


def _quotation(number: int, sentence: _Sentence) -> Citation:
    """A sentence of the document as a sentence of the summary: its own support."""
    passage, text = sentence.passage, sentence.text
    return Citation(
        number=number,
        course=passage.course,
        file=passage.file,
        locator=passage.locator_of(sentence.start, sentence.end),
        passage=passage.text,
        sentence=text,
        score=1.0,
        # A line of a slide ends without a full stop and would run into the next.
        answer_sentence=text if _ENDS.search(text) else f"{text}.",
        chunk_id=passage.chunk_id,
    )
