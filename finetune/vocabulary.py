"""A vocabulary of our own: a Unigram model (Kudo 2018) that transformers reads as T5's.

    0 <pad>   1 </s>   2 <unk>   3 … pieces …   then <extra_id_99> … <extra_id_0>

The size counts everything, sentinels included. Text is normalized as T5's is (NFKC, every run of
white space one space), so the chatbot's prompts need nothing of their own. Digits are single
pieces. A character that the training text has too rarely is unknown: T5's tokenizer in transformers
knows no byte fallback.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from transformers import T5Tokenizer

from finetune.errors import TrainingError
from finetune.pretraining.span_corruption import SENTINELS

SMALLEST = 300
"""Sentinels, marks and the characters of English leave nothing for pieces below this."""

_LONGEST_LINE = 2000
_COVERAGE = 0.9999
"""Share of the text's characters that must be pieces."""


def train_vocabulary(
    documents: Iterable[str], size: int, *, characters: int = 40_000_000, seed: int = 0
) -> T5Tokenizer:
    """A tokenizer of `size` pieces from about `characters` of the documents.

    Where there is more text than `characters`, lines are sampled, the same ones for the same seed.
    Raises `TrainingError` where the text is too little for so many pieces.
    """
    if size < SMALLEST:
        raise ValueError(f"a vocabulary of {size} is smaller than {SMALLEST}")
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(_sampled(documents, characters, seed)),
            model_writer=model,
            model_type="unigram",
            vocab_size=size - SENTINELS,
            character_coverage=_COVERAGE,
            split_digits=True,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            num_threads=2,
            shuffle_input_sentence=False,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise TrainingError(
            f"No vocabulary of {size} pieces can be made of this text ({error}).",
            "Give more text, or a smaller --size.",
        ) from error
    return as_t5(model.getvalue())


def as_t5(model: bytes) -> T5Tokenizer:
    """The T5 tokenizer over a serialized SentencePiece model, sentinels put after its pieces."""
    # The class is made when the module is imported.
    read = sentencepiece_model_pb2.ModelProto.FromString(model)  # type: ignore[attr-defined]
    pieces = [(piece.piece, piece.score) for piece in read.pieces]
    pieces += [(f"<extra_id_{number}>", 0.0) for number in reversed(range(SENTINELS))]
    return T5Tokenizer(
        vocab=pieces,
        extra_ids=SENTINELS,
        _spm_precompiled_charsmap=read.normalizer_spec.precompiled_charsmap,
    )


def save_vocabulary(tokenizer: Any, folder: Path) -> Path:
    """Write the tokenizer as transformers reads it back. `tokenizer.json` comes last, and whole: a
    folder that has it has a vocabulary.
    """
    beside = folder / ".vocabulary.part"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    tokenizer.save_pretrained(beside)
    for file in sorted(beside.iterdir(), key=lambda file: file.name == "tokenizer.json"):
        file.replace(folder / file.name)
    beside.rmdir()
    return folder


def coverage(tokenizer: Any, documents: Iterable[str]) -> dict[str, float]:
    """`tokens_per_word`, `characters_per_token` and the `unknown` share of tokens on some text."""
    words = characters = tokens = unknown = 0
    for document in documents:
        ids = np.asarray(tokenizer(document, add_special_tokens=False, verbose=False).input_ids)
        words += len(document.split())
        characters += len(document)
        tokens += len(ids)
        unknown += int((ids == tokenizer.unk_token_id).sum())
    return {
        "tokens_per_word": tokens / max(words, 1),
        "characters_per_token": characters / max(tokens, 1),
        "unknown": unknown / max(tokens, 1),
    }


def _sampled(documents: Iterable[str], characters: int, seed: int) -> list[str]:
    """Lines of the documents, in their order; about `characters` in all."""
    lines = [line for document in documents for line in _lines(document)]
    total = sum(map(len, lines))
    if total <= characters:
        return lines
    kept = np.random.default_rng([seed, 3]).random(len(lines)) < characters / total
    return [line for line, taken in zip(lines, kept, strict=True) if taken]


def _lines(document: str) -> Iterator[str]:
    """SentencePiece passes over lines that are too long for it: they are cut at a space."""
    for line in document.splitlines():
        text = line.strip()
        while len(text) > _LONGEST_LINE:
            cut = text.rfind(" ", 0, _LONGEST_LINE)
            cut = cut if cut > 0 else _LONGEST_LINE
            yield text[:cut]
            text = text[cut:].strip()
        if text:
            yield text
