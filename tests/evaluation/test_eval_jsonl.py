"""JSON that holds what is no text is named before a tokenizer stumbles over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.jsonl import read_list, read_objects
from ingestion.errors import LecternError

WHOLE = '{"text": ["a \\uD83D\\ude00", "\\\\ud83d"]}'
HALF = '{"text": ["a \\uD83D b"]}'


def test_half_a_character_is_named_with_its_line_and_a_whole_one_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(WHOLE)
    assert list(read_objects(file)) == [(1, {"text": ["a 😀", "\\ud83d"]})]
    file.write_text(f"{WHOLE}\n{HALF}\n")
    with pytest.raises(LecternError, match=r"a\.jsonl, line 2: it has half of a surrogate pair"):
        list(read_objects(file))


def test_half_a_character_is_named_with_its_entry_of_a_list(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(f"[{WHOLE}]")
    assert len(list(read_list(file))) == 1
    file.write_text(f"[{WHOLE}, {HALF}]")
    with pytest.raises(LecternError, match=r"a\.json, entry 2 has half of a surrogate pair"):
        list(read_list(file))
