"""What the wording of a unit says about it as an answer, beyond being near the question.

Small corrections to its score: a definition answers "What is X?"; a sentence that only points
elsewhere ("you can read more in…"), a line of code, a bare heading or the labels of a figure answer
nothing.
"""

from __future__ import annotations

import re

DEFINES, POINTS, CODE, HEADING, LABELS = 0.10, -0.15, -0.15, -0.20, -0.12

_WHAT_IS = re.compile(
    r"^(?:what(?:'s| is| are| does)|define|explain)\s+(?:an?\s+|the\s+)?(?P<term>[^?]+?)"
    r"(?:\s+(?:mean|stand for|do))?\s*\??$",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r"\b(?:read more|learn more|see also|refer to|check out|have a look|take a look|click|"
    r"in this (?:section|chapter|video|unit|lesson|notebook|module|course)|"
    r"this (?:section|chapter|video|unit|lesson|module) |"
    r"we (?:will|'ll|are going to) (?:see|look|learn|discuss|explore|cover|dive)|"
    r"let's (?:see|look|take|start|now|dive|explore)|let us (?:see|look|now)|"
    r"for more (?:information|details)|as follows:?$|the following:?$)",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"^(?:from\s+\S+\s+import\b|import\s+\w|def\s+\w+\(|class\s+\w+[(:]|for\s+\w+ in .*:$|"
    r"return\b.*[(\[]|[$>%!#]{1,3}\s|\w+(?:\.\w+)*\s*=\s*\S|\w+(?:\.\w+)+\()|[{};]\s*$|\)\s*$.*="
)


def cue(question: str, text: str, heading: str) -> float:
    """What to add to the score of a unit `text` under `heading` as an answer to `question`."""
    correction = 0.0
    if _POINTER.search(text):
        correction += POINTS
    if _CODE.search(text.strip()):
        correction += CODE
    if heading and _bare(text) == _bare(heading):
        correction += HEADING
    elif _only_labels(text):
        correction += LABELS
    elif _defines(question, text):
        correction += DEFINES
    return correction


def _only_labels(text: str) -> bool:
    """Whether the lines are too short to say anything, and hold no number or "term: meaning"."""
    lines = text.splitlines()
    words = len(text.split())
    return words < 4 * len(lines) + 2 and not re.search(r"\d|:|=", text)


def _defines(question: str, text: str) -> bool:
    """Whether the text says what the term of a "What is X?" is."""
    asked = _WHAT_IS.match(question.strip())
    if not asked:
        return False
    term = r"\s+".join(re.escape(word) for word in asked["term"].split())
    # "LoRA (Low-Rank Adaptation) is a…", "Top-k: select…", "A token means…"
    definition = (
        rf"^(?:an?\s+|the\s+)?[\"'“*]*{term}[\"'”*]*(?:\s+\([^)]*\)|,[^,]+,)?"
        r"\s*(?:is|are|means?|refers? to|stands? for|consists? of|describes?|:|–|—)"
    )
    return re.search(definition, text.strip(), re.IGNORECASE) is not None


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
