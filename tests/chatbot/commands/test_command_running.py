"""`lectern doctor`, `fetch` and `serve`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from lectern_run import Lectern

from ingestion.packaged import KNOWN

ROOT = Path(__file__).resolve().parents[3]


def test_doctor_in_json(
    lectern: Lectern, course_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lectern.toml").write_text("[chatbot]\npassages = 4\n")
    monkeypatch.setenv("LECTERN_STORE", "chroma")
    run = lectern("doctor", "--index", course_index, "--json")
    assert run.code == 0
    assert run.json.keys() == {"findings", "settings"}
    findings = {f["subject"]: f for f in run.json["findings"]}
    assert findings.keys() == {
        "machine", "packages", "index", "encoder", "generator", "Hugging Face hub", *KNOWN,
    }  # fmt: skip
    assert findings["index"]["ok"]
    assert "course (11 documents)" in findings["index"]["detail"]
    assert findings["encoder"]["ok"]
    assert not findings["generator"]["ok"]
    assert "lectern fetch" in findings["generator"]["detail"]
    settings = {s["name"]: (s["value"], s["origin"]) for s in run.json["settings"]}
    assert settings["chatbot.passages"] == ("4", "lectern.toml")
    assert settings["ingestion.store"] == ("chroma", "LECTERN_STORE")
    assert settings["chatbot.window"] == ("512", "default")
    assert settings["chatbot.index_dir"] == (str(course_index), "command line")


def test_doctor_without_an_index_says_what_is_missing(lectern: Lectern, tmp_path: Path) -> None:
    run = lectern("doctor", "--index", tmp_path / "none")
    assert run.code == 0
    assert "missing index: There is no index in" in run.out
    assert "Settings in force:" in run.out


@pytest.mark.parametrize(
    ("named", "said"),
    [("readers/mine", "There is no folder readers/mine"), ("lectern-judge", "not a reader")],
)
def test_doctor_says_why_the_reader_of_the_settings_cannot_be_had(
    lectern: Lectern, course_index: Path, monkeypatch: pytest.MonkeyPatch, named: str, said: str
) -> None:
    monkeypatch.setenv("LECTERN_READER", named)
    run = lectern("doctor", "--index", course_index, "--json")
    (reader,) = (f for f in run.json["findings"] if f["subject"] == "reader")
    assert not reader["ok"]
    assert said in reader["detail"]
    assert "without a reader" in reader["detail"]


def test_doctor_names_the_source_that_won(
    lectern: Lectern, course_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LECTERN_INDEX_DIR", str(tmp_path / "other"))
    run = lectern("doctor", "--index", course_index, "--json")
    settings = {s["name"]: (s["value"], s["origin"]) for s in run.json["settings"]}
    assert settings["chatbot.index_dir"] == (str(course_index), "command line")


def test_fetch_without_a_hub_fails_and_says_that_lectern_works_all_the_same(
    lectern: Lectern, random_t5: Path
) -> None:
    run = lectern("fetch", "--model", "flan-t5-small")
    assert (run.code, run.out) == (1, "")
    assert "google/flan-t5-small is not on this machine" in run.err
    assert "works without it" in run.err
    assert lectern("fetch", "--model", random_t5).code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--port", "0"],
        ["serve", "--device", "abacus"],
        ["app", "--port", "70000"],
        ["doctor", "surplus"],
        ["fetch", "--bogus"],
        ["no-such-verb"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2(lectern: Lectern, arguments: list[str]) -> None:
    run = lectern(*arguments)
    assert run.code == 2
    assert run.out == ""


def test_serve_without_a_model_is_1(lectern: Lectern) -> None:
    run = lectern("serve", "--model", "flan-t5-small")
    assert (run.code, run.out) == (1, "")
    assert "google/flan-t5-small is not on this machine" in run.err


def test_serve_answers_and_the_command_line_asks_it(
    lectern: Lectern, random_t5: Path, course_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from chatbot.cli import main; main()", "serve"]
    server = subprocess.Popen(
        [*command, "--model", str(random_t5), "--device", "cpu", "--port", str(port)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 90
        while not _healthy(url):
            assert server.poll() is None, server.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.1)
        monkeypatch.setenv("LECTERN_ENGINE_URL", url)
        asked = ("ask", "What is LoRA?", "--answerer", "generative", "--index", course_index)
        run = lectern(*asked, "--json")
        assert run.code == 0
        assert run.json["answerer"].startswith("generative")
    finally:
        server.terminate()
        server.communicate()


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/v1/health").is_success
    except httpx.HTTPError:
        return False
