"""Worked examples for one- and few-shot prompts: short passages of a course, none of a real one.

Each has a passage, a question, the reasoning from one to the other and the answer. The second asks
for a comparison, the third for what its passage does not say: without one of these in view,
FLAN-T5 answers everything.
"""

from __future__ import annotations

from dataclasses import dataclass

UNANSWERABLE = "unanswerable"


@dataclass(frozen=True)
class Exemplar:
    context: str
    question: str
    reasoning: str
    answer: str


EXEMPLARS = (
    Exemplar(
        "Gradient accumulation adds up the gradients of several small batches before the optimizer "
        "takes one step. It gives the effect of a large batch on a GPU that can hold only a small "
        "one.",
        "Why would someone accumulate gradients?",
        "Accumulation adds up the gradients of several small batches before one step. The passage "
        "says that this has the effect of a large batch where only a small one fits.",
        "to get the effect of a large batch on a GPU that can hold only a small one",
    ),
    Exemplar(
        "A tokenizer was trained on English news alone. It spends 1.3 tokens on a word of English "
        "and 2.1 tokens on a word of German.",
        "In which language does the tokenizer need more tokens for a word?",
        "It spends 1.3 tokens on a word of English and 2.1 on a word of German. 2.1 is more than "
        "1.3.",
        "German",
    ),
    Exemplar(
        "The second assignment is due on a Friday. It is handed in as a notebook with a short "
        "report.",
        "How many points is the second assignment worth?",
        "The passage says when the assignment is due and in which form. It does not say how many "
        "points it is worth.",
        UNANSWERABLE,
    ),
)
