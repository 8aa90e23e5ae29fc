"""Completions that say there is no answer."""

from __future__ import annotations

from chatbot.exemplars import UNANSWERABLE

_OPENINGS = (
    UNANSWERABLE,
    "the question is unanswerable",
    "the answer is unanswerable",
    "not answerable",
    "not enough information",
    "there is not enough information",
    "it is not possible to tell",
    "it is impossible to tell",
    "impossible to say",
    "cannot be answered",
    "this cannot be answered",
    "the question cannot be answered",
    "the passage does not say",
    "the passages do not say",
    "the context does not say",
    "the text does not say",
    "the article does not say",
    "not mentioned in the",
    "not stated in the",
    "i don't know",
    "i do not know",
)
_WHOLE = ("not mentioned", "not stated", "not given", "unknown", "no answer", "none", "n/a", "")


def is_refusal(text: str) -> bool:
    """Whether a whole answer declines to answer."""
    said = _plain(text)
    return said in _WHOLE or said.startswith(_OPENINGS)


def may_become_refusal(text: str) -> bool:
    """Whether a beginning of an answer could still turn out to decline."""
    said = _plain(text)
    return is_refusal(text) or any(known.startswith(said) for known in (*_OPENINGS, *_WHOLE))


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").casefold().split()).strip(" .!\"'()[]")
