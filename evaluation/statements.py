"""A short answer as the statement it makes together with its question.

"Normandy" claims nothing that could be supported; "in Normandy did the Normans settle" does. The
question word, with what it asks for, gives way to the answer (a rough form of question-to-statement
conversion, Demszky et al. 2018). The order of words stays the question's: what reads the statement
looks at words and at an embedding, not at grammar.
"""

from __future__ import annotations

import re

_QUESTION_WORD = re.compile(
    r"\b(?P<word>what|which|whose|whom|who|when|where|why|how(?:\s+(?P<amount>many|much))?)\b",
    re.IGNORECASE,
)
_AUXILIARIES = (
    "is are was were be been do does did has have had can could will would shall should may might "
    "must"
)
_TO_AUXILIARY = re.compile(
    rf"^(?P<asked>(?:\s+[\w'’-]+){{0,4}}?)\s+(?P<auxiliary>{'|'.join(_AUXILIARIES.split())})\b",
    re.IGNORECASE,
)
_EMPTY = frozenset(("do", "does", "did"))
_AFFIRMS = frozenset(("yes", "true"))


def statement(question: str, answer: str) -> str:
    """The answer in place of what the question asks for; where nothing is asked for, after it.

    An affirmed question is its own statement.
    """
    asked = question.strip().rstrip("?").strip()
    said = answer.strip().rstrip(".").strip()
    if said.lower() in _AFFIRMS:
        return asked
    found = _QUESTION_WORD.search(asked)
    if found is None:
        return f"{asked}: {said}"
    before, after = asked[: found.start()], asked[found.end() :]
    named = _TO_AUXILIARY.match(after)
    if named and named["auxiliary"].lower() in _EMPTY:
        after = named["asked"] + after[named.end() :]
    if named and found["amount"] is None:
        # "What country is …": the answer stands for the country; "how many heads" keeps its heads.
        after = after.removeprefix(named["asked"])
    return " ".join(f"{before}{said}{after}".split())
