"""Each data form: what it makes of a file, and how it names what is malformed."""

import gzip
import json
from pathlib import Path

import pytest

from evaluation.reading.fairytaleqa import load_fairytaleqa
from evaluation.reading.forms import FORMS, load_examples
from evaluation.reading.pubmedqa import load_pubmedqa
from evaluation.reading.qed import load_qed
from evaluation.reading.squad import load_squad
from evaluation.reading.tokenized import detokenize, with_capitals
from ingestion.errors import LecternError

NORMANS = "The Normans came from Normandy in the 10th century."


def squad(*questions: dict[str, object]) -> str:
    paragraphs = [{"context": NORMANS, "qas": list(questions)}]
    return json.dumps({"version": "v2.0", "data": [{"title": "Normans", "paragraphs": paragraphs}]})


WHERE = {
    "id": "1",
    "question": " Where from?",
    "answers": [{"text": "Normandy", "answer_start": 22}],
}
KING = {"id": "2", "question": "Who was king?", "answers": [], "is_impossible": True}


def test_squad_2_has_questions_without_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "dev.json.gz"
    path.write_bytes(gzip.compress(squad(WHERE, KING).encode()))
    answerable, impossible = load_squad(path)
    assert (answerable.question, answerable.answers) == ("Where from?", ("Normandy",))
    assert (answerable.paragraph, answerable.document) == (NORMANS, "Normans")
    assert (impossible.answers, impossible.kinds) == ((), ("impossible",))


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('{"data": [{"title": "x", "paragraphs": 3}]}', r"data\.0\.paragraphs: "),
        (squad(WHERE, {**KING, "question": ""}), r"data\.0\.paragraphs\.0\.qas\.1\.question: "),
        (squad({**WHERE, "answers": []}), r"qas\.0: .*withheld"),
        (squad({**WHERE, "is_impossible": True}), r"qas\.0: .*impossible, yet it has answers"),
        ('{"data": [', "JSON"),
    ],
)
def test_squad_names_the_place_of_what_is_malformed(
    content: str, place: str, tmp_path: Path
) -> None:
    path = tmp_path / "dev.json"
    path.write_text(content)
    with pytest.raises(LecternError, match=rf"dev\.json is not a SQuAD file \(.*{place}"):
        load_squad(path)


QED = {
    "example_id": -7,
    "title_text": "Nobel",
    "question_text": "who got the first prize",
    "paragraph_text": "The first prize went to Wilhelm Röntgen , of Germany . He kept it .",
}


def test_qed_development_has_an_answer_of_each_annotator(tmp_path: Path) -> None:
    path = tmp_path / "dev.jsonl"
    spans = [[{"string": "Wilhelm Röntgen , of Germany"}], [{"string": "he"}, {"string": "she"}]]
    fields = {"original_nq_answers": spans, "annotation": {"explanation_type": "single_sentence"}}
    path.write_text(json.dumps({**QED, **fields}))
    (example,) = load_qed(path)
    assert example.answers == ("Wilhelm Röntgen, of Germany", "he, she")
    assert example.paragraph == "The first prize went to Wilhelm Röntgen, of Germany. He kept it."
    assert (example.id, example.document, example.kinds) == ("-7", "Nobel", ("single sentence",))


def test_qed_training_rows_without_an_answer_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    rows = [{**QED, "answer_text": []}, {**QED, "example_id": 8, "answer_text": ["a", "b"]}]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert [(e.id, e.answers) for e in load_qed(path)] == [("8", ("a, b",))]


def test_qed_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "dev.jsonl"
    path.write_text(json.dumps({**QED, "answer_text": ["x"]}) + "\n\n" + json.dumps(QED))
    with pytest.raises(LecternError, match=r"dev\.jsonl, line 3: .*neither"):
        load_qed(path)


TALES = "story_name,content,question,answer1,answer2,attribute,ex_or_im\n"


def test_fairytaleqa_has_one_or_two_answers(tmp_path: Path) -> None:
    path = tmp_path / "test.csv"
    path.write_text(
        TALES
        + 'fox,"there was a fox . it ran ,\nfast .",where ?,the den .,in its den .,setting,'
        + "explicit\n"
        + "fox,a fox .,why ?,it was late .,,feeling,implicit\n"
    )
    first, second = load_fairytaleqa(path)
    assert first.paragraph == "There was a fox. It ran,\nfast."
    assert (first.question, first.answers) == ("where?", ("the den.", "in its den."))
    assert (first.id, second.id, second.document) == ("fox-1", "fox-2", "fox")
    assert (second.answers, second.kinds) == (("it was late.",), ("feeling", "implicit"))


def test_fairytaleqa_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "test.csv"
    path.write_text(TALES + "fox,a fox .,why ?,late .,,x,y\nfox,a fox .,why ?\n")
    with pytest.raises(LecternError, match=r"test\.csv, line 3: answer1"):
        load_fairytaleqa(path)
    path.write_text(TALES + 'fox,"a fox')
    with pytest.raises(LecternError, match=r"test\.csv, line 2: not CSV"):
        load_fairytaleqa(path)


ABSTRACT = {
    "QUESTION": "Do ducks float?",
    "CONTEXTS": ["Ducks were put on a pond.", "They were watched."],
    "LONG_ANSWER": "Ducks float.",
    "final_decision": "yes",
}


def test_pubmedqa_has_a_conclusion_and_a_verdict(tmp_path: Path) -> None:
    path = tmp_path / "ori.json"
    path.write_text(json.dumps({"42": ABSTRACT}))
    (example,) = load_pubmedqa(path)
    assert example.paragraph == "Ducks were put on a pond.\nThey were watched."
    assert (example.id, example.answers, example.decision) == ("42", ("Ducks float.",), "yes")


def test_pubmedqa_names_the_entry(tmp_path: Path) -> None:
    path = tmp_path / "ori.json"
    path.write_text(json.dumps({"42": ABSTRACT, "43": {**ABSTRACT, "final_decision": "perhaps"}}))
    with pytest.raises(
        LecternError, match=r"ori\.json is not a PubMedQA file \(43\.final_decision"
    ):
        load_pubmedqa(path)


def test_an_id_used_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    path.write_text(squad(WHERE, {**WHERE, "question": "Since when?"}))
    with pytest.raises(LecternError, match="'1' twice"):
        load_examples("squad", path)


def test_tokenized_text_is_put_together_as_it_was_written() -> None:
    tokens = (
        "he did n't ( as far as `` we '' know ) sell the well - known fox 's den ; no , never !"
    )
    written = "he didn't (as far as \"we\" know) sell the well-known fox's den; no, never!"
    assert detokenize(tokens, hyphens=True) == written
    assert detokenize("in 1999 -- 2000 -- a - b") == "in 1999–2000 – a - b"
    assert with_capitals("it ran. 'so, 'said he. 3 times! no") == (
        "It ran. 'So, 'said he. 3 times! No"
    )


@pytest.mark.data
@pytest.mark.parametrize(
    ("form", "file", "count"),
    [
        ("squad", "squad_v2_dev/dev-v2.0.json.gz", 6078),
        ("qed", "qed_nq/qed-dev.jsonlines.gz", 1355),
        ("fairytaleqa", "fairytaleqa/test.csv.gz", 1007),
        ("pubmedqa", "pubmedqa/ori_pqal.json.gz", 1000),
    ],
)
def test_the_real_files_have_their_published_counts(
    form: str, file: str, count: int, shared_data: Path
) -> None:
    examples = load_examples(form, shared_data / "qa" / file)  # type: ignore[arg-type]
    assert len(examples) == count
    unanswered = [example for example in examples if not example.answers]
    assert len(unanswered) == (3168 if form == "squad" else 0)
    assert set(FORMS) >= {form}


@pytest.mark.data
def test_answers_that_are_withheld_are_told_from_impossible_questions(shared_data: Path) -> None:
    with pytest.raises(LecternError, match="withheld"):
        load_squad(shared_data / "qa" / "squad_v2_dev" / "test-v2.0.json.gz")
