"""Greetings, thanks and goodbyes: whole messages that ask nothing of the documents.

Searched for, they would find whatever says “hello” somewhere, and be answered with it.
"""

from __future__ import annotations

import re

NAME = "small talk"
"""Stands where else the answerer's name does."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_TO_WHOM = r"(?: (?:there|again|all|everyone|everybody|lectern))?"
_PRAISE = r"(?:ok|okay|great|perfect|cool|nice|good|super|awesome|got it|i see|all right|alright)"
_HELPED = r"(?:that|this|it) (?:helps|helped|was helpful)(?: a lot)?"
_THANKS = r"(?:(?:many )?thanks|thank you|thx)(?: (?:a lot|so much|very much|again|for .*help))?"
_REPLIES = (
    (
        rf"(?:hi|hello|hey|greetings|good (?:morning|afternoon|evening)){_TO_WHOM}",
        "Hello. Ask me anything about the course documents.",
    ),
    (
        rf"(?:{_PRAISE} )?{_THANKS}{_TO_WHOM}(?: {_HELPED})?|(?:{_PRAISE} )?{_HELPED}",
        "You are welcome. Ask on whenever you like.",
    ),
    (_PRAISE, "Ask on whenever you like."),
    (
        rf"(?:{_THANKS} )?(?:and )?(?:good ?bye|bye|bye bye|see you|good night)"
        r"(?: (?:later|soon|tomorrow|then))?",
        "Goodbye.",
    ),
)


def small_talk(message: str) -> str | None:
    """What to say to `message` if it is nothing but small talk, else None."""
    words = " ".join(_WORD.findall(message.casefold()))
    for wording, reply in _REPLIES:
        if re.fullmatch(wording, words):
            return reply
    return None
