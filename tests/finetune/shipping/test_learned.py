"""What a model has learned from is read from every record there is, and must be on the list."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest
from trained_folders import (
    ARTICLES_HASH,
    BOOKS_HASH,
    QED_FILE,
    QED_HASH,
    judge,
    pretrained,
    reader,
    write_record,
    write_sft,
)

from finetune.data.mixture import MixtureFile
from finetune.data.t0 import SHIPPED
from finetune.pretraining.corpus import CORPUS, Corpus
from finetune.reader.mixture import reading_data
from finetune.shipping.learned import Learned, learned
from finetune.shipping.shippable import check, collection, shippable
from ingestion.errors import LecternError

ROOT = Path(__file__).resolve().parents[3]


def test_a_fine_tuned_t5_has_learned_what_its_base_has(tmp_path: Path) -> None:
    base = pretrained(tmp_path / "pretrained")
    (tmp_path / "tuned").mkdir()
    write_sft(tmp_path / "tuned", base)
    assert learned(tmp_path / "tuned") == [
        Learned("openstax", 15_000_000, BOOKS_HASH),
        Learned("wikipedia", 5_000_000, ARTICLES_HASH),
        Learned(QED_FILE, 7167, QED_HASH),
    ], "of 100 million tokens 20 million were seen"


def test_a_base_that_is_not_where_the_record_says_must_be_named(tmp_path: Path) -> None:
    base = pretrained(tmp_path / "moved")
    (tmp_path / "tuned").mkdir()
    write_sft(tmp_path / "tuned", "build/gone")
    with pytest.raises(LecternError, match=r"trained from build/gone.*--base DIR"):
        learned(tmp_path / "tuned")
    found = [one.recorded for one in learned(tmp_path / "tuned", base)]
    assert found == ["openstax", "wikipedia", QED_FILE]


def test_a_judge_and_a_reader_say_it_in_their_own_forms(tmp_path: Path) -> None:
    assert learned(judge(tmp_path / "judge")) == [Learned("jigsaw", 9698)]
    assert learned(reader(tmp_path / "reader")) == [
        Learned(QED_FILE, 0, QED_HASH),
        Learned("qed", 6762),
        Learned("qed", 4012),
    ]


def test_a_reader_has_learned_what_the_one_before_it_has(tmp_path: Path) -> None:
    before = {
        "data": {QED_FILE: QED_HASH, "old.json": "0" * 64},
        "examples": {"qed": 6000, "old": 5},
        "training": {"lr": 1e-3},
    }
    found = learned(reader(tmp_path / "reader", before))
    assert Learned("old.json", 0, "0" * 64) in found
    assert Learned("old", 5) in found
    assert Learned("qed", 6762) in found and Learned("qed", 6000) not in found
    assert [one.recorded for one in found].count(QED_FILE) == 1
    with pytest.raises(LecternError, match="does not say what"):
        learned(reader(tmp_path / "unknown", {"sha256": "0" * 64}))


@pytest.mark.parametrize("record", [{}, {"data": []}, {"data": {"train": []}}, {"data": [{}]}])
def test_a_record_that_does_not_say_it_is_refused(
    tmp_path: Path, record: dict[str, object]
) -> None:
    write_record(tmp_path, record)
    with pytest.raises(LecternError, match="does not say what the model has learned from"):
        learned(tmp_path)


def test_a_missing_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LecternError, match=r"training\.json.*cannot be read"):
        learned(tmp_path)


def test_a_file_of_many_parts_is_allowed_and_the_parts_that_were_read_are_named() -> None:
    digest = next(d for one in shippable() for n, d in one.files.items() if n.startswith("t0_"))
    counts = check([Learned("t0.tar.gz", 0, digest), Learned("quoref", 197)])
    assert counts == {"Quoref, as worded by T0": 197}


def test_examples_of_one_collection_are_counted_together() -> None:
    found = check([Learned(QED_FILE, 0, QED_HASH), Learned("qed", 6762), Learned("qed", 4012)])
    (name,) = found
    assert found == {name: 10_774}
    assert collection(name).licence == "CC BY-SA 3.0"


@pytest.mark.parametrize(
    ("recorded", "digest"),
    [
        ("autoj", None),
        ("dialogsum.train.jsonl", "a" * 64),
        (QED_FILE, "b" * 64),
        ("openstax", "c" * 64),
    ],
)
def test_data_that_is_not_on_the_list_is_named(recorded: str, digest: str | None) -> None:
    """By its hash where there is one: a file of that name may be another."""
    with pytest.raises(LecternError, match=recorded):
        check([Learned("jigsaw", 1), Learned(recorded, 1, digest)])


def test_every_entry_of_the_list_says_who_made_it_under_which_licence() -> None:
    names = [name for one in shippable() for name in (one.name, *one.recorded)]
    hashes = [digest for one in shippable() for digest in (*one.files.values(), one.text) if digest]
    assert len(set(names)) == len(names)
    assert len(set(hashes)) == len(hashes)
    for one in shippable():
        assert one.recorded or one.files or one.text
        assert one.credit
        assert one.licence


@pytest.mark.data
def test_a_reader_records_every_file_that_its_passages_are_from(shared_data: Path) -> None:
    """The glossaries are asked over the sections of another file."""
    files = reading_data(shared_data, limit=1).files
    assert {"openstax_qa.jsonl.gz", "modules.jsonl.gz"} <= files.keys()
    check([Learned(name, 1, digest) for name, digest in files.items()])


@pytest.mark.data
def test_what_lectern_t5_is_pretrained_on_may_be_shipped(shared_data: Path) -> None:
    corpus = Corpus.load(CORPUS, shared_data)
    counts = check(Learned(text.name, 1, text.sha256()) for text in corpus.text)
    assert len(counts) == len(corpus.text)


@pytest.mark.data
def test_what_lectern_t5_is_tuned_on_may_be_shipped_and_the_hashes_are_the_files(
    shared_data: Path,
) -> None:
    mixture = MixtureFile.load(ROOT / "finetune" / "data" / "lectern_t5.toml", shared_data)
    check(
        Learned(source.path.name, 1, sha256(source.path.read_bytes()).hexdigest())
        for source in mixture.source
    )
    there = {path.name for _, _, files in os.walk(shared_data) for path in map(Path, files)}
    assert {name for one in shippable() for name in one.files} <= there


def test_the_list_names_every_part_of_t0_that_is_read() -> None:
    (archive,) = (one for one in shippable() if any("t0_train" in name for name in one.files))
    spoken = archive.credit.casefold().replace("-", "").replace("_", "")
    assert all(part.replace("_", "") in spoken for part in SHIPPED)
