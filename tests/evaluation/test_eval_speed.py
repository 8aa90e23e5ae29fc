"""`lectern eval speed`: every stage timed, killed runs go on, finished ones start anew."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_t5
from typer.testing import CliRunner

from chatbot.chain import open_assistant
from chatbot.engines.base import Decoding
from evaluation.cold_start import cold_starts
from evaluation.commands import eval_app
from evaluation.peak_memory import peak_memory_mb
from evaluation.questions import Unanswerable
from evaluation.speed import (
    finished_rows,
    speed_report,
    stage_figures,
    time_answers,
    unfinished_path,
)
from evaluation.speed_table import speed_tables
from ingestion.errors import LecternError
from ingestion.pipeline import ingest

TEXT = """# LoRA

LoRA freezes the weights of the model. It trains two low-rank matrices for each layer instead.

## Memory

Storing a model of one billion parameters at full precision takes four gigabytes.
"""
QUESTIONS = [
    Unanswerable(id="1", question="What does LoRA freeze?"),
    Unanswerable(id="2", question="How much memory does a billion parameters take?"),
    Unanswerable(
        id="3", question="And what does it train?", history=(("What does LoRA freeze?", "Weights"),)
    ),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("speed")
    (folder / "tuning").mkdir()
    (folder / "tuning" / "lora.md").write_text(TEXT)
    ingest([folder / "tuning"], folder / "index")
    return folder / "index"


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_t5.build(tmp_path_factory.mktemp("models") / "tiny-t5")


def question_file(folder: Path) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("\n".join(question.model_dump_json() for question in QUESTIONS))
    return path


def test_percentiles_are_those_of_the_rows() -> None:
    rows = [{"timings": {"total": float(n), "load": 9.0}, "tokens": 0} for n in range(1, 101)]
    rows.append({"timings": {"total": 101.0, "first_token": 0.5}, "tokens": 0})
    figures = stage_figures(rows)
    assert figures["total_seconds_p50"] == {"value": 51.0, "n": 101}
    assert figures["total_seconds_p99"]["value"] == pytest.approx(np.percentile(range(1, 102), 99))
    assert figures["first_token_seconds_p95"] == {"value": 0.5, "n": 1}
    assert not any(name.startswith(("load", "prompt")) for name in figures)


def test_every_stage_of_both_answerers_and_tokens_a_second(
    index: Path, generator: Path, tmp_path: Path
) -> None:
    assistant = open_assistant(index, model=str(generator), abstain_below=0.0)
    decoding = Decoding(max_new_tokens=6)
    timed, settings = {}, {}
    for name in ("extractive", "generative"):
        options = assistant.default_options().model_copy(
            update={"answerer": name, "decoding": decoding}
        )
        timed[name], settings[name] = time_answers(
            assistant, options, QUESTIONS, rows=tmp_path / f"{name}.jsonl", warm_up=1
        )
    report = speed_report(
        timed, settings, cold={}, peaks={"extractive": 1.0, "generative": 2.0},
        load_before=(0.5, 0.5, 0.5), data={},
    )  # fmt: skip
    by_words, written = report["figures"]["extractive"], report["figures"]["generative"]
    for stage in ("rewrite", "retrieve", "answer", "total"):
        assert by_words[f"{stage}_seconds_p50"]["n"] == written[f"{stage}_seconds_p50"]["n"] == 3
    assert "prompt_seconds_p50" not in by_words and "tokens_per_second" not in by_words
    for stage in ("prompt", "generate", "attribute", "first_token"):
        assert written[f"{stage}_seconds_p50"]["value"] > 0
    rows = timed["generative"]
    assert all(row["tokens"] > 0 for row in rows)
    speed = sum(row["tokens"] for row in rows) / sum(row["timings"]["generate"] for row in rows)
    assert written["tokens_per_second"]["value"] == pytest.approx(speed, rel=1e-6)
    assert written["peak_memory_mb"]["value"] == 2.0
    assert report["settings"]["generative"]["options"]["decoding"]["max_new_tokens"] == 6
    merged = finished_rows(timed)
    assert [row["id"] for row in merged] == ["1", "2", "3"]
    assert merged[0]["measures"]["extractive"]["total_seconds"] > 0
    assert merged[0]["measures"]["generative"]["tokens"] == rows[0]["tokens"]
    titles = [str(table.title) for table in speed_tables(report)]
    assert titles[0].startswith("extractive: 3 questions")


def test_a_killed_run_goes_on(index: Path, tmp_path: Path) -> None:
    assistant = open_assistant(index, answerer="extractive")
    options = assistant.default_options().model_copy(update={"answerer": "extractive"})
    rows = tmp_path / "rows.jsonl"
    first, _ = time_answers(assistant, options, QUESTIONS[:2], rows=rows)
    with rows.open("a") as file:
        file.write('{"id": "3", "torn')
    again, _ = time_answers(assistant, options, QUESTIONS, rows=rows)
    assert again[:2] == first, "their seconds are those of the run that was killed"
    assert again[2]["id"] == "3"
    others = options.model_copy(update={"k": 1})
    assert time_answers(assistant, others, QUESTIONS[:1], rows=rows)[0] != first[:1]


def test_end_to_end_and_again(index: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "S.json"
    arguments = ["speed", "--index", str(index), "--questions", str(question_file(tmp_path))]
    arguments += ["--out", str(out), "--cold", "1", "--limit", "2", "--warm-up", "1"]
    result = CliRunner().invoke(eval_app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    report = json.loads(out.read_text())
    figures = report["figures"]["extractive"]
    assert report["counts"] == {"extractive": 2}
    assert figures["cold_first_word_seconds"]["value"] <= figures["cold_exit_seconds"]["value"]
    assert figures["cold_peak_memory_mb"]["value"] > 20
    assert figures["peak_memory_mb"]["value"] > 20
    assert len(report["load_average"]["before"]) == 3
    assert report["machine"]["cores"] >= 1
    assert "p99" in result.output and "cold start: first word" in result.output
    rows = (out.parent / "S.rows.jsonl").read_text().splitlines()
    assert [json.loads(row)["id"] for row in rows] == ["1", "2"]
    assert not unfinished_path(out, "extractive").exists()

    again = CliRunner().invoke(eval_app, [*arguments, "--cold", "0"], catch_exceptions=False)
    assert again.exit_code == 0
    assert (out.parent / "S.rows.jsonl").read_text().splitlines() != rows, "measured anew"
    assert "cold_exit_seconds" not in json.loads(out.read_text())["figures"]["extractive"]


def test_a_fresh_process_that_fails_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(LecternError, match="There is no index") as caught:
        cold_starts("Why?", ["--index", str(tmp_path / "none")], 1)
    assert "--cold 0" in caught.value.remedy


def test_a_question_that_looks_like_an_option_is_asked(index: Path) -> None:
    (run,) = cold_starts("--help me with LoRA?", ["--index", str(index)], 1)
    assert 0 < run.first_word <= run.exit


def test_no_questions_is_an_error_before_anything_is_measured(index: Path, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("\n")
    arguments = ["speed", "--index", str(index), "--questions", str(tmp_path / "none.jsonl")]
    result = CliRunner().invoke(eval_app, [*arguments, "--out", str(tmp_path / "S.json")])
    assert isinstance(result.exception, LecternError)
    assert "holds no questions" in str(result.exception)


def test_peak_memory_grows_with_what_is_held() -> None:
    before = peak_memory_mb()
    held = bytearray(200_000_000)
    held[::4096] = b"x" * len(held[::4096])
    assert peak_memory_mb() >= before
    assert peak_memory_mb() > len(held) / 1e6
