"""Broken parsers are real here: a module named like a parsing library shadows it in the child."""

import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from ingestion.errors import LecternError, UnreadableDocument
from ingestion.readers.base import Document
from ingestion.readers.registry import read_document
from ingestion.sandbox import ReaderPool

PARSER = """
    import os, time

    def from_bytes(data):
        if b"HANG" in data:
            time.sleep(600)
        if b"CRASH" in data:
            os.abort()
        if b"EAT" in data:
            hoard = []
            while True:
                hoard.append(bytearray(10_000_000))
        if b"RAISE" in data:
            raise ValueError("odd file")
        print("noise on standard output", flush=True)
        return type("Matches", (), {"best": lambda self: None})()
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Writes texts that are not UTF-8, so that the reader asks the (broken) detector."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "charset_normalizer.py").write_text(textwrap.dedent(PARSER))
    monkeypatch.setenv("PYTHONPATH", str(library))

    def write(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.md").write_bytes(b"caf\xe9 " + text.encode())
        return [tmp_path / f"{name}.md" for name in texts]

    return write


def outcomes(pool, paths):
    return {path.stem: result for path, result in pool.read_all(paths)}


def test_documents_come_back_whole(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("# Title\n\n- item\n\n## Deeper\n\ntext with ü and 🤗", encoding="utf-8")
    with ReaderPool(1, 512, 30) as pool:
        [(where, document)] = pool.read_all([path])
    assert where == path
    assert document == read_document(path)


def test_one_bad_file_of_each_kind_stops_nothing(files):
    paths = files(good="fine", hang="HANG", crash="CRASH", eat="EAT", odd="RAISE", last="also fine")
    with ReaderPool(2, 256, 2.0) as pool:
        found = outcomes(pool, paths)
    reasons = {n: r.what for n, r in found.items() if isinstance(r, UnreadableDocument)}
    assert reasons == {
        "hang": "hang.md was not read within 2 seconds.",
        "crash": "crash.md made its parser crash (SIGABRT), which may be for want of memory.",
        "eat": "eat.md needs more than 256 MB of memory to read.",
        "odd": "odd.md cannot be parsed (ValueError: odd file).",
    }
    assert all(found[name].remedy for name in reasons)
    assert found["good"].blocks[0].text == "café fine"
    assert found["last"].blocks[0].text == "café also fine"


def test_pool_serves_again_after_a_crash(files):
    crash, good = files(crash="CRASH", good="fine")
    with ReaderPool(1, 256, 10) as pool:
        assert isinstance(outcomes(pool, [crash])["crash"], UnreadableDocument)
        assert isinstance(outcomes(pool, [good])["good"], Document)
        assert list(pool.read_all([])) == []


def test_leaving_early_does_not_wait_for_a_hanging_file(files):
    good, *hanging = files(good="fine", a="HANG", b="HANG")
    before = threading.active_count()
    with ReaderPool(2, 256, 500) as pool:
        reading = pool.read_all([good, *hanging])
        assert next(reading)[0] == good
        assert threading.active_count() > before
    assert threading.active_count() == before


def test_more_documents_than_the_read_ahead_holds(tmp_path):
    paths = []
    for number in range(100):
        paths.append(tmp_path / f"{number}.md")
        paths[-1].write_text(f"text {number}")
    with ReaderPool(2, 512, 30) as pool:
        found = outcomes(pool, paths)
    assert {n: d.blocks[0].text for n, d in found.items()} == {
        str(n): f"text {n}" for n in range(100)
    }


def test_a_file_name_that_is_not_utf_8(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md"))
    path.write_text("words")
    with ReaderPool(1, 512, 30) as pool:
        [(where, document)] = pool.read_all([path])
    assert where == path
    assert document.blocks[0].text == "words"


def test_worker_ends_when_its_parent_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\nfrom pathlib import Path\nfrom ingestion.sandbox import ReaderPool\n"
        "pool = ReaderPool(1, 512, 30)\nlist(pool.read_all([Path(sys.argv[1])]))\n"
        "print(pool._workers[0]._process.pid, flush=True)\ntime.sleep(600)\n"
    )
    note = tmp_path / "a.md"
    note.write_text("words")
    root = str(Path(__file__).parents[2])
    parent = subprocess.Popen(
        [sys.executable, str(script), str(note)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    )
    child = int(parent.stdout.readline())
    watch = os.pidfd_open(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert select.select([watch], [], [], 20)[0], "the worker outlived its parent"
    os.close(watch)


def test_worker_imports_no_model_library():
    code = "import sys, ingestion.sandbox_worker; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    imported = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "ingestion.readers.registry" in imported
    assert not {"torch", "transformers", "numpy", "pypdfium2", "pydantic"} & set(imported)


def test_impossible_caps_are_refused():
    with pytest.raises(LecternError, match="0 workers"):
        ReaderPool(0, 512, 10)
