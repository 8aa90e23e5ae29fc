"""Follow-up questions made to stand alone, by the engine where there is one, by words otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.anaphora import content_words, leans_on_history
from chatbot.answering import Turn
from chatbot.engines.base import Decoding, Engine
from chatbot.prompts import rewrite_prompt

MOST_TURNS = 3
MOST_ANSWER_WORDS = 40
"""Of an earlier answer in the prompt; its beginning says what it is about."""
SHORT_ANSWER = 6
"""Content words up to which an earlier answer names a thing that "it" may mean."""
MOST_WORDS_JOINED = 12


@dataclass(frozen=True)
class Rewrite:
    """The stand-alone question, whether it differs from the one asked, and what made it."""

    text: str
    changed: bool
    method: Literal["none", "words", "engine"]


def rewrite(question: str, history: Sequence[Turn], engine: Engine | None = None) -> Rewrite:
    """`question` as it would have been asked without the turns before it (oldest first)."""
    if not history or not leans_on_history(question):
        return Rewrite(question, False, "none")
    if engine is not None:
        text = _by_engine(question, history, engine)
        if text is not None:
            return Rewrite(text, text != question, "engine")
    text = _by_words(question, history)
    return Rewrite(text, text != question, "words")


def _by_words(question: str, history: Sequence[Turn]) -> str:
    """The question with the content words of the turn before it, itself made to stand alone."""
    asked, answered = history[-1]
    before = rewrite(asked, history[:-1]).text
    words = content_words(before)
    named = content_words(answered)
    if len(named) <= SHORT_ANSWER or not words:
        words += named
    known = {word.casefold() for word in content_words(question)}
    joined = [w for w in dict.fromkeys(words) if w.casefold() not in known][:MOST_WORDS_JOINED]
    return f"{question.strip()} ({' '.join(joined)})" if joined else question


def _by_engine(question: str, history: Sequence[Turn], engine: Engine) -> str | None:
    """The engine's rewriting, or None when it is no use or its window is too small."""
    turns = [
        (asked, " ".join(answered.split()[:MOST_ANSWER_WORDS]))
        for asked, answered in history[-MOST_TURNS:]
    ]
    while turns and engine.count_tokens(rewrite_prompt(question, turns)) > engine.window:
        turns = turns[1:]
    if not turns:
        return None
    prompt = rewrite_prompt(question, turns)
    text = engine.generate([prompt], Decoding(max_new_tokens=64))[0].strip()
    return text if _is_sound(text, question, turns) else None


def _is_sound(text: str, question: str, turns: Sequence[Turn]) -> bool:
    """Whether a rewriting keeps what was asked, adds only what was said, and stands alone."""

    def words_of(*texts: str) -> set[str]:
        return {word.casefold() for some in texts for word in content_words(some)}

    made, asked = words_of(text), words_of(question)
    said = words_of(*(part for turn in turns for part in turn))
    earlier = {before.strip().casefold() for before, _ in turns}
    return (
        bool(made - asked)
        and len(made & asked) >= 0.5 * len(asked)
        and len(made - asked - said) <= 0.2 * len(made)
        and len(text.split()) <= len(question.split()) + 25
        and text.casefold() not in earlier
        and not leans_on_history(text)
    )
