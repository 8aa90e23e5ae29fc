"""The README is true: its commands run, its outputs come out, its tables are the code's.

A comment after a block says how it is checked where it is not simply run:
`checked: options` (parsed by the command line, not run), `checked: starts` (started, left running
for the blocks that follow), `checked: make` (as `make -n`).
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
import typer.main

from chatbot.cli import app
from chatbot.settings import ChatSettings
from ingestion.config import RoomSettings
from ingestion.packaged import KNOWN
from ingestion.readers.registry import FORMATS
from ingestion.settings import IngestionSettings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    check: str


BLOCKS = [
    Block(*found)
    for found in re.findall(
        r"^```(\w+)\n(.*?)^```\n(?:<!-- checked: (\w+) -->)?", README, re.M | re.S
    )
]


def blocks(*languages: str, check: str) -> list[Block]:
    found = [b for b in BLOCKS if b.language in languages and b.check == check]
    assert found, "the README has no such block"
    return found


@pytest.fixture
def course_folder(tmp_path: Path) -> Path:
    """The folder that the README's commands run in."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    course = tmp_path / "my-course"
    course.mkdir()
    (course / "ducks.md").write_text(
        "# Week 1\n\nA duck is a bird that swims on ponds.\n\n"
        "## Feathers\n\nIts feathers are kept dry with oil from a gland near the tail.\n"
    )
    (course / "swans.txt").write_text("A swan is a bird with a long neck.\n")
    (course / "empty.txt").write_text("")
    return tmp_path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """As a newcomer's: no settings, no models on the machine, no hub in reach."""
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**kept, "PATH": path, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}


def run(command: str | list[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Output and errors as a terminal would show them; a failure fails the test."""
    shell = ["bash", "-euo", "pipefail", "-c", command] if isinstance(command, str) else command
    done = subprocess.run(
        shell,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


@contextmanager
def running(command: str, port: int, folder: Path, env: Mapping[str, str]) -> Iterator[str]:
    """Start a server in a process group of its own; yields its URL once the port answers."""
    log = folder / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=folder,
            env=env,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not answers(port):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"{command} did not start\n{log.read_text()}"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def answers(port: int) -> bool:
    with closing(socket.socket()) as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_commands_run_and_print_what_is_shown(
    course_folder: Path, environment: dict[str, str]
) -> None:
    run("lectern ingest examples/course", course_folder, environment)  # as `make chat` did
    ports: dict[str, str] = {}
    servers = []
    try:
        for block in (b for b in BLOCKS if b.check in ("", "starts")):
            text = block.text
            if block.check == "starts":
                (shown,) = re.findall(r"--port (\d+)", text)
                ports[shown] = str(free_port())
            for shown, real in ports.items():
                text = text.replace(shown, real)
            if block.check == "starts":
                server = running(text.strip(), int(ports[shown]), course_folder, environment)
                server.__enter__()
                servers.append(server)
            elif block.language == "console":
                for command, expected in transcript(text):
                    assert shape(run(command, course_folder, environment)) == shape(expected)
            elif block.language == "sh":
                run(text, course_folder, environment)
            elif block.language == "python":
                run([sys.executable, "-c", text], course_folder, environment)
    finally:
        for server in servers:
            server.__exit__(None, None, None)


def transcript(text: str) -> list[tuple[str, str]]:
    """(command, output) for each `$` of a console block."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.M)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def shape(output: str) -> str:
    """The output without what varies: seconds, and the width that they give a table."""
    output = re.sub(r"(seconds\W+)[\d.]+", r"\1#", output)
    output = re.sub(r"[─━]+", "─", output)
    return "\n".join(re.sub(r"\s+", " ", line).strip() for line in output.strip().splitlines())


@pytest.mark.parametrize("block", blocks("sh", check="options"), ids=lambda b: b.text[:30])
def test_commands_that_need_another_machine_are_ones_that_lectern_takes(
    block: Block, tmp_path: Path
) -> None:
    (tmp_path / "scifact").mkdir()
    (tmp_path / "dialogsum").mkdir()
    (tmp_path / "judge").mkdir()
    for name in ("prompts.txt", "prompts.jsonl", "pairs.jsonl"):
        (tmp_path / name).touch()
    (tmp_path / "dev-v2.0.json").touch()
    (tmp_path / "adapters/dialogues").mkdir(parents=True)
    for line in block.text.replace("\\\n", "").splitlines():
        words = shlex.split(line)
        while "=" in words[0]:
            setting = words.pop(0).partition("=")[0].removeprefix("LECTERN_").lower()
            assert setting in ChatSettings.model_fields | IngestionSettings.model_fields
        assert words.pop(0) == "lectern"
        command, arguments = find_command(words)
        command.make_context(command.name, arguments)


def find_command(words: list[str]) -> tuple[click.Command, list[str]]:
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def test_the_make_commands_are_targets_with_something_to_do() -> None:
    if shutil.which("make") is None:
        pytest.skip("no make on this machine")
    for block in blocks("sh", check="make"):
        for line in block.text.splitlines():
            command = [*shlex.split(line, comments=True), "-n", f"PYTHON={sys.executable}"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            assert "Nothing to be done" not in done.stdout


@pytest.mark.parametrize("port", ["abc", "0", "70000", "80 81"])
def test_make_refuses_a_port_that_is_none_before_it_installs_anything(port: str) -> None:
    if shutil.which("make") is None:
        pytest.skip("no make on this machine")
    command = ["make", "port", f"PORT={port}", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"{port} is not" in done.stdout


def test_make_chat_opens_the_app(tmp_path: Path, environment: dict[str, str]) -> None:
    if not (ROOT / ".venv" / ".installed").exists():
        pytest.skip("no .venv made by `make install`")
    port = free_port()
    (tmp_path / "home").mkdir()
    env = {**environment, "LECTERN_HOME": str(tmp_path / "home")}
    command = f"make -C {shlex.quote(str(ROOT))} chat MODEL= PORT={port}"
    with running(command, port, tmp_path, env) as url:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail((tmp_path / "server.log").read_text())
    assert (tmp_path / "home" / "index" / "catalog.sqlite").is_file()


def test_exit_codes(tmp_path: Path, environment: dict[str, str]) -> None:
    def lectern(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [shutil.which("lectern", path=environment["PATH"]) or "lectern", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    failed = lectern("ask", "Why?", "--json")
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr.splitlines() == [
        "Error: There is no index in .lectern/index.",
        "Run `lectern ingest PATH` first.",
    ]
    assert lectern("ask").returncode == 2


def table(heading: str) -> dict[str, tuple[str, ...]]:
    """The README's table whose first column is headed `heading`: first cell → the others."""
    lines = README[README.index(f"| {heading} |") :].splitlines()[2:]
    rows: dict[str, tuple[str, ...]] = {}
    for line in lines:
        if not line.startswith("|"):
            break
        first, *others = (cell.strip() for cell in line.strip("|").split("|"))
        rows[first.strip("`")] = tuple(others)
    return rows


def test_the_table_of_commands_is_the_command_line() -> None:
    named = verbs("lectern", typer.main.get_command(app))
    shown = {name: cells[0] for name, cells in table("command").items()}
    assert shown == {name: verb.help.strip().splitlines()[0] for name, verb in named.items()}


def verbs(name: str, command: click.Command) -> dict[str, click.Command]:
    """Every verb by its full name, those of groups included."""
    if not hasattr(command, "commands"):
        return {name: command}
    found = {}
    for part, inner in command.commands.items():
        found |= verbs(f"{name} {part}", inner)
    return found


@pytest.mark.parametrize("room", [ChatSettings, IngestionSettings])
def test_the_tables_of_settings_are_the_settings(room: type[RoomSettings]) -> None:
    shown = table(f"`[{room.table}]`")
    assert list(shown) == list(room.model_fields)
    for name, field in room.model_fields.items():
        default, meaning = shown[name]
        assert default == ("–" if field.default is None else f"`{field.default}`"), name
        assert meaning == field.description or (meaning and field.description is None), name


def test_the_table_of_formats_is_the_readers() -> None:
    shown = {
        suffix: name
        for name, (suffixes, _) in table("format").items()
        for suffix in suffixes.replace("`", "").split()
    }
    assert shown == FORMATS


def test_the_table_of_models_in_the_box_is_what_can_be_in_it() -> None:
    assert {name: cells[0] for name, cells in table("name").items()} == KNOWN


def test_the_settings_file_shown_is_read(tmp_path: Path) -> None:
    (block,) = blocks("toml", check="")
    (tmp_path / "lectern.toml").write_text(block.text)
    assert ChatSettings.load().passages == 8
    assert IngestionSettings.load().store == "chroma"


def test_links_lead_somewhere_and_pictures_are_light() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)|src=\"([^\"]+)\"", README)
    files = [ROOT / (link or picture) for link, picture in targets]
    assert files
    assert not [file for file in files if not file.is_file()]
    assert not [f for f in files if f.suffix == ".png" and f.stat().st_size > 200_000]


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda p: p.name)
def test_the_files_that_the_documentation_names_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:benchmarks|chatbot|evaluation|examples|ingestion|tests)/[\w/.]*)`",
        page.read_text(encoding="utf-8"),
    )
    assert not [name for name in named if not (ROOT / name).exists()]
