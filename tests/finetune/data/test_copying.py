"""Exercises in copying: what is asked for stands in the passage, and only there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from finetune.data.example import Example
from finetune.data.formats import read_format

SENTENCES = (
    "The encoder of a transformer reads every token of the passage at the same time.",
    "Its decoder writes one token after another and looks back at what the encoder read.",
    "Attention weights say how much each of the tokens counts for the next one.",
)
TEXT = "\n\n".join(["# Transformers", " ".join(SENTENCES), "Figure 3", " ".join(SENTENCES[1:])])


@pytest.fixture
def sections(tmp_path: Path) -> Path:
    path = tmp_path / "modules.jsonl"
    rows = [{"book": "b", "module": str(n), "text": TEXT} for n in range(20)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def passage_of(example: Example) -> str:
    found = re.match(r"Read this: (.*?)\n\n", example.source)
    assert found
    return found[1]


def test_recall_asks_for_the_words_that_follow(sections: Path) -> None:
    examples = read_format("recall", sections)
    assert len(examples) >= 20
    for example in examples:
        anchor = example.source.split("“")[1].split("”")[0]
        assert f"{anchor} {example.target}" in passage_of(example)
        assert 2 <= len(anchor.split()) <= 4 and len(example.target.split()) <= 20
    assert len({example.target for example in examples}) > 10


def test_a_cloze_asks_for_what_its_sentence_has_in_the_gap(sections: Path) -> None:
    examples = read_format("cloze", sections)
    assert len(examples) >= 20
    for example in examples:
        question = example.source.rsplit(": ", 1)[1]
        asked = question.casefold().rstrip("?").split()
        where = asked.index("what")
        before, after = asked[:where], asked[where + 1 :]
        written = passage_of(example)
        assert example.target in written
        assert example.target.split()[0].casefold() not in ("the", "of", "a", "at", "and")
        # Words are lost beside the gap, none are added, and their order stays.
        words = iter(written.casefold().replace(".", "").split())
        assert all(word in words for word in [*before, *example.target.casefold().split(), *after])


@pytest.mark.parametrize("name", ["recall", "cloze"])
def test_headings_and_labels_are_no_passages_and_a_second_reading_is_the_same(
    sections: Path, name: str
) -> None:
    examples = read_format(name, sections)
    assert examples == read_format(name, sections)
    assert not any("Figure 3" in e.source or "# Trans" in e.source for e in examples)
