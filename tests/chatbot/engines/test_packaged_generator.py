"""A generator that travels with Lectern: found by name, read only when it is to speak."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_t5
from stub_encoder import StubEncoder

from chatbot.answerers import Answerers
from chatbot.engines.base import Decoding
from chatbot.engines.factory import find_model, load_engine
from chatbot.engines.flan_t5 import FlanT5Engine
from chatbot.options import AskOptions
from chatbot.settings import ChatSettings
from ingestion import packaged
from ingestion.errors import ModelUnavailable
from ingestion.hashing import file_digest

ROOT = Path(__file__).resolve().parents[3]
NAME = "lectern-t5-mini"
SHORT = Decoding(max_new_tokens=4)


def pack(model: Path, box: Path) -> Path:
    """An install's folder of models with this one in it."""
    shutil.copytree(model, box / NAME)
    files = [
        {"name": path.name, "bytes": path.stat().st_size, "sha256": file_digest(path)}
        for path in sorted((box / NAME).iterdir())
    ]
    manifest = {"models": [{"name": NAME, "files": files}]}
    (box / packaged.MANIFEST).write_text(json.dumps(manifest))
    return box


@pytest.fixture
def box(random_t5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(packaged, "FOLDER", pack(random_t5, tmp_path / "install"))
    return packaged.FOLDER


def test_it_loads_by_its_name_and_no_hub_is_asked(
    box: Path, random_t5: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.engines.factory.snapshot", lambda name: pytest.fail(name))
    engine = load_engine(NAME, device="cpu", window=64)
    same = FlanT5Engine.load(random_t5, name="same", device="cpu", window=64)
    assert engine.name == NAME
    assert engine.generate(["sort: token"], SHORT) == same.generate(["sort: token"], SHORT)


def test_the_chatbot_speaks_with_it(box: Path) -> None:
    made = Answerers(ChatSettings.load(model=NAME), StubEncoder())
    chosen = made.choose(AskOptions())
    assert chosen.answerer.name == f"generative ({NAME})"


def test_an_adapter_that_was_trained_on_it_fits(box: Path, tmp_path: Path) -> None:
    tiny_t5.make_adapter(box / NAME, tmp_path / "adapters" / "polite", seed=1, named=NAME)
    engine = load_engine(NAME, device="cpu", adapters_dir=tmp_path / "adapters", adapter="polite")
    assert engine.adapter == "polite"


def test_while_it_is_absent_the_extractive_one_speaks_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / packaged.MANIFEST).write_text('{"models": []}')
    monkeypatch.setattr(packaged, "FOLDER", tmp_path)
    chosen = Answerers(ChatSettings.load(model=NAME), StubEncoder()).choose(AskOptions())
    assert chosen.answerer.name == "extractive"
    assert f"{NAME} (a generator of 15 million weights) does not travel" in chosen.notice
    assert "lectern train ship" in chosen.notice
    with pytest.raises(ModelUnavailable, match="does not travel"):
        find_model(NAME)


def test_a_tampered_generator_is_not_run(box: Path) -> None:
    path = box / NAME / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    chosen = Answerers(ChatSettings.load(model=NAME), StubEncoder()).choose(AskOptions())
    assert chosen.answerer.name == "extractive"
    assert "model.safetensors is not the file that was shipped" in chosen.notice


WATCH = """
import sys
from pathlib import Path

opened = []
sys.addaudithook(lambda event, about: event == "open" and opened.append(str(about[0])))
index, box = sys.argv[1:]

from ingestion import packaged
packaged.FOLDER = Path(box)

from typer.testing import CliRunner
from chatbot.cli import app
assert CliRunner().invoke(app, ["--help"]).exit_code == 0

from chatbot.chain import open_assistant
from chatbot.options import AskOptions
assistant = open_assistant(Path(index))
assert assistant.ask("What is LoRA?", AskOptions(answerer="extractive")).text

before = [path for path in opened if "lectern-t5-mini" in path]
from chatbot.engines.factory import load_engine
load_engine("lectern-t5-mini", device="cpu")
after = [path for path in opened if "lectern-t5-mini" in path]
print(len(before), len(after) > 0)
"""


def test_help_and_extractive_answers_read_none_of_its_files(box: Path, course_index: Path) -> None:
    """Watched by Python's audit events; that loading it is seen shows that they are."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH, str(course_index), str(box)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0", "True"]
