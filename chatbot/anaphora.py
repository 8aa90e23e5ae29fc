"""Whether a question leans on the turn before it.

Word lists and a few patterns, no model: pronouns, openings such as "what about", comparisons with
something unsaid, and fragments without a verb.
"""

from __future__ import annotations

import re

_LIST = """
    a about after again against all also am an and another any are as at be because been before
    being between both but by can could did do does doing each else ever every few for from get
    give had has have he her hers him his how i if in instead into is it its itself just kind like
    make many me mean meant means more most much my no nor not of off on one ones only or other our
    out over own please same say she should show so some such tell than that the their theirs them
    then there these they this those through to too under until up us use used uses using very was
    way we were what when where which while who whom whose why will with without would yes you your
    define describe detail details difference example examples explain list mention question answer
    first second third last next previous former latter
"""
STOP_WORDS = frozenset(_LIST.split())
"""Words that say nothing about the topic of a question to a course."""

_WORD = re.compile(r"\w+(?:[-'’.]\w+)*")

_PRONOUN = re.compile(
    r"\b(?:its|itself|they|them|their|theirs|he|him|his|she|her|hers)\b"
    # "it", but not the "it" of "is it possible to", "what does it mean to", "it takes".
    r"|\bit\b(?!\s+(?:possible|true|necessary|important|better|worth|take|mean\s+to|makes?\s+sense))"
    r"|\b(?:these|those)\b"
    r"|\bthis\b(?!\s+(?:course|class|lecture|week|lesson|module|chapter|slide|deck)\b)"
    # "that" as a pronoun, not as "the layer that …" or "says that …".
    r"|\b(?:about|of|for|do|does|did|is|was|with|than|from|like|to|why|how|by)\s+that\b"
    r"|\bthat\s*[?.!]*$",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\bthe\s+(?:former|latter|other|others|same|first|second|third|last|next|previous)\b"
    r"(?:\s+(?:ones?|two|three)\b|\s*[?.!]*$|\s+(?:is|are|was|do|does|and|or|in|of\s+them)\b)"
    r"|\b(?:which|what)\s+(?:one|ones|of)\b"
    r"|\b(?:instead|else|as\s+well|too|otherwise|above|mentioned)\b\s*[?.!]*$"
    r"|\b(?:which|what)\s+is\s+(?:\w+er|more\s+\w+|less\s+\w+|best|worse|worst)\s*[?.!]*$"
    r"|\banother\s+(?:example|one|way)\b|\bmore\s+(?:details?|examples?|about)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:and|but|so|or|then|also|what\s+about|how\s+about|what\s+if|what\s+else|how\s+so|why\s+not"
    r"|how\s+come|for\s+example|for\s+instance|such\s+as|like\s+what|go\s+on|tell\s+me\s+more"
    r"|any\s+(?:others?|more)|anything\s+else|compared\s+(?:to|with)|in\s+contrast)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r",|\b(?:and|but|when|if|because|before|after|while|so)\b", re.IGNORECASE)
_OF_A_SUBJECT = frozenset(
    ("its", "itself", "their", "theirs", "they", "his", "he", "her", "hers", "she")
)
_NAME = re.compile(r"\s[A-Z]\w+")
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|do|does|did|has|have|had|can|could|will|would|should|must|may|might"
    r"|define|describe|explain|list|compare|summarize|summarise|give|name|show|discuss)\b"
    # "works" and "learned" may be verbs, unless the question ends with them ("How many layers?").
    r"|\b\w{3,}(?:s|ed)\b(?!\s*\?)",
    re.IGNORECASE,
)


def content_words(text: str) -> list[str]:
    """The words that carry the topic, in order, as written, each once."""
    seen: dict[str, str] = {}
    for word in _WORD.findall(text):
        if word.casefold() not in STOP_WORDS and not (len(word) == 1 and word.islower()):
            seen.setdefault(word.casefold(), word)
    return list(seen.values())


def leans_on_history(question: str) -> bool:
    """Whether the question cannot be understood, or searched for, alone."""
    asked = question.strip()
    if _OPENING.search(asked) or _POINTS_BACK.search(asked):
        return True
    if any(not _has_antecedent(found) for found in _PRONOUN.finditer(asked)):
        return True
    words = _WORD.findall(asked)
    if not content_words(asked):
        return True
    # "How many layers?", "And with dropout?": a fragment borrows its verb from the turn before.
    return asked.endswith("?") and 1 < len(words) <= 4 and not _VERB.search(asked)


def _has_antecedent(pronoun: re.Match[str]) -> bool:
    """Whether a pronoun has its noun in the same question: a name before it, an earlier clause."""
    before = pronoun.string[: pronoun.start()]
    # "How did the Huguenots change their beliefs?", but not "How does BERT differ from it?".
    if pronoun.group().casefold() in _OF_A_SUBJECT and _NAME.search(before):
        return True
    boundary = _CLAUSE.search(before)
    return boundary is not None and len(content_words(before[: boundary.start()])) >= 1
