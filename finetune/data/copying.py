"""Two exercises in copying from a passage, made from a textbook's own sentences.

A T5 that has read little does not find an answer that stands before its eyes: it must first learn
to look for the words of a question in the passage and to write down what stands beside them. Asking
for what follows a few words teaches the copying, sentences with a gap teach the looking (compare
cloze questions for reading without annotations, Lewis et al. 2019).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from chatbot.prompts import PromptStyle, build_prompt
from evaluation.jsonl import read_objects
from finetune.data.example import Example, fingerprint
from finetune.data.lines import text_of
from ingestion.sentences import split_sentences
from ingestion.words import STOP_WORDS

_SEED = 0
_PASSAGES = 4
"""Of a section, at most."""
_WORDS = (40, 120)
"""Of a passage: the least, and a limit drawn from this range."""
_PARAGRAPH = 60
"""Characters; what is shorter is a heading or a label."""
_LEAST = 8
"""Words of a sentence that something is asked about."""
_LOST = 0.1
"""Part of the words beside a gap that is left out: questions are not in the passage's words."""


def read_recall(path: Path) -> list[Example]:
    """What follows two to four words of a passage (`modules.jsonl…` of OpenStax): up to 20 more."""
    chance = random.Random(_SEED)
    examples = []
    for passage, sentences in _passages(path, chance):
        words = chance.choice(sentences).split()
        count = chance.randint(2, 4)
        start = chance.randrange(len(words) - count - 3)
        anchor, rest = words[start : start + count], words[start + count :]
        target = " ".join(rest[: chance.randint(4, 20)])
        prompt = f"Read this: {passage}\n\nWhat follows “{' '.join(anchor)}”?"
        examples.append(Example(prompt, target, "recall", fingerprint(passage)))
    return examples


def read_cloze(path: Path) -> list[Example]:
    """One to four words of a sentence asked for, as the chatbot asks a question (the same file)."""
    chance = random.Random(_SEED)
    examples = []
    for passage, sentences in _passages(path, chance):
        found = _gap(chance.choice(sentences).split(), chance)
        if found:
            question, answer = found
            prompt = build_prompt(question, [passage], PromptStyle())
            examples.append(Example(prompt, answer, "cloze", fingerprint(passage)))
    return examples


def _passages(path: Path, chance: random.Random) -> Iterator[tuple[str, list[str]]]:
    """(some sentences of a paragraph, those of them that are long enough to be asked about)."""
    for number, section in read_objects(path):
        blocks = text_of(path, number, section, "text", blank=True).split("\n\n")
        paragraphs = [" ".join(block.split()) for block in blocks if block[:1] != "#"]
        paragraphs = [paragraph for paragraph in paragraphs if len(paragraph) >= _PARAGRAPH]
        for paragraph in chance.sample(paragraphs, min(_PASSAGES, len(paragraphs))):
            sentences = [paragraph[a:b].strip() for a, b in split_sentences(paragraph)]
            taken, words, limit = [], 0, chance.randint(*_WORDS)
            for sentence in sentences[chance.randrange(len(sentences)) :]:
                words += len(sentence.split())
                if words > limit:
                    break
                taken.append(sentence)
            long = [sentence for sentence in taken if len(sentence.split()) >= _LEAST]
            if long:
                yield " ".join(taken), long


def _gap(words: list[str], chance: random.Random) -> tuple[str, str] | None:
    """(question with “what” for some words, these words); None where no gap is worth asking for."""
    width = chance.choice((1, 1, 2, 2, 3, 4))
    starts = [
        start
        for start in range(len(words) - width + 1)
        if _tells(words[start]) and _tells(words[start + width - 1])
    ]
    if not starts:
        return None
    start = chance.choice(starts)
    answer = " ".join(words[start : start + width]).strip('.,;:()"')
    before = words[max(0, start - chance.randint(4, 10)) : start]
    after = words[start + width : start + width + chance.randint(3, 9)]
    left, right = ([w for w in side if chance.random() >= _LOST] for side in (before, after))
    question = " ".join([*left, "what", *right]).rstrip(".,;:?") + "?"
    return (question[0].upper() + question[1:], answer) if answer else None


def _tells(word: str) -> bool:
    bare = word.strip('.,;:()"').casefold()
    return bool(bare) and bare not in STOP_WORDS
