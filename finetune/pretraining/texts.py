"""The text of a run on disk, encoded once: what is learned from, and what is held to measure on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoTokenizer

from evaluation.jsonl import sha256_of
from finetune.pretraining.corpus import Corpus, Text, is_held
from finetune.pretraining.token_file import Tokens, is_whole, read_tokens, write_tokens
from finetune.pretraining.windows import TextSource
from ingestion.errors import LecternError


def read_vocabulary(folder: Path) -> Any:
    """The tokenizer in a folder. Raises `LecternError` where there is none with T5's sentinels."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise LecternError(
            f"{folder} has no tokenizer ({error}).",
            "Make one: lectern train vocabulary --out DIR.",
        ) from error
    sentinel = tokenizer.convert_tokens_to_ids("<extra_id_0>")
    if sentinel == tokenizer.unk_token_id or tokenizer.eos_token_id != 1:
        raise LecternError(
            f"The tokenizer in {folder} has no sentinels, or ends texts otherwise than T5.",
            "Make one: lectern train vocabulary --out DIR.",
        )
    return tokenizer


def vocabulary_hash(folder: Path) -> str:
    """Of the pieces and their scores: what decides how text becomes ids."""
    return sha256_of(folder / "tokenizer.json")


def encoded_texts(
    corpus: Corpus,
    vocabulary: Path,
    tokenizer: Any,
    held_out: float,
    folder: Path,
    say: Callable[[str], None],
) -> tuple[list[TextSource], TextSource]:
    """(what is learned from, source by source; the held documents of all), mapped from `folder`.

    What lies there already for the same text, vocabulary and share is used as it is.
    """
    learned, held = [], []
    for text in corpus.text:
        about = {
            "text": text.sha256(),
            "form": text.form,
            "held_out": held_out,
            "vocabulary": vocabulary_hash(vocabulary),
        }
        train, aside = (folder / f"{text.name}.{side}.npy" for side in ("train", "held"))
        if not (is_whole(train, about) and is_whole(aside, about)):
            say(f"Encoding {text.name} ({text.licence})…")
            _encode(text, train, aside, tokenizer, about)
        learned.append(TextSource(text.name, read_tokens(train), text.rate))
        held.append(read_tokens(aside))
    joined: Tokens = np.concatenate(held)  # type: ignore[assignment]  # one kind for all
    return learned, TextSource("held documents", joined)


def _encode(text: Text, train: Path, aside: Path, tokenizer: Any, about: dict[str, Any]) -> None:
    documents = list(text.documents())
    held = [document for document in documents if is_held(document, about["held_out"])]
    kept = [document for document in documents if not is_held(document, about["held_out"])]
    write_tokens(train, kept, tokenizer, about)
    write_tokens(aside, held, tokenizer, about)
