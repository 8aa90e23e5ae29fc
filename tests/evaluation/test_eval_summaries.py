"""`lectern eval summaries`: loaders, rows, figures, floors, and the command itself."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_engine import ScriptedEngine
from stub_encoder import StubEncoder
from typer.testing import CliRunner

from evaluation.commands import eval_app
from evaluation.rouge import rouge
from evaluation.runs import load_run, measures_of
from evaluation.summaries import own_file
from evaluation.summaries.baselines import baselines
from evaluation.summaries.evaluate import evaluate_summaries
from evaluation.summaries.example import SummaryExample, SummarySet
from evaluation.summaries.extractiveness import extractiveness
from evaluation.summaries.key_points import KeyPointCover
from evaluation.summaries.sets import load_dialogues
from evaluation.summaries.summarizer import Summarizer
from ingestion.encoders.factory import load_encoder
from ingestion.errors import LecternError

DIALOGUE = "#Person1#: Where is Ann?\n#Person2#: She is ill.\n#Person1#: Oh no.\n#Person2#: Yes."
SET = SummarySet(
    "two",
    (
        SummaryExample("a", DIALOGUE, ("Ann is ill.", "#Person2# says that Ann is ill.")),
        SummaryExample("b", "Ducks swim. Swans fly. Geese walk. Hens run.", ("Birds move.",)),
    ),
    max_words=8,
    data={"two.jsonl": "0"},
    constant="Somebody talks.",
)


def run(rows: Path, summarize: Callable[[SummaryExample], str], **settings: Any) -> dict[str, Any]:
    return evaluate_summaries(SET, summarize, rows=rows, settings=settings, with_baselines=True)


def said(example: SummaryExample) -> str:
    return {"a": "Ann is ill.", "b": "Ducks swim."}[example.id]


def test_figures_of_the_summaries_and_of_the_trivial_ones(tmp_path: Path) -> None:
    report = run(tmp_path / "r.rows.jsonl", said)
    assert list(report["figures"]) == ["summary", "lead-3", "constant"]
    mean = (rouge("Ann is ill.", SET.examples[0].references).mean["rouge1"] + 0) / 2
    assert report["figures"]["summary"]["rouge1"]["value"] == pytest.approx(mean, abs=1e-6)
    assert report["figures"]["summary"]["rouge1_best"]["value"] == pytest.approx(0.5)
    assert report["figures"]["summary"]["words"]["value"] == 2.5
    assert report["figures"]["constant"]["copied_1"]["value"] == 0.0
    difference = report["comparisons"]["summary − constant"]["rouge1"]["difference"]
    assert difference["value"] == pytest.approx(mean, abs=1e-6)
    assert report["data"] == {"two.jsonl": "0"}


def test_lead_is_three_turns_of_a_dialogue_and_three_sentences_of_a_text() -> None:
    dialogues = SummarySet("d", SET.examples[:1], 8, {}, turns=True)
    assert baselines(dialogues, SET.examples[0])["lead-3"].splitlines() == DIALOGUE.splitlines()[:3]
    assert baselines(SET, SET.examples[1])["lead-3"] == "Ducks swim.\nSwans fly.\nGeese walk."


def test_lead_for_key_points_is_as_long_as_a_summary_may_be() -> None:
    example = SummaryExample("c", "One two three. Four five six. Seven eight nine.", points=("x",))
    found = baselines(SummarySet("s", (example,), 7, {}), example)
    assert found["lead"] == "One two three.\nFour five six."


def test_a_run_that_broke_off_goes_on_and_other_settings_start_afresh(tmp_path: Path) -> None:
    rows = tmp_path / "r.rows.jsonl"

    def breaks(example: SummaryExample) -> str:
        if example.id == "b":
            raise LecternError("The engine went away.")
        return said(example)

    with pytest.raises(LecternError, match="went away"):
        run(rows, breaks)
    with rows.open("a") as file:
        file.write('{"id": "b", "summ')  # torn in the middle of a line
    asked: list[str] = []

    def counting(example: SummaryExample) -> str:
        asked.append(example.id)
        return said(example)

    again = run(rows, counting)
    assert asked == ["b"]
    assert again["counts"] == {"examples": 2, "rows_resumed": 1}
    assert again["figures"] == run(tmp_path / "whole.rows.jsonl", said)["figures"]
    run(rows, counting, adapter="other")
    assert asked == ["b", "a", "b"]


def test_rows_can_be_compared_with_those_of_another_run(tmp_path: Path) -> None:
    report = run(tmp_path / "r.rows.jsonl", said)
    (tmp_path / "r.json").write_text(json.dumps(report))
    loaded = load_run(tmp_path / "r.json")
    assert measures_of(loaded.rows["a"])["summary/rouge1"] == pytest.approx(
        rouge("Ann is ill.", SET.examples[0].references).mean["rouge1"]
    )
    assert loaded.legs["lead-3"]["rouge1"].n == 2


def test_key_points_and_their_check(tmp_path: Path) -> None:
    birds = "Ducks swim in ponds. Hens lay brown eggs."
    machines = "Engines burn fuel. Motors turn wheels."
    measured = SummarySet(
        "points",
        (
            SummaryExample("birds", birds, points=("Ducks swim in ponds.", "Hens lay eggs.")),
            SummaryExample("machines", machines, points=("Engines burn fuel.",)),
        ),
        max_words=5,
        data={},
    )
    report = evaluate_summaries(
        measured,
        lambda example: example.text.split(".")[0] + ".",
        rows=tmp_path / "r.rows.jsonl",
        settings={},
        cover=KeyPointCover(load_encoder()),
    )
    figures = report["figures"]["summary"]
    assert figures["points"]["value"] == pytest.approx((1 / 2 + 1) / 2)
    assert figures["points_of_others"]["value"] == 0.0
    assert "rouge1" not in figures
    assert report["check"]["own_document"]["value"] == 1.0
    assert report["check"]["other_document"]["value"] == 0.0


def test_the_product_summarizes_by_the_engine_or_by_picking_sentences() -> None:
    engine = ScriptedEngine(lambda prompt: "Ann is ill. Pigs can fly to Mars tomorrow.")
    example = SET.examples[0]
    encoder = load_encoder()
    picked = Summarizer(None, encoder, 6, turns=True)
    assert extractiveness(picked(example), DIALOGUE)["copied_1"] == 1.0
    assert picked.settings()["summarizer"] == "extractive"
    kept = Summarizer(engine, encoder, 50, turns=True)
    assert kept(example) == "Ann is ill."
    assert engine.prompts[-1].startswith("Here is a dialogue:")
    assert Summarizer(engine, encoder, 50, as_written=True)(example).endswith("Mars tomorrow.")
    asked = SummaryExample("q", DIALOGUE, ("x",), query="Who is ill?")
    Summarizer(engine, StubEncoder(), 50)(asked)
    assert engine.prompts[-1].endswith("\n\nWho is ill?")


def packed(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode()))


def test_dialogsum_has_all_its_references(tmp_path: Path) -> None:
    line = {"fname": "t0", "dialogue": DIALOGUE, "summary1": "A.", "summary2": "B.", "topic1": "x"}
    packed(tmp_path / "dialogsum.test.jsonl.gz", json.dumps(line) + "\n")
    measured = load_dialogues("dialogsum", tmp_path, "test")
    assert measured.examples == (SummaryExample("t0", DIALOGUE, ("A.", "B.")),)
    assert list(measured.data) == ["dialogsum.test.jsonl.gz"]
    packed(tmp_path / "dialogsum.dev.jsonl.gz", json.dumps(line) + '\n{"fname": "t1"}\n')
    with pytest.raises(LecternError, match=r"dev\.jsonl\.gz, line 2: needs"):
        load_dialogues("dialogsum", tmp_path, "dev")
    with pytest.raises(LecternError, match="no split 'tset'"):
        load_dialogues("dialogsum", tmp_path, "tset")


def test_samsum_names_a_bad_entry(tmp_path: Path) -> None:
    entry = {"id": "1", "dialogue": "Ann: hi\r\nBob: ho", "summary": "They greet."}
    packed(tmp_path / "samsum-test.json.gz", json.dumps([entry]))
    (example,) = load_dialogues("samsum", tmp_path, "test").examples
    assert example.text == "Ann: hi\nBob: ho"
    packed(tmp_path / "samsum-test.json.gz", json.dumps([entry, {"id": "2"}]))
    with pytest.raises(LecternError, match="entry 2 lacks"):
        load_dialogues("samsum", tmp_path, "test")


MEETING = {
    "general_query_list": [{"query": "Summarize", "answer": "All."}],
    "specific_query_list": [
        {"query": "Why?", "answer": "Noise.", "relevant_text_span": [["1", "1"], ["2", "2"]]}
    ],
    "meeting_transcripts": [
        {"speaker": "A", "content": "One {vocalsound} ."},
        {"speaker": "B", "content": "Two ."},
        {"speaker": "A", "content": "Three ."},
    ],
}


def test_qmsum_gives_a_query_the_turns_it_is_about(tmp_path: Path) -> None:
    packed(tmp_path / "test.jsonl.gz", json.dumps(MEETING) + "\n")
    whole, part = load_dialogues("qmsum", tmp_path, "test").examples
    assert whole.text == "A: One .\nB: Two .\nA: Three ."
    assert part.text == "B: Two .\nA: Three ."
    assert part.query == "Why?"
    assert whole.cluster == part.cluster
    broken = json.loads(json.dumps(MEETING))
    broken["specific_query_list"][0]["relevant_text_span"] = [["1", "9"]]
    packed(tmp_path / "test.jsonl.gz", json.dumps(MEETING) + "\n" + json.dumps(broken) + "\n")
    with pytest.raises(LecternError, match="line 2: not a meeting"):
        load_dialogues("qmsum", tmp_path, "test")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"id": 1, "text": " ", "summary": "x"}', "text"),
        ('{"id": 1, "text": "x"}', "neither references nor key points"),
        ('{"id": 1, "text": "x", "summary": [1]}', "summary"),
        ("{", "not JSON"),
    ],
)
def test_a_malformed_line_of_ones_own_is_named(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"id": 0, "text": "Ducks swim.", "summary": "They swim."}\n' + line + "\n")
    with pytest.raises(LecternError, match=f"line 2: .*{why}"):
        own_file.load(path)


def test_the_command_end_to_end_and_again(tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    lines: list[dict[str, object]] = [
        {"id": "d", "dialogue": "Ann says that ducks swim well in ponds. Bob agrees with all.",
         "summary": "Ducks swim well."},
        {"id": "e", "text": "The engine of the old car burns far too much fuel these days.",
         "references": ["It burns fuel."], "points": ["The engine burns much fuel."]},
    ]  # fmt: skip
    own.write_text("\n".join(map(json.dumps, lines)))
    out = tmp_path / "r.json"
    arguments = ["summaries", "--file", str(own), "--out", str(out), "--answerer", "extractive",
                 "--baselines"]  # fmt: skip
    first = CliRunner().invoke(eval_app, arguments, catch_exceptions=False)
    assert first.exit_code == 0, first.output
    report = json.loads(out.read_text())
    assert report["counts"] == {"examples": 2, "rows_resumed": 0}
    assert report["figures"]["summary"]["copied_1"]["value"] == 1.0
    assert report["figures"]["summary"]["points"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert report["settings"]["summarizer"] == "extractive"
    assert report["data"]["own.jsonl"]
    assert "ROUGE-1" in first.output
    CliRunner().invoke(eval_app, arguments, catch_exceptions=False)
    assert json.loads(out.read_text())["counts"]["rows_resumed"] == 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [([], "--set or --file"), (["--set", "samsum"], "--data")],
)
def test_what_is_missing_is_said(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    command = ["summaries", "--out", str(tmp_path / "r.json"), *arguments]
    found = CliRunner().invoke(eval_app, command)
    assert found.exit_code == 2
    assert complaint in found.output


@pytest.mark.data
def test_the_trivial_floors_of_dialogsum(shared_data: Path) -> None:
    """ROUGE-1 about .253 for one constant sentence, .271 for the first three turns."""
    measured = load_dialogues("dialogsum", shared_data / "dialogue" / "dialogsum", "test")
    assert len(measured.examples) == 500
    found: dict[str, float] = {}
    for example in measured.examples:
        for name, summary in baselines(measured, example).items():
            score = rouge(summary, example.references).mean["rouge1"]
            found[name] = found.get(name, 0.0) + score / 500
    assert found["constant"] == pytest.approx(0.253, abs=0.01)
    assert found["lead-3"] == pytest.approx(0.271, abs=0.005)


@pytest.mark.data
@pytest.mark.parametrize(("name", "folder", "examples"), [
    ("samsum", "samsum", 819), ("qmsum", "qmsum_academic", 58),
])  # fmt: skip
def test_real_sets_load_whole(shared_data: Path, name: str, folder: str, examples: int) -> None:
    measured = load_dialogues(name, shared_data / "dialogue" / folder, "test")
    assert len(measured.examples) == examples
    assert len({example.id for example in measured.examples}) == examples
    assert all(example.text.strip() for example in measured.examples)
