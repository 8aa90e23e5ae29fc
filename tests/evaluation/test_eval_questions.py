import json
from pathlib import Path

import pytest

from evaluation.questions import load_questions, load_unanswerable, shared_ids
from ingestion.errors import LecternError

GOOD = {"id": "a", "question": "Why?", "answers": ["because"], "source": "W1.pdf", "evidence": "E"}


def write(path: Path, *lines: object) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def test_strings_and_lists_blank_lines_and_extra_fields(tmp_path: Path) -> None:
    both = {**GOOD, "id": 7, "source": ["a.md", "b.md"], "evidence": ["x", "y"], "page": 3}
    told = {**GOOD, "id": "c", "history": [["q1", "a1"], ["q2", "a2"]]}
    path = write(tmp_path / "q.jsonl", GOOD, "", both, "   ", told, "")
    first, second, third = load_questions(path)
    assert (first.source, first.evidence, first.history) == (("W1.pdf",), ("E",), ())
    assert (second.id, second.source, second.evidence) == ("7", ("a.md", "b.md"), ("x", "y"))
    assert second.model_dump()["page"] == 3
    assert third.history == (("q1", "a1"), ("q2", "a2"))


def test_source_and_evidence_may_be_left_out(tmp_path: Path) -> None:
    (question,) = load_questions(
        write(tmp_path / "q.jsonl", {"id": "a", "question": "Why?", "answers": "so"})
    )
    assert (question.answers, question.source, question.evidence) == (("so",), (), ())


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{not json", "not JSON"),
        ("[1, 2]", "a JSON list, not an object"),
        ({"id": "b", "question": "Why?"}, "answers"),
        ({**GOOD, "id": "b", "answers": []}, "answers"),
        ({**GOOD, "id": "b", "answers": ["the"]}, "answers"),
        ({**GOOD, "id": "b", "question": "  "}, "question"),
        ({**GOOD, "id": "b", "evidence": "—"}, "evidence"),
        ({**GOOD, "id": "b", "history": [["only a question"]]}, "history"),
        ({**GOOD, "id": "b", "source": 5}, "source"),
        ({**GOOD, "id": True}, "id"),
        ({**GOOD, "id": ""}, "id"),
        (GOOD, "the id 'a' is already that of line 1"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: object, complaint: str) -> None:
    path = write(tmp_path / "q.jsonl", GOOD, "", line)
    with pytest.raises(LecternError) as raised:
        load_questions(path, limit=1)
    assert f"{path}, line 3: " in str(raised.value)
    assert complaint in str(raised.value)


def test_unanswerable_lines_and_limit(tmp_path: Path) -> None:
    path = write(tmp_path / "u.jsonl", *({"id": f"u{i}", "question": "?"} for i in range(4)))
    assert [u.id for u in load_unanswerable(path, limit=2)] == ["u0", "u1"]
    assert len(load_unanswerable(path)) == 4


def test_ids_in_both_files_are_found(tmp_path: Path) -> None:
    questions = load_questions(write(tmp_path / "q.jsonl", GOOD))
    nothing = load_unanswerable(write(tmp_path / "u.jsonl", {"id": "a", "question": "?"}))
    assert shared_ids(questions, nothing) == ["a"]


def test_missing_file_and_wrong_encoding(tmp_path: Path) -> None:
    with pytest.raises(LecternError, match="cannot be read"):
        load_questions(tmp_path / "none.jsonl")
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes('{"id": "é"}'.encode("latin-1"))
    with pytest.raises(LecternError, match="not UTF-8"):
        load_questions(latin)
