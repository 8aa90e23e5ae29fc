"""Collections of labels and pairs: read as what they say, split by group without copies."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from finetune.errors import EmptySplit
from finetune.reward.examples import Labelled, Preference, text_key
from finetune.reward.labelled import read_labelled
from finetune.reward.pairs import read_pairs
from finetune.reward.splits import split, split_name
from ingestion.errors import LecternError


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def labelled(number: int, text: str = "", group: str = "") -> Labelled:
    said = text or f"text number {number}"
    return Labelled(said, 1.0, group or text_key(said), "own")


def test_davidson_knows_hate_offence_and_neither(tmp_path: Path) -> None:
    path = tmp_path / "toxicity" / "davidson_hate" / "labeled_data.csv.gz"
    write(path, ',class,tweet\n0,0,"you, THERE"\n1,1,RT @a: you\n2,2,fine\n3,2,!!!\n')

    found = read_labelled("davidson", tmp_path)

    assert [(e.text, e.label, e.hate) for e in found] == [
        ("you, there", 1.0, True),
        ("you", 1.0, False),
        ("fine", 0.0, False),
    ]


def test_a_wrong_class_is_named_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "toxicity" / "davidson_hate" / "labeled_data.csv.gz"
    write(path, ",class,tweet\n0,0,a\n1,7,b\n")

    with pytest.raises(LecternError, match=r"row 3 has the class '7'"):
        read_labelled("davidson", tmp_path)


def test_a_quote_that_is_never_closed_names_its_row(tmp_path: Path) -> None:
    path = tmp_path / "toxicity" / "davidson_hate" / "labeled_data.csv.gz"
    write(path, ',class,tweet\n0,0,a\n1,0,"b\n' + "2,2,fine\n" * 20_000)

    with pytest.raises(LecternError, match=r"labeled_data\.csv\.gz, row 3 cannot be read"):
        read_labelled("davidson", tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "toxicity" / "davidson_hate" / "labeled_data.csv.gz"
    write(path, ",class,tweet\n" + "".join(f"{n},2,fine {n * n}\n" for n in range(500)))
    whole = path.read_bytes()
    for place in range(20, len(whole) - 8, 50):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        with pytest.raises(LecternError, match=r"labeled_data\.csv\.gz cannot be read"):
            read_labelled("davidson", tmp_path)


def test_a_file_that_lacks_a_column_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "toxicity" / "surge_toxicity" / "toxicity_en.csv", "text,label\na,1\n")

    with pytest.raises(LecternError, match="no column is_toxic; it has text, label"):
        read_labelled("surge", tmp_path)


def test_the_sentences_of_toxic_spans_are_labelled_by_where_the_marks_lie(tmp_path: Path) -> None:
    folder = tmp_path / "toxicity" / "toxic_spans"
    text = "The road is closed. You idiot. Perhaps."
    write(folder / "comments.csv.gz", f"comment_id,comment_text\n7,{text}\n8,Only one mark here.\n")
    write(
        folder / "annotations.csv.gz",
        "annotation,comment_id\n0,7\n1,7\n2,7\n3,8\n4,8\n5,8\n",
    )
    # "idiot" is marked by all three, "Perhaps" by one of three; of the other post, one marked.
    write(
        folder / "spans.csv.gz",
        "annotation,start,end\n0,24,29\n1,24,29\n1,31,38\n2,24,29\n3,0,4\n",
    )

    found = read_labelled("toxic_spans", tmp_path)

    assert [(e.text, e.label) for e in found] == [
        (text.lower(), 1.0),
        ("the road is closed.", 0.0),
        ("you idiot.", 1.0),
    ]
    assert len({e.group for e in found}) == 1


def test_ones_own_labels_are_read_and_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"text": "a", "label": 0.25}\n')
    assert [(e.text, e.label, e.source) for e in read_labelled(str(path), tmp_path)] == [
        ("a", 0.25, "mine.jsonl")
    ]

    path.write_text('{"text": "a", "label": 0}\n{"text": "a", "label": 2}\n')
    with pytest.raises(LecternError, match=r'mine\.jsonl, line 2: needs "text" and a "label"'):
        read_labelled(str(path), tmp_path)


def test_an_unknown_collection_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(LecternError, match=r"no collection or file jigsow\. Give one of davidson"):
        read_labelled("jigsow", tmp_path)
    with pytest.raises(LecternError, match=r"Give one of hh_harmless"):
        read_pairs("nothing", tmp_path)


def test_a_conversation_is_cut_at_the_answer_in_which_two_part(tmp_path: Path) -> None:
    path = tmp_path / "preferences" / "hh_rlhf_harmless_test" / "test.jsonl.gz"
    opening = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: How?"
    row = {
        "chosen": f"{opening}\n\nAssistant: Kindly.",
        "rejected": f"{opening}\n\nAssistant: Kicking.",
    }
    other = {"chosen": "\n\nHuman: A", "rejected": "\n\nHuman: B"}
    write(path, f"{json.dumps(row)}\n{json.dumps(other)}\n")

    (pair,) = read_pairs("hh_harmless", tmp_path)

    assert pair.prompt == opening.strip()
    assert (pair.chosen, pair.rejected) == ("Kindly.", "Kicking.")
    assert pair.group == text_key("Human: Hi")


def test_annotators_of_pandalm_are_outvoted_and_ties_go(tmp_path: Path) -> None:
    def row(*votes: int) -> dict[str, object]:
        answers = {"response1": "one", "response2": "two"}
        marks = {f"annotator{i}": vote for i, vote in enumerate(votes, start=1)}
        return {"instruction": "Do", "input": "this", **answers, **marks}

    path = tmp_path / "preferences" / "pandalm_human" / "testset-v1.json.gz"
    write(path, json.dumps([row(2, 2, 1), row(0, 0, 1), row(0, 1, 2), row(1, 1, 1)]))

    found = read_pairs("pandalm", tmp_path)

    assert [(p.prompt, p.chosen, p.rejected) for p in found] == [
        ("Do\nthis", "two", "one"),
        ("Do\nthis", "one", "two"),
    ]


@pytest.mark.parametrize(
    ("bad", "why"),
    [({"input": None}, "needs"), ({"annotator2": 3}, "has the votes"), ({}, "needs")],
)
def test_a_row_of_pandalm_that_is_none_is_named(
    tmp_path: Path, bad: dict[str, object], why: str
) -> None:
    fields = "instruction", "input", "response1", "response2"
    row = {**dict.fromkeys(fields, "a"), **{f"annotator{i}": i % 2 + 1 for i in (1, 2, 3)}}
    broken = {name: value for name, value in {**row, **bad}.items() if bad and value is not None}
    path = tmp_path / "preferences" / "pandalm_human" / "testset-v1.json.gz"
    write(path, json.dumps([row, broken]))

    with pytest.raises(LecternError, match=rf"testset-v1\.json\.gz, row 2 {why}"):
        read_pairs("pandalm", tmp_path)


def test_a_line_of_autoj_without_its_label_is_named(tmp_path: Path) -> None:
    row = {"prompt": "Do", "response 1": "one", "response 2": "two"}
    path = tmp_path / "preferences" / "autoj_pairwise" / "testdata_pairwise.jsonl.gz"
    write(path, "\n".join(map(json.dumps, [row | {"label": 1}, row])))

    with pytest.raises(LecternError, match=r"testdata_pairwise\.jsonl\.gz, line 2: needs"):
        read_pairs("autoj", tmp_path)


@pytest.mark.parametrize(
    ("name", "file", "row"),
    [
        (
            "autoj",
            "autoj_pairwise/testdata_pairwise.jsonl.gz",
            {"prompt": "Do", "response 1": "one", "response 2": None, "label": 1},
        ),
        (
            "dolly",
            "dolly_flan_t5_outputs/google_flan-t5-small_decode_output.jsonl.gz",
            {"instruction": 7, "text": "Tope", "decoded": ""},
        ),
    ],
)
def test_what_is_no_text_is_named_with_its_line(
    tmp_path: Path, name: str, file: str, row: dict[str, object]
) -> None:
    write(tmp_path / "preferences" / file, json.dumps(row))

    with pytest.raises(LecternError, match=r"\.jsonl\.gz, line 1: needs the text"):
        read_pairs(name, tmp_path)


def test_a_person_stands_above_the_model_unless_both_say_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "preferences" / "dolly_flan_t5_outputs"
    for size in ("small", "base", "large", "xl"):
        rows = [
            {"instruction": "Which fish?", "text": "Tope", "decoded": "Rope" if size < "m" else ""},
            {"instruction": "Say yes", "text": "Yes.", "decoded": "yes"},
        ]
        lines = "\n".join(map(json.dumps, rows))
        write(folder / f"google_flan-t5-{size}_decode_output.jsonl.gz", lines)

    found = read_pairs("dolly", tmp_path)

    assert [(p.chosen, p.rejected) for p in found] == [
        ("Tope", ""),
        ("Tope", "Rope"),
        ("Tope", "Rope"),
        ("Tope", ""),
    ]


def test_groups_stay_together_and_the_seed_moves_them() -> None:
    examples = [
        labelled(i, f"text {i} {j}", group=f"group {i}") for i in range(200) for j in range(3)
    ]

    parts = split(examples, seed=1)

    sides = [{e.group for e in part} for part in (parts.train, parts.dev, parts.test)]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 200
    assert 8 <= len(sides[1]) <= 36
    assert 8 <= len(sides[2]) <= 36
    assert {e.group for e in split(examples, seed=2).test} != sides[2]
    assert split(examples[:300], seed=1).test == [e for e in parts.test if e in examples[:300]]


def test_copies_stay_in_one_split_and_out_of_what_is_judged() -> None:
    """A copy under another group (a quoted comment) would leak from test into training."""
    examples = [labelled(i) for i in range(300)]
    groups = {split_name(e.group, 0): e for e in examples}
    copy = Labelled(groups["test"].text.upper() + "!", 1.0, groups["train"].group, "other")
    judged = [Labelled(groups["train"].text, 0.0, "elsewhere", "judged")]

    parts = split([*examples, copy], 0, judged)

    kept = [*parts.train, *parts.dev, *parts.test]
    assert copy not in kept
    assert groups["test"] in parts.test
    assert groups["train"] not in kept
    assert parts.copies == 2


def test_several_wrong_answers_to_one_prompt_are_no_copies() -> None:
    pairs = [
        Preference(f"prompt {i}", "right", f"wrong {j}", text_key(f"prompt {i}"), "own")
        for i in range(60)
        for j in range(2)
    ]
    parts = split(pairs, 0)
    assert len(parts.train) + len(parts.dev) + len(parts.test) == 120


def test_an_empty_split_is_named() -> None:
    with pytest.raises(EmptySplit, match=r"The (test|dev) split of 2 examples is empty"):
        split([labelled(0), labelled(1)], 0)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "texts", "toxic"),
    [
        ("davidson", 24_781, 20_619),
        ("jigsaw", 12_176, 6_090),
        ("surge", 999, 501),
        ("toxic_spans", 39_905, 20_634),
    ],
)
def test_the_real_collections(shared_data: Path, name: str, texts: int, toxic: int) -> None:
    found = read_labelled(name, shared_data)
    assert (len(found), sum(e.label > 0.5 for e in found)) == (texts, toxic)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "pairs"), [("hh_harmless", 2_309), ("pandalm", 890), ("dolly", 25_446)]
)
def test_the_real_pairs(shared_data: Path, name: str, pairs: int) -> None:
    assert len(read_pairs(name, shared_data)) == pairs
