"""What is measured is not trained on."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.normalize import letters_and_digits
from finetune.data.example import Example, fingerprint, split_by_group, without_groups
from finetune.data.formats import read_format
from finetune.data.overlap import all_grams, share_seen
from finetune.data.reasoning import ecqa_held


@pytest.fixture(scope="module")
def trained(shared_data: Path) -> list[Example]:
    """All of FLAN's chain-of-thought data that may be trained on."""
    files = sorted((shared_data / "instructions/flan_cot").glob("*_train.tsv.gz"))
    return [example for file in files for example in read_format("flan-cot", file)]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "path", "count"),
    [
        ("gsm8k", "instructions/gsm8k/test.jsonl.gz", 1_319),
        ("strategyqa", "qa/strategyqa/dev.json.gz", 229),
        ("ecqa-held", "instructions/flan_cot/ecqa_train.tsv.gz", 700),
    ],
)
def test_no_evaluation_question_is_in_the_chain_of_thought_data(
    trained: list[Example], shared_data: Path, name: str, path: str, count: int
) -> None:
    measured = read_format(name, shared_data / path)
    assert len(without_groups(measured, trained)) == len(measured) == count
    # The groups stand for the questions; this looks at the questions themselves.
    text = letters_and_digits(" ".join(example.source for example in trained))
    asked = (example.source.partition("\nOptions:")[0] for example in measured)
    assert not [q for q in asked if letters_and_digits(q.partition("\n\nLet's")[0]) in text]


@pytest.mark.data
def test_the_training_files_of_the_same_names_would_have_been_caught(
    trained: list[Example], shared_data: Path
) -> None:
    """The guard sees what it is to see: these questions are in FLAN's files."""
    for name, path in (
        ("gsm8k", "instructions/gsm8k/train.jsonl.gz"),
        ("strategyqa", "qa/strategyqa/train.json.gz"),
    ):
        measured = read_format(name, shared_data / path)
        assert len(without_groups(measured, trained)) < 0.02 * len(measured)


def test_the_held_list_is_of_700_questions() -> None:
    assert len(ecqa_held()) == 700


@pytest.mark.data
def test_qed_paragraphs_of_the_training_file_are_not_in_the_development_file(
    shared_data: Path,
) -> None:
    train = read_format("qed", shared_data / "qa/qed_nq/train_all.jsonl.gz")
    dev = read_format("qed", shared_data / "qa/qed_nq/qed-dev.jsonlines.gz")
    assert 1_355 - len(dev) == 152, "110 copies and 42 edited ones"
    assert not {example.group for example in train} & {example.group for example in dev}


def test_a_copy_an_edition_and_another_text_are_told_apart() -> None:
    seen = all_grams(["one two three four five six seven eight nine ten", "short text"])
    assert share_seen("One two three, four five six seven eight nine ten!", seen) == 1
    assert share_seen("zero one two three four five six seven eight nine", seen) == 2 / 3
    assert share_seen("Short text", seen) == 1
    assert share_seen("eight seven six five four three two one zero", seen) == 0


def test_fingerprints_are_blind_to_layout_alone() -> None:
    assert fingerprint("The  sky .") == fingerprint("the sky")
    assert fingerprint("The sky") != fingerprint("The ski")


def test_a_split_never_parts_a_group() -> None:
    examples = [Example("s", "t", "x", str(number // 3)) for number in range(3_000)]
    rest, held = split_by_group(examples, 0.1)
    assert len(rest) + len(held) == 3_000
    assert 200 < len(held) < 400
    assert not {e.group for e in rest} & {e.group for e in held}
    assert split_by_group(examples[:1_500], 0.1)[1] == [e for e in held if int(e.group) < 500]
