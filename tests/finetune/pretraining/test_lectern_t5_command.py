"""One command makes a Lectern-T5 from text and instructions, in as many calls as it takes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import course_text
import pytest
from transformers import AutoTokenizer, T5ForConditionalGeneration

from benchmarks import lectern_t5


@pytest.fixture
def asked(tmp_path: Path) -> list[str]:
    """The command with text and instructions of its own."""
    corpus = course_text.write(tmp_path / "text")
    pairs = [
        {"source": f"Who reads chapter {n}?", "target": f"learner {n}", "group": str(n)}
        for n in range(12)
    ]
    (corpus.parent / "pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    sections = [{"book": "b", "module": str(n), "text": course_text.document(n)} for n in range(8)]
    place = corpus.parent / "qa" / "openstax_qa"
    place.mkdir(parents=True)
    (place / "modules.jsonl.gz").write_bytes(
        gzip.compress("\n".join(map(json.dumps, sections)).encode())
    )
    mixture = tmp_path / "mixture.toml"
    mixture.write_text(
        '[[source]]\nformat = "pairs"\npath = "pairs.jsonl"\n'
        '[[eval]]\nformat = "pairs"\npath = "pairs.jsonl"\nlimit = 2\n'
    )
    folders = ["--data", str(corpus.parent), "--out", str(tmp_path / "t5")]
    return ["--size", "tiny", "--corpus", str(corpus), "--mixture", str(mixture), *folders]


def test_a_call_that_ran_out_of_time_is_gone_on_with_until_there_is_a_t5(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        lectern_t5.main([*asked, "--minutes", "0.0001"])
    assert ended.value.code == lectern_t5.STOPPED
    assert "goes on" in capsys.readouterr().out

    lectern_t5.main([*asked, "--device", "cpu"])

    made = tmp_path / "t5" / "tiny"
    model = T5ForConditionalGeneration.from_pretrained(made, local_files_only=True)
    words = AutoTokenizer.from_pretrained(made, local_files_only=True)
    assert len(words) == model.config.vocab_size == lectern_t5.PIECES["tiny"]
    trained = json.loads((made / "training.json").read_text())
    assert trained["settings"]["steps"] == 2


def test_what_a_verb_refuses_ends_it(
    asked: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text" / "corpus.toml").write_text("text = 3\n")

    with pytest.raises(SystemExit) as ended:
        lectern_t5.main(asked)

    assert ended.value.code == 1
    assert "corpus.toml" in capfd.readouterr().err
    assert not (tmp_path / "t5" / "tiny-pretrained").exists()
