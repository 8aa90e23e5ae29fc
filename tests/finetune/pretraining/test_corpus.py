"""What text may be read, and how it falls into documents, tokens and windows."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import course_text
import numpy as np
import pytest
import tiny_t5

from finetune.errors import TrainingError
from finetune.pretraining.corpus import CORPUS, Corpus, Text, is_held
from finetune.pretraining.token_file import is_whole, read_tokens, write_tokens
from finetune.pretraining.windows import TextSource, Windows
from ingestion.errors import LecternError

LONG = "A sentence of some length about tokens and layers. " * 6


def text(folder: Path, content: str, form: Any, licence: str = "MIT") -> Text:
    (folder / "SOURCE.txt").write_text("LICENCE (as stated): MIT (LICENSE)\n")
    (folder / "a.md").write_text(content)
    return Text(name="a", folder=folder, files=("*.md",), licence=licence, form=form)


def test_headings_and_lines_begin_documents(tmp_path: Path) -> None:
    content = f"# One\n{LONG}\n## Part\nx\n# Two\n{LONG} two\n# Short\n"
    assert [d.split("\n")[0] for d in text(tmp_path, content, "headed").documents()] == [
        "# One",
        "# Two",
    ]
    assert len(list(text(tmp_path, f"{LONG}\n{LONG}b\n\n{LONG}", "lines").documents())) == 2
    assert len(list(text(tmp_path, content, "file").documents())) == 1


def test_markdowns_addresses_and_tags_are_taken_out(tmp_path: Path) -> None:
    content = f'import X from "y"\n<Tip>See [the page](https://x.org/a), ![p](q.png)</Tip> {LONG}'
    [one] = text(tmp_path, content, "file").documents()
    assert one.startswith("See the page,  A sentence")


def test_an_archive_of_markdown(tmp_path: Path) -> None:
    text(tmp_path, LONG, "file")
    with tarfile.open(tmp_path / "books.tar.xz", "w:xz") as archive:
        for name in ("b.md", "a.md", "c.txt"):
            content = f"{name} {LONG}".encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    books = Text(name="b", folder=tmp_path, files=("*.xz",), licence="MIT", form="archive")
    assert [document[:4] for document in books.documents()] == ["b.md", "a.md"]


@pytest.mark.parametrize("claimed", ["Apache-2.0", "MI", "CC BY"])
def test_another_licence_than_the_corpus_says_is_refused(tmp_path: Path, claimed: str) -> None:
    with pytest.raises(TrainingError, match="is under “MIT"):
        list(text(tmp_path, LONG, "file", claimed).documents())


def test_a_narrower_licence_is_not_taken_for_a_wider(tmp_path: Path) -> None:
    one = text(tmp_path, LONG, "file", "CC BY")
    (tmp_path / "SOURCE.txt").write_text("LICENCE: CC BY-SA 4.0\n")
    with pytest.raises(TrainingError, match="CC BY-SA"):
        one.paths()


def test_what_is_wrong_with_a_corpus_is_said(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[[text]]\nname = "a"\n')
    with pytest.raises(LecternError, match=r"text\.0\.folder"):
        Corpus.load(path)
    with pytest.raises(LecternError, match="cannot be read"):
        Corpus.load(tmp_path / "none.toml")
    corpus = Corpus.load(course_text.write(tmp_path / "made"))
    with pytest.raises(LecternError, match=r"has no \*\.md"):
        corpus.text[0].model_copy(update={"files": ("*.md",)}).paths()


@pytest.mark.data
def test_our_corpus_names_only_what_may_be_shipped(shared_data: Path) -> None:
    corpus = Corpus.load(CORPUS, shared_data)
    assert all(one.paths() for one in corpus.text)
    readme = (shared_data / "README.md").read_text()
    row = next(line for line in readme.splitlines() if line.startswith("| text/"))
    assert row.split("|")[4].strip() == "yes"
    for one in corpus.text:
        inside = one.folder.relative_to(shared_data)
        assert inside.parts[0] == "text" or one.licence in ("MIT", "Apache-2.0")
    wikipedia = next(one for one in corpus.text if one.name == "wikipedia")
    assert len(list(wikipedia.documents())) > 20


def test_held_documents_are_the_same_whatever_stands_beside_them() -> None:
    documents = [course_text.document(number) for number in range(400)]
    held = [one for one in documents if is_held(one, 0.1)]
    assert 20 < len(held) < 65
    assert all(is_held(one + "\n", 0.2) for one in held)


def test_tokens_on_disk(tmp_path: Path) -> None:
    words = tiny_t5.tokenizer()
    path, about = tmp_path / "in/a.npy", {"text": "hash"}
    assert not is_whole(path, about)
    tokens = write_tokens(path, ["token weight", "layer"], words, about)
    assert isinstance(tokens, np.memmap)
    assert tokens.dtype == np.uint16
    assert tokens.tolist() == words("token weight").input_ids + words("layer").input_ids
    assert is_whole(path, about)
    assert not is_whole(path, {"text": "other"})
    assert len(write_tokens(tmp_path / "none.npy", [], words, about)) == 0
    np.save(path, np.array([{"a": 1}]), allow_pickle=True)
    with pytest.raises(LecternError, match="not a file of tokens"):
        read_tokens(path)
    np.save(path, np.zeros((2, 2)))
    with pytest.raises(LecternError, match="not a row of token ids"):
        read_tokens(path)


def source(name: str, count: int, start: int, rate: float = 1.0) -> TextSource:
    return TextSource(name, np.arange(start, start + count, dtype=np.uint16), rate)


def test_an_epoch_sees_each_source_as_often_as_its_rate_says() -> None:
    windows = Windows([source("a", 1010, 0), source("b", 2010, 5000, 0.5)], 10, seed=3)
    assert windows.per_epoch == 100 + 100
    assert windows.shares == {"a": 0.5, "b": 0.5}
    epochs = [
        [windows.at(number) for number in range(epoch * 200, epoch * 200 + 200)]
        for epoch in range(2)
    ]
    for rows in epochs:
        assert all(np.array_equal(row, np.arange(row[0], row[0] + 10)) for row in rows)
        own = sorted(int(row[0]) for row in rows if row[0] < 5000)
        assert np.diff(own).tolist() == [10] * 99, "each window once, none overlapping"
    halves = [{int(row[0]) // 10 for row in rows if row[0] >= 5000} for rows in epochs]
    assert len(halves[0] | halves[1]) >= 199, "the second epoch takes what the first left"
    assert [row[0] for row in epochs[0]] != [row[0] for row in epochs[1]]


def test_the_order_follows_from_seed_and_number_alone() -> None:
    sources = [source("a", 1000, 0)]
    one = [Windows(sources, 10, seed=1).at(n).tolist() for n in (250, 3, 99)]
    other = Windows(sources, 10, seed=1)
    assert [other.at(n).tolist() for n in (250, 3, 99)] == one
    assert [Windows(sources, 10, seed=2).at(n).tolist() for n in (250, 3, 99)] != one


def test_too_short_a_source_is_named() -> None:
    with pytest.raises(LecternError, match="a: 19 tokens"):
        Windows([source("a", 19, 0)], 10)
