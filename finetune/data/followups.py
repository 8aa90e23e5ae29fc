"""Follow-up questions to be rewritten so that they stand alone.

No public set of conversations lies at hand whose licence lets weights be shipped. So the turns are
made from QED (Lamm et al. 2021), whose annotators marked in each question the words that name what
its paragraph is about: a first turn asks about that thing, the follow-up says "it" in its place,
and the target is the question as a person typed it.
"""

from __future__ import annotations

from pathlib import Path

from chatbot.prompts import rewrite_prompt
from evaluation.jsonl import read_objects
from evaluation.reading.tokenized import detokenize
from finetune.data.example import Example, fingerprint
from finetune.data.lines import line_of, text_of
from ingestion.sentences import split_sentences

_LEAST_LETTERS = 3
_MOST_ANSWER_WORDS = 40
_FIRST = ("What is {}?", "Tell me about {}.", "What do the documents say about {}?")


def read_qed_followups(path: Path) -> list[Example]:
    """One follow-up for each annotated entity that ends or stands inside a question."""
    examples: list[Example] = []
    for number, row in read_objects(path):
        question = text_of(path, number, row, "question_text").strip()
        shown = detokenize(text_of(path, number, row, "paragraph_text"), hyphens=True)
        sentences = [shown[start:end] for start, end in split_sentences(shown)]
        with line_of(path, number, "an annotated row of QED"):
            spans = [mark["question_entity_span"] for mark in row["annotation"]]
            entities = [(int(start), int(end)) for start, end in spans]
        for start, end in entities:
            name = question[start:end]
            answer = next((one for one in sentences if name.casefold() in one.casefold()), None)
            if len(name) < _LEAST_LETTERS or answer is None or len(name) >= len(question) - 8:
                continue
            first = _FIRST[len(examples) % len(_FIRST)].format(name)
            said = " ".join(answer.split()[:_MOST_ANSWER_WORDS])
            followup = question[:start] + _pronoun(name, question[:start]) + question[end:]
            prompt = rewrite_prompt(_asked(followup), [(first, said)])
            group = fingerprint(shown)
            examples.append(Example(prompt, _asked(question), "follow-up", group))
    return examples


def _pronoun(name: str, before: str) -> str:
    """ "It", or "they" for what looks like several."""
    several = name.split()[-1].casefold().endswith("s") and not name.casefold().endswith("ss")
    if not several:
        return "it"
    return "they" if not before.strip() else "them"


def _asked(question: str) -> str:
    text = detokenize(question, hyphens=True).rstrip("?").rstrip() + "?"
    return text[0].upper() + text[1:]
