"""`lectern eval` end to end: the product's own assistant over a small index, and a BEIR folder."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.commands import eval_app
from evaluation.jsonl import read_objects
from ingestion.errors import LecternError
from ingestion.pipeline import ingest

LORA = """# LoRA

LoRA freezes the weights of the model. It trains two low-rank matrices for each layer instead.

## Memory

Storing a model of one billion parameters at full precision takes four gigabytes.
"""
RLHF = """# RLHF

The reward model scores completions by human preference. PPO then updates the policy.
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("eval")
    course = folder / "tuning"
    (course / "notes").mkdir(parents=True)
    (course / "notes" / "lora.md").write_text(LORA)
    (course / "rlhf.md").write_text(RLHF)
    ingest([course], folder / "index")
    return folder / "index"


def write_lines(path: Path, *lines: dict[str, object]) -> str:
    path.write_text("\n".join(map(json.dumps, lines)))
    return str(path)


def test_answers_end_to_end_and_again(index: Path, tmp_path: Path) -> None:
    questions = write_lines(
        tmp_path / "q.jsonl",
        {
            "id": 1,
            "question": "What does LoRA freeze?",
            "answers": ["the weights of the model"],
            "source": "lora.md",
            "evidence": "LoRA freezes the weights of the model.",
        },
        {
            "id": 2,
            "question": "And what does it train instead?",
            "answers": ["two low-rank matrices"],
            "source": "notes/lora.md",
            "evidence": ["low-rank matrices"],
            "history": [["What does LoRA freeze?", "The weights of the model."]],
        },
    )
    hopeless = write_lines(
        tmp_path / "u.jsonl", {"id": "u", "question": "Who won the 1998 football world cup?"}
    )
    out = tmp_path / "new" / "R.json"
    options = ["answers", "--index", str(index), "--questions", questions, "--out", str(out)]
    options += ["--unanswerable", hopeless, "--answerer", "extractive", "--course", "tuning"]
    result = CliRunner().invoke(eval_app, options, catch_exceptions=False)
    assert result.exit_code == 0
    report = json.loads(out.read_text())
    figures = {name: figure["value"] for name, figure in report["figures"].items()}
    assert figures["recall@1"] == figures["evidence@1"] == figures["evidence@prompt"] == 1.0
    assert figures["abstention_recall"] == 1.0
    # The extractive answerer quotes, so its sentences stand where it says.
    assert figures["citation_in_source"] == figures["faithfulness"] == 1.0
    assert figures["cited_passage_on_evidence"] == 1.0
    assert report["groups"]["format: markdown"]["recall@1"]["n"] == 2
    assert report["sources_not_found"] == []
    assert report["settings"]["answerer"] == "extractive"
    assert set(report["data"]) == {"questions", "unanswerable"}
    rows = [json.loads(line) for line in (out.parent / "R.rows.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["1", "2", "u"]
    assert rows[0]["retrieved"][0]["source"] == "notes/lora.md"
    assert rows[0]["citations"][0]["file"] == "notes/lora.md"
    assert rows[0]["measures"]["citation_holds_answer"] == 1.0
    assert rows[0]["faithfulness"]["sentences"][0]["support"] > 0.8
    assert "faithfulness" not in rows[2]
    assert rows[2]["answer"] == "" and rows[2]["nearest"]
    assert "evidence in 5,000 characters" in result.output
    assert "format: markdown" in result.output

    again = CliRunner().invoke(eval_app, options, catch_exceptions=False)
    assert "3 rows are from an earlier run" in again.output
    fresh = CliRunner().invoke(eval_app, [*options, "--fresh", "--limit", "1"])
    assert json.loads(out.read_text())["counts"] == {
        "questions": 1,
        "unanswerable": 1,
        "rows_resumed": 0,
    }
    assert fresh.exit_code == 0


def test_what_was_read_comes_first_and_the_ranking_goes_on(index: Path, tmp_path: Path) -> None:
    from chatbot.chain import open_assistant
    from chatbot.options import AskOptions
    from evaluation.assistant_subject import AssistantSubject

    assistant = open_assistant(index, answerer="extractive")
    shallow = assistant.ask("What does LoRA freeze?", options=AskOptions(k=1))
    deep = AssistantSubject(assistant, AskOptions(k=1)).ask("What does LoRA freeze?", [])
    assert len(shallow.passages) == 1 < len(deep.passages)
    assert deep.passages[0].chunk_id == shallow.passages[0].chunk_id
    assert len({passage.chunk_id for passage in deep.passages}) == len(deep.passages)
    assert deep.text == shallow.text
    assert "".join(deep.given) in shallow.passages[0].text


def test_an_index_made_anew_of_other_documents_is_told_from_the_first(tmp_path: Path) -> None:
    from chatbot.chain import open_assistant
    from evaluation.assistant_subject import AssistantSubject

    course, folder = tmp_path / "course", tmp_path / "index"
    course.mkdir()
    found = []
    for text in (RLHF, RLHF.replace("human", "wild")):
        (course / "rlhf.md").write_text(text)
        shutil.rmtree(folder, ignore_errors=True)
        ingest([course], folder)
        assistant = open_assistant(folder, answerer="extractive")
        found.append(AssistantSubject(assistant, assistant.default_options()).settings())
        assistant.index.close()

    assert found[0]["generation"] == found[1]["generation"]
    assert found[0]["documents"] != found[1]["documents"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            '{"id": "1", "question": "?", "answers": ["x"]}\n{"id": "2"}\n',
            "q.jsonl, line 2: question",
        ),
        ("\n", "q.jsonl holds no questions"),
    ],
    ids=["malformed", "empty"],
)
def test_a_file_that_is_no_run_fails_before_anything_is_asked(
    index: Path, tmp_path: Path, lines: str, told: str
) -> None:
    questions, out = tmp_path / "q.jsonl", tmp_path / "R.json"
    questions.write_text(lines)
    result = CliRunner().invoke(
        eval_app,
        ["answers", "--index", str(index), "--questions", str(questions), "--out", str(out)],
    )
    assert isinstance(result.exception, LecternError)
    assert told in str(result.exception)
    assert not out.exists()


@pytest.mark.parametrize(
    "line", ['{"id": ' + "1" * 5000 + "}", '{"id": ' + "[" * 100_000], ids=["number", "depth"]
)
def test_json_that_python_will_not_read_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(f"\n{line}\n")
    with pytest.raises(LecternError, match=r"q\.jsonl, line 2: not JSON"):
        list(read_objects(file))


@pytest.mark.parametrize(
    "arguments",
    [
        ["answers", "--out", "R.json"],
        ["answers", "--questions", "none.jsonl", "--out", "R.json"],
        ["retrieval", "--beir", "none", "--out", "R.json"],
        ["retrieval", "--beir", ".", "--out", "R.json", "--weight", "2"],
        ["retrieval", "--beir", ".", "--out", "R.json", "--fit-weight", "test"],
        ["retrieval", "--beir", ".", "--out", "R.json", "--split", "dev", "--fit-weight", "dev"],
        ["retrieval", "--beir", ".", "--out", "R.json", "--weight", ".5", "--fit-weight", "dev"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(eval_app, arguments).exit_code == 2


def test_retrieval_end_to_end(tmp_path: Path) -> None:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    write_lines(
        folder / "corpus.jsonl",
        {"_id": "lora", "title": "LoRA", "text": LORA},
        {"_id": "rlhf", "title": "RLHF", "text": RLHF},
    )
    write_lines(
        folder / "queries.jsonl",
        {"_id": "a", "text": "adapters that freeze the model"},
        {"_id": "b", "text": "human feedback"},
        {"_id": "c", "text": "what low-rank matrices are for"},
        {"_id": "d", "text": "how a policy is updated"},
    )
    (folder / "qrels" / "dev.tsv").write_text("a\tlora\t1\nb\trlhf\t1\n")
    (folder / "qrels" / "test.tsv").write_text("c\tlora\t1\nd\trlhf\t1\n")
    out = tmp_path / "R.json"
    options = ["--split", "dev", "--weight", "0.25"]
    result = CliRunner().invoke(
        eval_app,
        ["retrieval", "--beir", str(folder), "--out", str(out), *options],
        catch_exceptions=False,
    )
    assert result.exit_code == 0
    report = json.loads(out.read_text())
    assert report["settings"]["weight"] == 0.25
    for leg in ("lexical", "dense", "fusion"):
        assert report["figures"][leg]["ndcg@10"]["value"] == 1.0
    assert "ndcg@10" in result.output
    rows = [json.loads(line) for line in (tmp_path / "R.rows.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["a", "b"]
    assert rows[1]["top"]["lexical"][0][0] == "rlhf"
    assert "fusion − lexical" in result.output
    assert not list(tmp_path.glob("R.unfinished*")), "kept for a run that is killed alone"

    options = ["--fit-weight", "dev", "--limit", "1", "--work", str(tmp_path / "kept")]
    again = CliRunner().invoke(
        eval_app,
        ["retrieval", "--beir", str(folder), "--out", str(out), *options],
        catch_exceptions=False,
    )
    assert again.exit_code == 0
    report = json.loads(out.read_text())
    assert report["counts"] == {"documents": 2, "queries": 1}
    assert (report["settings"]["split"], report["settings"]["fit_on"]) == ("test", "dev")
    assert report["settings"]["weight"] == report["fit"]["weight"]
    assert set(report["data"]) == {"corpus.jsonl", "queries.jsonl", "test.tsv", "dev.tsv"}
    assert list((tmp_path / "kept").rglob("*.npy"))
