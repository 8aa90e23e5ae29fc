"""The wheel holds every package of the product, and what it holds can be run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from email.parser import Parser
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = sorted(p.parent.name for p in ROOT.glob("*/__init__.py"))
NEEDED = 77
"""The first major version of setuptools that reads a licence as pyproject.toml gives it."""


MODEL = {"README.md", "adapter.json", "adapter.safetensors"}
"""Files of a packaged model that is made for these tests."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, because setuptools leaves its work beside what it builds."""
    found = version("setuptools") if find_spec("setuptools") else "none"
    if found == "none" or int(found.partition(".")[0]) < NEEDED:
        pytest.skip(f"building without a network needs setuptools {NEEDED}; found {found}")
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE", "streamlit_app.py"):
        shutil.copy(ROOT / name, source)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("*.pyc"))
    shipped = source / "ingestion" / "models" / "lectern-of-a-test"
    shipped.mkdir()
    for name in MODEL:
        (shipped / name).write_text(name)
    return source


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", str(source), *options, "--wheel-dir", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (file,) = out.glob("lectern-*-py3-none-any.whl")
    return zipfile.ZipFile(file)


def test_every_module_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    modules = {
        p.relative_to(ROOT).as_posix() for room in PACKAGES for p in ROOT.glob(f"{room}/**/*.py")
    }
    assert {"ingestion/readers/registry.py", "chatbot/ui/pages/chat.py"} <= modules
    assert modules | {"streamlit_app.py"} <= set(wheel.namelist())
    assert "evaluation/report/style.css" in wheel.namelist()


def test_nothing_else_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    rooms = {name.partition("/")[0] for name in wheel.namelist()}
    info = {room for room in rooms if room.endswith(".dist-info")}
    assert rooms - info == {*PACKAGES, "streamlit_app.py"}
    assert any(name.endswith("LICENSE") for name in wheel.namelist())


def test_packaged_models_are_in_the_wheel_and_in_the_source_archive(
    source: Path, wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    """Those of this checkout, and one that is dropped in."""
    models = ROOT / "ingestion" / "models"
    files = {path.relative_to(ROOT).as_posix() for path in models.rglob("*") if path.is_file()}
    files |= {f"ingestion/models/lectern-of-a-test/{name}" for name in MODEL}
    assert "ingestion/models/manifest.json" in files
    assert files <= set(wheel.namelist())
    code = f"from setuptools import build_meta; print(build_meta.build_sdist({str(tmp_path)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=True
    )
    with tarfile.open(tmp_path / done.stdout.split()[-1]) as archive:
        assert files <= {name.partition("/")[2] for name in archive.getnames()}


def test_the_console_script_and_the_licence_are_declared(wheel: zipfile.ZipFile) -> None:
    (folder,) = {n.partition("/")[0] for n in wheel.namelist() if ".dist-info/" in n}
    scripts = ConfigParser()
    scripts.read_string(wheel.read(f"{folder}/entry_points.txt").decode())
    assert scripts["console_scripts"]["lectern"] == "chatbot.cli:main"
    metadata = Parser().parsestr(wheel.read(f"{folder}/METADATA").decode())
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == "<3.14,>=3.11"


def test_the_command_line_starts_from_the_wheel(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Unpacked elsewhere, with nothing of the checkout in reach."""
    wheel.extractall(tmp_path / "site")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "lora.md").write_text("LoRA freezes the weights of the model.")
    code = "import chatbot, sys; print(chatbot.__file__); from chatbot.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "ingest", "notes", "--index", "index", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "site"))
    assert '"new": 1' in done.stdout
