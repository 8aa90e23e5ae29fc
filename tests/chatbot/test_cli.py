"""What holds for the whole command line: what it imports, whom it talks to, how errors end it."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from safetensors import SafetensorError

from chatbot.cli import main

ROOT = Path(__file__).resolve().parents[2]
WATCH = ROOT / "tests" / "browser" / "watch"
"""Holds a sitecustomize that notes every address outside this machine, in child processes too."""

RUN_VERBS = """
import contextlib, io, json, sys
from chatbot.cli import main

results = []
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["lectern", *arguments]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
    results.append({"code": code, "out": out.getvalue(), "modules": sorted(sys.modules)})
print(json.dumps(results))
"""


def run_verbs(folder: Path, *verbs: list[str], **environment: str) -> list[dict[str, object]]:
    """Run verbs one after the other in one fresh process; what each printed and had imported."""
    done = subprocess.run(
        [sys.executable, "-c", RUN_VERBS, json.dumps(verbs)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{WATCH}{os.pathsep}{ROOT}", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results: list[dict[str, object]] = json.loads(done.stdout)
    return results


def test_asking_imports_no_model_library_and_nobody_is_called(
    course_index: Path, sample_course: Path, tmp_path: Path
) -> None:
    log = tmp_path / "sockets.log"
    index = ["--index", str(course_index)]
    mine = ["--index", str(tmp_path / "index")]
    ask, *others = run_verbs(
        tmp_path,
        ["ask", "What does LoRA freeze?", *index, "--json"],
        ["search", "brevity penalty", *index, "--json"],
        ["status", *index, "--json"],
        ["ingest", str(sample_course / "week1"), *mine, "--json"],
        ["ask", "What does top-p sampling keep?", *mine, "--json"],
        LECTERN_SOCKET_LOG=str(log),
        HF_HUB_OFFLINE="0",
    )
    assert [result["code"] for result in (ask, *others)] == [0] * 5
    for result in (ask, *others):
        json.loads(str(result["out"]))
    modules = {str(name).partition(".")[0] for name in ask["modules"]}  # type: ignore[attr-defined]
    heavy = {"sentence_transformers", "transformers", "streamlit", "peft", "langchain", "chromadb"}
    assert not modules & heavy
    assert "torch" in modules, "it did answer"
    assert not log.exists(), log.read_text()


def test_the_watch_would_have_seen_it(tmp_path: Path) -> None:
    """Without this, the test above would pass with a watch that notes nothing."""
    log = tmp_path / "sockets.log"
    subprocess.run(
        [sys.executable, "-c", "import socket; socket.getaddrinfo('example.invalid', 443)"],
        env={**os.environ, "PYTHONPATH": str(WATCH), "LECTERN_SOCKET_LOG": str(log)},
        capture_output=True,
        check=False,
    )
    assert "example.invalid" in log.read_text()


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_lists_every_verb(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from chatbot.cli import main; main()", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if arguments else 2)
    verbs = "ingest status search ask chat summarize app serve fetch doctor eval".split()
    assert [verb for verb in verbs if f" {verb} " not in done.stdout + done.stderr] == []


def test_an_error_with_brackets_in_it_is_shown_whole(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from chatbot.cli import main; main()", "ingest", "no [such] file"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.strip().splitlines()
    assert lines == ["Error: no [such] file: no such file or folder.", "Check the path."]


def _full_database(text: str) -> sqlite3.OperationalError:
    """What SQLite itself raises when there is no room: here the room of a database of one page."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as full:
            db.execute("CREATE TABLE t (x)")
    full.value.args = (f"{full.value} ({text})",)
    return full.value


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "log.jsonl"),
        SafetensorError("I/O error: No space left on device (os error 28) log.jsonl"),
        _full_database("catalog and log.jsonl"),
    ],
)
def test_a_full_disk_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    """Whoever writes: safetensors makes an error of its own of it."""

    def full() -> None:
        raise error

    monkeypatch.setattr("chatbot.cli.app", full)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    first, second = capsys.readouterr().err.strip().splitlines()
    assert first.startswith("Error: The disk is full") and "log.jsonl" in first
    assert second.startswith("Free some space")


def test_a_file_that_may_not_be_written_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/there/R.json")

    monkeypatch.setattr("chatbot.cli.app", refused)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr().err.strip()
    assert said == "Error: /there/R.json: Permission denied.\nCheck its permissions."


def test_another_failure_is_not_taken_for_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise SafetensorError("Error while serializing: I/O error: Permission denied (os error 13)")

    monkeypatch.setattr("chatbot.cli.app", fails)
    with pytest.raises(SafetensorError, match="Permission denied"):
        main()
