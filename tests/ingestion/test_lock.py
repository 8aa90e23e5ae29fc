"""One writer at a time, in one process or several; a dead one holds nothing."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

import ingestion
from ingestion.errors import IndexProblem
from ingestion.lock import single_writer

HOLD = """
import sys
from pathlib import Path
from ingestion.lock import single_writer
with single_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_is_told_who_the_first_is_until_that_one_dies(tmp_path: Path) -> None:
    lock = tmp_path / "index" / "writer.lock"
    root = str(Path(ingestion.__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": root},
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(
                IndexProblem, match=rf"pid {holder.pid}\) is writing the index"
            ) as caught,
            single_writer(lock),
        ):
            pytest.fail("two writers at once")
        assert caught.value.remedy
        holder.kill()
        holder.wait()
    with single_writer(lock):
        pass  # the operating system let go of it


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    lock = tmp_path / "writer.lock"
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), single_writer(lock):
            raise ZeroDivisionError
    assert [p.name for p in tmp_path.iterdir()] == ["writer.lock"], "no pid is left behind"


def test_a_file_in_place_of_the_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with (
        pytest.raises(IndexProblem, match=r"taken cannot be made") as caught,
        single_writer(tmp_path / "taken" / "writer.lock"),
    ):
        pytest.fail("no folder, no lock")
    assert caught.value.remedy


def test_a_folder_that_may_not_be_written_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(tmp_path / "writer.lock"))

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    with (
        pytest.raises(IndexProblem, match=r"cannot be written \(Read-only file system\)"),
        single_writer(tmp_path / "writer.lock"),
    ):
        pytest.fail("written all the same")
