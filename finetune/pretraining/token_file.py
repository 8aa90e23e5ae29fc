"""Documents as one row of token ids on disk, mapped into memory and never read whole.

    <name>.npy    uint16 or uint32, one dimension, every document closed by the end mark
    <name>.json   what the ids were made from: tokenizer, text, hashes

The format of NumPy's `.npy` without objects: nothing in it can run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.rows import write_whole
from finetune.progress import training_progress
from ingestion.errors import LecternError

_AT_ONCE = 256

Tokens = NDArray[np.uint16] | NDArray[np.uint32]


def write_tokens(
    path: Path, documents: Sequence[str], tokenizer: Any, about: Mapping[str, Any]
) -> Tokens:
    """Encode the documents into `path` (`….npy`); the tokenizer closes each with its end mark.

    The note `about` is written last: killed half-way, the file is not taken for whole.
    """
    kind = np.uint16 if len(tokenizer) <= 1 << 16 else np.uint32
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)
    rows = [np.empty(0, kind)]
    with training_progress(f"tokens of {path.stem}", len(documents)) as report:
        for start in range(0, len(documents), _AT_ONCE):
            some = list(documents[start : start + _AT_ONCE])
            encoded = tokenizer(some, truncation=False, verbose=False).input_ids
            rows += [np.asarray(ids, kind) for ids in encoded]
            report(start + len(some))
    tokens = np.concatenate(rows)
    np.save(path, tokens, allow_pickle=False)
    content = {**about, "documents": len(documents), "tokens": len(tokens)}
    write_whole(path.with_suffix(".json"), json.dumps(content, indent=1) + "\n")
    return read_tokens(path)


def is_whole(path: Path, about: Mapping[str, Any]) -> bool:
    """Whether `path` holds the tokens that `about` describes, all of them."""
    note = path.with_suffix(".json")
    if not path.is_file() or not note.is_file():
        return False
    written = json.loads(note.read_text(encoding="utf-8"))
    same = all(written.get(name) == value for name, value in about.items())
    return same and written.get("tokens") == len(read_tokens(path))


def read_tokens(path: Path) -> Tokens:
    """The ids of a token file, mapped. Raises `LecternError` for one that is not whole."""
    try:
        tokens: Tokens = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise LecternError(
            f"{path} is not a file of tokens ({error}).", "Delete it: it is made again."
        ) from error
    if tokens.ndim != 1 or tokens.dtype not in (np.uint16, np.uint32):
        raise LecternError(
            f"{path} holds {tokens.dtype} of shape {tokens.shape}, not a row of token ids.",
            "Delete it: it is made again.",
        )
    return tokens
