"""Fill the generator's window with the sentences that matter, measured by its own tokenizer.

Whole chunks waste a window of 512 tokens on sentences beside the point. Here every sentence of
every passage competes; those that win stand in document order within their passage, best passages
first, and stay traceable to their characters.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatbot.engines.base import Engine
from chatbot.prompts import PromptStyle, build_prompt
from ingestion.encoders.base import Encoder
from ingestion.errors import LecternError
from ingestion.passage import Passage
from ingestion.sentences import split_sentences
from ingestion.words import Stemmed

Scorer = Callable[[str, Sequence[str]], Sequence[float]]
"""(question, sentences) → relevance of each, on any one scale."""

Offsets = tuple[int, int]

PASSAGE_PRIOR = 0.5
"""Head start of the best passage's sentences, on relevance in [0, 1]; half for the second…"""
NEIGHBOUR_SHARE = 0.25
"""What a sentence gains from the relevance of the one beside it: "It" needs the sentence before."""
MOST_SKIPS = 4
"""Sentences too long for what is left that are passed over in favour of shorter, less relevant
ones."""


@dataclass(frozen=True)
class Kept:
    """The sentences of one passage that are in the prompt: offsets into its text, in order."""

    passage: int
    sentences: tuple[Offsets, ...]


@dataclass(frozen=True)
class Packed:
    """A prompt of at most the window's tokens, and what stands in it, best passage first."""

    prompt: str
    used: tuple[Kept, ...]
    blocks: tuple[str, ...]
    tokens: int


@dataclass(frozen=True)
class _Sentence:
    passage: int
    start: int
    end: int


def pack(
    question: str,
    passages: Sequence[Passage],
    engine: Engine,
    style: PromptStyle,
    window: int | None = None,
    scorer: Scorer | None = None,
) -> Packed:
    """The prompt for `question` with as many relevant sentences as `window` (the engine's) holds.

    Without a `scorer`, relevance is the idf-weighted share of the question's words in a sentence.
    Raises `LecternError` when the question alone is too long.
    """
    room = min(window or engine.window, engine.window)

    def packed(chosen: Sequence[_Sentence]) -> Packed:
        used = _group(chosen)
        blocks = _blocks(passages, used)
        prompt = build_prompt(question, blocks, style)
        return Packed(prompt, used, tuple(blocks), engine.count_tokens(prompt))

    def fits(chosen: Sequence[_Sentence]) -> bool:
        return packed(chosen).tokens <= room

    if not fits([]):
        raise LecternError(
            f"The question does not fit into the generator's window of {room} tokens.",
            "Ask a shorter question, use fewer shots, or set a larger window.",
        )
    ranked = _ranked(question, passages, scorer or word_overlap)
    chosen: list[_Sentence] = []
    rest = ranked
    for _ in range(MOST_SKIPS + 1):
        count = _most_that_fit(chosen, rest, fits)
        chosen = [*chosen, *rest[:count]]
        rest = rest[count + 1 :]
        if not rest:
            break
    if not chosen and ranked:
        chosen = _beginning_of(ranked[0], passages, fits)
    return packed(chosen)


def word_overlap(question: str, sentences: Sequence[str]) -> list[float]:
    """Share of the question's stems in each sentence, each weighted by its rarity among them."""
    stemmed = Stemmed()
    asked = set(stemmed.of(question))
    words = [set(stemmed.of(sentence)) for sentence in sentences]
    holding = Counter(stem for some in words for stem in some)
    weight = {stem: math.log(1 + len(words) / (1 + holding[stem])) for stem in asked}
    total = sum(weight.values()) or 1.0
    return [sum(weight[stem] for stem in asked & some) / total for some in words]


def relevance_by(encoder: Encoder) -> Scorer:
    """Word overlap and cosine in equal parts."""

    def score(question: str, sentences: Sequence[str]) -> list[float]:
        vectors = encoder.encode([question, *sentences])
        cosines = vectors[1:] @ vectors[0]
        words = word_overlap(question, sentences)
        return [0.5 * w + 0.5 * float(c) for w, c in zip(words, cosines, strict=True)]

    return score


def _ranked(question: str, passages: Sequence[Passage], scorer: Scorer) -> list[_Sentence]:
    """All sentences, most relevant first."""
    sentences = [
        _Sentence(index, start, end)
        for index, passage in enumerate(passages)
        for start, end in split_sentences(passage.text)
    ]
    if not sentences:
        return []
    texts = [passages[s.passage].text[s.start : s.end] for s in sentences]
    raw = [float(score) for score in scorer(question, texts)]
    low, span = min(raw), (max(raw) - min(raw)) or 1.0
    scaled = [(score - low) / span for score in raw]
    value = []
    for i, sentence in enumerate(sentences):
        beside = [
            scaled[j]
            for j in (i - 1, i + 1)
            if 0 <= j < len(sentences) and sentences[j].passage == sentence.passage
        ]
        prior = PASSAGE_PRIOR / (1 + sentence.passage)
        value.append(scaled[i] + NEIGHBOUR_SHARE * max(beside, default=0.0) + prior)
    order = sorted(range(len(sentences)), key=lambda i: -value[i])
    # Neighbouring passages and slides repeat sentences: each is worth its tokens once.
    once: dict[str, _Sentence] = {}
    for i in order:
        once.setdefault(texts[i].casefold(), sentences[i])
    return list(once.values())


def _most_that_fit(
    chosen: Sequence[_Sentence],
    more: Sequence[_Sentence],
    fits: Callable[[Sequence[_Sentence]], bool],
) -> int:
    """The largest n for which `chosen` and the first n of `more` fit.

    By bisection, because each look asks a tokenizer that may be on another machine.
    """
    low, high = 0, len(more)
    while low < high:
        middle = (low + high + 1) // 2
        if fits([*chosen, *more[:middle]]):
            low = middle
        else:
            high = middle - 1
    return low


def _beginning_of(
    sentence: _Sentence,
    passages: Sequence[Passage],
    fits: Callable[[Sequence[_Sentence]], bool],
) -> list[_Sentence]:
    """As many words of a sentence longer than the window as fit (text without punctuation)."""
    text = passages[sentence.passage].text
    spaces = [i for i in range(sentence.start, sentence.end) if text[i].isspace()]
    cuts = [_Sentence(sentence.passage, sentence.start, end) for end in spaces]
    low, high = 0, len(cuts)
    while low < high:
        middle = (low + high + 1) // 2
        if fits([cuts[middle - 1]]):
            low = middle
        else:
            high = middle - 1
    return [cuts[low - 1]] if low else []


def _group(chosen: Sequence[_Sentence]) -> tuple[Kept, ...]:
    by_passage: dict[int, list[Offsets]] = {}
    for sentence in sorted(chosen, key=lambda s: (s.passage, s.start)):
        by_passage.setdefault(sentence.passage, []).append((sentence.start, sentence.end))
    return tuple(Kept(index, tuple(offsets)) for index, offsets in by_passage.items())


def _blocks(passages: Sequence[Passage], used: Sequence[Kept]) -> list[str]:
    """The context of the prompt: one block a passage, under its innermost heading."""
    blocks = []
    for kept in used:
        passage = passages[kept.passage]
        text = " ".join(passage.text[start:end] for start, end in kept.sentences)
        heading = passage.headings[-1] if passage.headings else ""
        named = heading and heading.casefold() not in text.casefold()
        blocks.append(f"{heading}: {text}" if named else text)
    return blocks
