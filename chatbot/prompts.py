"""Prompts for FLAN-T5, near the templates of its own training (The Flan Collection, Longpre 2023).

* Questions: the SQuAD 2 template that asks for "unanswerable", the only refusal the model was
  taught.
* Chain of thought: the DROP template, whose targets end in "The answer is …"; `part_reasoning` and
  `ReasoningParter` cut there.
* Exemplars: the few-shot pattern `Input: … Output: …` of the same task.
* The context stands before the question, as in nearly all of these templates.

T5's tokenizer turns every run of white space into one space, so line breaks are for people who
read a prompt: what parts its pieces for the model are the words "Input:", "Question:", "Output:".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.answering import TextDelta, Turn
from chatbot.exemplars import EXEMPLARS, UNANSWERABLE
from ingestion.sentences import split_sentences


@dataclass(frozen=True)
class PromptStyle:
    """How many worked examples stand before the question, and whether reasoning comes first."""

    shots: Literal[0, 1, 3] = 0
    chain_of_thought: bool = False


def build_prompt(question: str, context_blocks: Sequence[str], style: PromptStyle) -> str:
    """The prompt that asks `question` about the blocks, in their order."""
    context = "\n\n".join(context_blocks)
    if style.shots == 0:
        if style.chain_of_thought:
            return (
                f"Answer based on context:\n\n{context}\n\n{question} "
                f'(If it cannot be answered, say "{UNANSWERABLE}")\n\nLet\'s think step by step:'
            )
        return (
            f"Read this: {context}\n\nNow answer this question, if there is an answer "
            f'(If it cannot be answered, return "{UNANSWERABLE}"): {question}'
        )
    shown = [
        _shot(
            e.context,
            e.question,
            reasoned_answer(e.reasoning, e.answer) if style.chain_of_thought else e.answer,
        )
        for e in EXEMPLARS[: style.shots]
    ]
    return "\n\n\n".join([*shown, _shot(context, question, "").rstrip()])


def _shot(context: str, question: str, output: str) -> str:
    return f"Input: Read this: {context}\nQuestion: {question}\n\nOutput: {output}"


def open_question_prompt(question: str, *, chain_of_thought: bool) -> str:
    """The prompt that asks `question`, options included, without a passage."""
    if chain_of_thought:
        return f"{question}\n\nLet's think step by step:"
    return f"Question: {question}\n\nAnswer:"


def reasoned_answer(reasoning: str, answer: str) -> str:
    """How reasoning and answer are written, so that `part_reasoning` finds them again."""
    return f"{reasoning} The answer is {answer}."


_ANSWER = re.compile(
    r"(?:\b(?:so|thus|hence|therefore)\b,?\s+)?"
    r"\b(?:the\s+(?:final\s+)?|final\s+)answer\s*(?:is\b\s*:?|:)\s*",
    re.IGNORECASE,
)
"""What the chain-of-thought targets of the training mixture put before the answer."""


class ReasoningParter:
    """Cuts a stream into reasoning and answer where the answer is announced.

    The latest sentence is held back until it is known what it is. Where none is announced, the last
    sentence is the answer.
    """

    def __init__(self) -> None:
        self._held = ""
        self._answering = False

    def feed(self, piece: str) -> Iterator[TextDelta]:
        if self._answering:
            yield TextDelta(piece)
            return
        self._held += piece
        found = _ANSWER.search(self._held)
        if found and found.end() < len(self._held):
            yield from self._cut(found.start(), found.end())
            return
        sentences = split_sentences(self._held)
        if len(sentences) > 1 and not found:
            last = sentences[-1][0]
            yield TextDelta(self._held[:last], "reasoning")
            self._held = self._held[last:]

    def finish(self) -> Iterator[TextDelta]:
        """What is still held back, as far as it says something."""
        if self._answering:
            return
        found = _ANSWER.search(self._held)
        if found:
            yield from self._cut(found.start(), found.end())
        elif self._held.strip():
            last = split_sentences(self._held)[-1][0]
            yield from self._cut(last, last)

    def _cut(self, reasoning_end: int, answer_start: int) -> Iterator[TextDelta]:
        reasoning, answer = self._held[:reasoning_end], self._held[answer_start:]
        self._answering = True
        if reasoning.strip():
            yield TextDelta(reasoning, "reasoning")
        if answer:
            yield TextDelta(answer)


def part_reasoning(text: str, style: PromptStyle) -> tuple[str, str]:
    """(reasoning, answer) of a whole completion; without chain of thought it is all answer."""
    if not style.chain_of_thought:
        return "", text.strip()
    parter = ReasoningParter()
    parts = {"reasoning": "", "answer": ""}
    for delta in (*parter.feed(text), *parter.finish()):
        parts[delta.part] += delta.text
    return parts["reasoning"].strip(), parts["answer"].strip()


def announced_answer(text: str) -> str | None:
    """What follows "the answer is", reasoning asked for or not; None where nothing announces it."""
    found = _ANSWER.search(text)
    return text[found.end() :].strip() if found else None


def dialogue_summary_prompt(dialogue: str) -> str:
    """SAMSum's template."""
    return f"Here is a dialogue:\n{dialogue}\n\nWrite a short summary!"


def document_summary_prompt(text: str) -> str:
    """Multi-News's template: an article of any length, a paragraph of summary."""
    return f"Summarize this article:\n\n{text}\n\nSummary:"


def map_summary_prompt(text: str, heading: str = "") -> str:
    """Newsroom's template: one part of a document, with its heading as the title."""
    title = f"{heading}\n\n" if heading else ""
    return f"{title}{text}\n\nWrite a one or two sentence summary."


def reduce_summary_prompt(summaries: Sequence[str]) -> str:
    """Multi-News again: the summaries of the parts, read as one article."""
    joined = "\n".join(summaries)
    return f"{joined}\n\nWhat is a one-paragraph summary of the above article?"


def rewrite_prompt(question: str, history: Sequence[Turn]) -> str:
    """Asks for `question` in words that need no conversation around it."""
    turns = "\n".join(f"Question: {asked}\nAnswer: {answered}" for asked, answered in history)
    return (
        f"{turns}\nQuestion: {question}\n\nRewrite the last question so that it can be understood "
        "without the conversation. Rewritten question:"
    )
