from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from chatbot.prompts import (
    PromptStyle,
    build_prompt,
    dialogue_summary_prompt,
    open_question_prompt,
    part_reasoning,
)
from finetune.data.example import Example
from finetune.data.formats import FORMATS, read_format
from finetune.errors import EmptySplit
from ingestion.errors import LecternError

TALK = "#Person1#: Hi.\n#Person2#: Bye."
QUESTION = "Is the sky blue?\\nOptions:\\n- yes\\n- no"


def write(path: Path, content: str) -> Path:
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content.encode()))
    else:
        path.write_text(content)
    return path


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    """JSON lines, gzipped where the name says so."""
    return write(path, "\n".join(map(json.dumps, rows)) + "\n")


def test_dialogsum_asks_as_the_chatbot_asks(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "test.jsonl",
        {"dialogue": TALK, "summary1": "A", "summary2": "B", "summary3": "C"},
        {"dialogue": TALK, "summary": "They  part."},
    )
    three, one = read_format("dialogsum", path)
    assert three.source == dialogue_summary_prompt(TALK)
    assert (three.target, three.golds) == ("A", ("A", "B", "C"))
    assert (one.target, one.golds) == ("They part.", ("They part.",))
    assert one.group == three.group


def test_samsum(tmp_path: Path) -> None:
    path = write(
        tmp_path / "val.json.gz", json.dumps([{"dialogue": "A: Hi\r\nB: Bye", "summary": "S. "}])
    )
    [example] = read_format("samsum", path)
    assert example.source == dialogue_summary_prompt("A: Hi\nB: Bye")
    assert example.target == "S."


def test_squad_with_an_impossible_question(tmp_path: Path) -> None:
    answers = [{"text": "France", "answer_start": 0}, {"text": "in France", "answer_start": 0}]
    questions = [
        {"id": "1", "question": "Where?", "answers": answers, "is_impossible": False},
        {"id": "2", "question": "Why?", "answers": [], "is_impossible": True},
    ]
    paragraph = {"context": "Normandy is in France.", "qas": questions}
    path = write(
        tmp_path / "dev.json", json.dumps({"data": [{"title": "x", "paragraphs": [paragraph]}]})
    )
    where, why = read_format("squad", path)
    assert where.source == build_prompt("Where?", ["Normandy is in France."], PromptStyle())
    assert where.golds == ("France", "in France")
    assert (why.target, why.group) == ("unanswerable", where.group)


def test_treebank_spacing_is_undone(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "train.jsonl",
        {
            "context": "He said , \" go \" ( in 1999 -- 2000 ) ; it is n't Snell 's .",
            "question": "What did he say ?",
            "answer": "go",
        },
    )
    [example] = read_format("squad-lines", path)
    text = "He said, \"go\" (in 1999–2000); it isn't Snell's."
    assert example.source == build_prompt("What did he say?", [text], PromptStyle())


def test_qed_joins_the_parts_of_an_answer_and_drops_paragraphs_seen_in_training(
    tmp_path: Path,
) -> None:
    seen, fresh = "Love is old and the hills are older than love is .", "Clouds are wet ."
    asked = {"paragraph_text": seen, "question_text": "who"}
    train = lines(
        tmp_path / "train_all.jsonl.gz",
        asked | {"answer_text": ["A B", "C"]},
        asked | {"answer_text": [""]},
    )
    [read] = read_format("qed", train)
    assert read.target == "A B, C"
    said = [[{"string": "A"}, {"string": "B"}], [{"string": "C - D"}]]
    dev = lines(
        tmp_path / "qed-dev.jsonlines",
        {"paragraph_text": f"So: {seen}", "question_text": "who", "original_nq_answers": said},
        {"paragraph_text": fresh, "question_text": "who", "original_nq_answers": said},
    )
    [kept] = read_format("qed", dev)
    assert kept.golds == ("A, B", "C-D")
    assert kept.source == build_prompt("who?", ["Clouds are wet."], PromptStyle())


def test_fairytaleqa(tmp_path: Path) -> None:
    head = "story_name,content,question,answer1,answer2,ex_or_im\n"
    path = write(
        tmp_path / "test.csv", head + 'x,"a strange - looking , old woman .",who ?,a woman .,her,\n'
    )
    [example] = read_format("fairytaleqa", path)
    prompt = build_prompt("who?", ["a strange-looking, old woman."], PromptStyle())
    assert (example.source, example.golds) == (prompt, ("a woman.", "her"))


def test_flan_rationales_are_read_back_as_reasoning_and_answer(tmp_path: Path) -> None:
    path = write(tmp_path / "creak_train.tsv", f"{QUESTION}\tyes\tLight scatters.\n")
    [example] = read_format("flan-cot", path)
    asked = "Is the sky blue?\nOptions:\n- yes\n- no"
    assert example.source == open_question_prompt(asked, chain_of_thought=True)
    reasoning, answer = part_reasoning(example.target, PromptStyle(chain_of_thought=True))
    assert (reasoning, answer.rstrip("."), example.golds) == ("Light scatters.", "yes", ("yes",))
    [direct] = read_format("flan-cot", path, chain_of_thought=False)
    assert direct.source == open_question_prompt(asked, chain_of_thought=False)
    assert (direct.target, direct.group) == ("yes", example.group)


def test_gsm8k_and_strategyqa(tmp_path: Path) -> None:
    sums = lines(
        tmp_path / "test.jsonl",
        {"question": "2+3?", "answer": "It is 2+3 = <<2+3=5>>5 eggs.\n#### 5"},
    )
    assert read_format("gsm8k", sums)[0].target == "It is 2+3 = 5 eggs. The answer is 5."
    facts = [{"question": "Is it?", "answer": False, "facts": ["It is not.", "So."]}]
    said = write(tmp_path / "dev.json", json.dumps(facts))
    assert read_format("strategyqa", said)[0].target == "It is not. So. The answer is no."


def test_t0_takes_few_wordings_of_each_question_and_no_foreign_mark(tmp_path: Path) -> None:
    path = tmp_path / "t0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for template in range(5):
            rows = [
                {"prompt": f"wording {template}: {asked}\n", "completion": f"{asked}<|endoftext|>"}
                for asked in ("one", "two", "two")
            ]
            content = "\n".join(map(json.dumps, rows)).encode()
            for name in ("quoref", "imdb"):
                member = tarfile.TarInfo(f"./{name}_Template_{template}.jsonl")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    examples = read_format("t0", path)
    assert {example.task for example in examples} == {"t0-quoref"}
    assert {example.target for example in examples} == {"one", "two"}
    by_group = {group: [e for e in examples if e.group == group] for group in
                {e.group for e in examples}}  # fmt: skip
    assert sum(example.target == "one" for example in examples) == 3
    assert max(map(len, by_group.values())) <= 3
    assert len({(e.source, e.target) for e in examples}) == len(examples)


def test_instructions_of_alpaca_dolly_and_self_instruct(tmp_path: Path) -> None:
    listed = [{"instruction": "Add.", "input": "1, 2", "output": "3"}]
    listed.append({"instruction": "Draw a bird.", "output": ""})
    alpaca, blank = read_format("instructions", write(tmp_path / "a.json", json.dumps(listed)))
    assert blank.target == "", "as Alpaca has some; training leaves it out"
    assert (alpaca.source, alpaca.target, alpaca.task) == ("Add.\n\n1, 2", "3", "a")
    path = lines(
        tmp_path / "d.jsonl",
        {"instruction": "Sum up.", "context": "Long.", "response": "Short."},
        {"instruction": "Say", "instances": [{"input": "", "output": "A"}, {"output": "B"}]},
    )
    assert [(e.source, e.target) for e in read_format("instructions", path)] == [
        ("Sum up.\n\nLong.", "Short."),
        ("Say", "A"),
        ("Say", "B"),
    ]


def test_ones_own_pairs(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "own.jsonl",
        {"source": "q", "target": "a"},
        {"source": "q", "target": "a", "task": "t", "group": 7, "references": ["a", "b"]},
    )
    plain, full = read_format("pairs", path)
    assert (plain.source, plain.target, plain.task) == ("q", "a", "own")
    assert full == Example("q", "a", "t", "7", ("a", "b"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("pairs", '{"source": "q"}', "line 1: needs the text target"),
        ("pairs", '{"source": "q", "target": " "}', "line 1: needs the text target"),
        ("pairs", '{"source": "", "target": "a"}', "line 1: needs the text source"),
        ("pairs", '{"source": "q", "target": "a", "references": "b"}', "references must be a list"),
        ("instructions", '{"instruction": "x"}', "line 1: needs output or response"),
        ("instructions", '{"instruction": " ", "output": "x"}', "line 1: needs the text instr"),
        ("instructions", '{"instruction": "x", "output": ["y"]}', "line 1: not an instruction"),
        ("instructions", '{"instruction": "x", "instances": [3]}', "line 1: not an instruction"),
        ("instructions", '{"instruction": "x", "instances": null}', "line 1: not an instruction"),
        ("instructions", '{"instruction": "x", "instances": []}', "line 1: needs output"),
        ("dialogsum", '{"dialogue": "x"}', "line 1: needs the text summary"),
        ("dialogsum", '{"dialogue": null, "summary": "x"}', "line 1: needs the text dialogue"),
        ("dialogsum", '{"dialogue": "x", "summary": " "}', "line 1: needs the text summary"),
        ("flan-cot", "a\tb", "line 1: 2 columns instead of 3"),
        ("flan-cot", "q\t\tr", "line 1: needs a question and an answer"),
        ("gsm8k", '{"question": "x", "answer": "5"}', "line 1: needs"),
        ("gsm8k", '{"question": "x", "answer": "5 ####"}', "line 1: needs an answer that ends"),
        ("gsm8k", '{"question": null, "answer": "a #### 5"}', "line 1: needs the text question"),
        ("strategyqa", "{}", "not a JSON list of objects"),
        ("strategyqa", '[{"question": null}]', "line 1: needs the text question"),
        (
            "strategyqa",
            '[{"question": "q", "answer": "no", "facts": []}]',
            "line 1: answer must be",
        ),
        (
            "strategyqa",
            '[{"question": "q", "answer": true, "facts": "f"}]',
            "line 1: facts must be",
        ),
        ("squad", "[]", "not a SQuAD file"),
        ("samsum", "{}x", "not valid JSON"),
        ("samsum", '[{"dialogue": null, "summary": "x"}]', "line 1: needs the text dialogue"),
        ("samsum", '[{"dialogue": "x", "summary": 3}]', "line 1: needs the text summary"),
        ("t0", "x", "cannot be read as an archive"),
        ("qed", '{"paragraph_text": "x"}', "line 1: not a row of QED"),
        ("qed", '{"answer_text": null}', "line 1: answer_text must be a list of texts"),
        ("qed", '{"original_nq_answers": [["a"]]}', "line 1: not a row of QED"),
        ("qed", '{"original_nq_answers": []}', "line 1: needs an answer"),
        ("fairytaleqa", "a,b\n1,2", "line 2: needs the text content"),
        ("fairytaleqa", f"content,question,answer1\n{'x' * 131_073},q,a", "line 2: not CSV"),
        ("cloze", '{"x": 1}', "line 1: needs the text text"),
        ("recall", '{"text": null}', "line 1: needs the text text"),
        ("qed-followups", '{"question_text": null}', "line 1: needs the text question_text"),
        (
            "qed-followups",
            '{"question_text": "q", "paragraph_text": "p", "annotation": [{}]}',
            "line 1: not an annotated row",
        ),
        ("definitions", '{"type": "definition", "book": "b"}', "line 1: needs the text"),
        ("qmsum", '{"meeting_transcripts": [{"speaker": "a"}]}', "line 1: not a meeting"),
        ("nonsense", "", "Use one of: dialogsum"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    path = write(tmp_path / "data.jsonl", content)
    with pytest.raises(LecternError, match=said):
        read_format(name, path)


@pytest.mark.parametrize("kind", ["asking", "absent"])
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("train.csv", "story_name,content,question\nx,y,z", "line 2: needs the text answer1"),
        ("squad_v11_train_subset.jsonl.gz", '{"context": "x"}', "line 1: needs the text question"),
        (
            "squad_v11_train_subset.jsonl.gz",
            '{"context": "x", "question": "q", "span": null}',
            "line 1: not a question with its span",
        ),
        ("train_all.jsonl.gz", '{"title_text": "x"}', "line 1: needs the text paragraph_text"),
        (
            "train_all.jsonl.gz",
            '{"paragraph_text": "x", "title_text": "t", "question_text": "q", "answer_spans": 1}',
            "line 1: not a row of QED",
        ),
    ],
)
def test_what_is_wrong_with_a_file_known_by_its_name_is_said_with_its_line(
    tmp_path: Path, kind: str, name: str, content: str, said: str
) -> None:
    path = write(tmp_path / name, content)
    write(tmp_path / "qed-dev.jsonlines.gz", "")
    with pytest.raises(LecternError, match=said):
        read_format(kind, path)


def test_pairs_without_a_group_are_groups_of_their_own(tmp_path: Path) -> None:
    rows = [{"source": f"q{n}", "target": "a", "group": None, "task": None} for n in range(2)]
    one, other = read_format("pairs", lines(tmp_path / "own.jsonl", *rows))
    assert one.group != other.group
    assert one.task == "own"


@pytest.mark.parametrize("name", ["pairs", "dialogsum", "instructions", "flan-cot"])
def test_an_empty_file_is_an_empty_split(tmp_path: Path, name: str) -> None:
    with pytest.raises(EmptySplit, match=r"data\.jsonl has no examples"):
        read_format(name, write(tmp_path / "data.jsonl", ""))


REAL = {
    "dialogsum": ("dialogue/dialogsum/dialogsum.train.jsonl.gz", 12_460),
    "samsum": ("dialogue/samsum/samsum-val.json.gz", 818),
    "squad": ("qa/squad_v2_dev/dev-v2.0.json.gz", 6_078),
    "squad-lines": ("qa/squad_v11_train_subset/squad_v11_train_subset.jsonl.gz", 4_284),
    "qed": ("qa/qed_nq/train_all.jsonl.gz", 7_147),
    "fairytaleqa": ("qa/fairytaleqa/train.csv.gz", 8_548),
    "t0": ("instructions/t0_50k/t0_train_50k_data_per_template.tar.gz", 4_146),
    "instructions": ("instructions/dolly_summarization/finetuning.jsonl.gz", 1_069),
    "flan-cot": ("instructions/flan_cot/ecqa_train.tsv.gz", 6_412),
    "ecqa-held": ("instructions/flan_cot/ecqa_train.tsv.gz", 700),
    "gsm8k": ("instructions/gsm8k/test.jsonl.gz", 1_319),
    "strategyqa": ("qa/strategyqa/dev.json.gz", 229),
    "absent": ("qa/qed_nq/train_all.jsonl.gz", 10_470),
    "asking": ("qa/fairytaleqa/train.csv.gz", 4_369),
    "definitions": ("qa/openstax_qa/openstax_qa.jsonl.gz", 9_462),
    "recall": ("qa/openstax_qa/modules.jsonl.gz", 13_622),
    "cloze": ("qa/openstax_qa/modules.jsonl.gz", 13_543),
    "qed-followups": ("qa/qed_nq/train_all.jsonl.gz", 2_774),
    "qmsum": ("dialogue/qmsum_academic/train.jsonl.gz", 218),
}


@pytest.mark.data
@pytest.mark.parametrize("name", REAL)
def test_the_real_files_are_read_whole(shared_data: Path, name: str) -> None:
    path, expected = REAL[name]
    examples = read_format(name, shared_data / path)
    assert len(examples) == expected
    assert all(example.source.strip() and example.target.strip() for example in examples)
    assert not any("<|endoftext|>" in example.target for example in examples)
    assert set(REAL) | {"pairs"} == set(FORMATS)
