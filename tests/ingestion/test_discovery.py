"""Which files an ingest is about: hidden ones, links, folders without permission, several roots."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingestion.discovery import Discovery, discover
from ingestion.errors import LecternError
from ingestion.plan import make_plan

NOBODY = 65534


def write(path: Path, text: str = "Some text.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def found(discovery: Discovery) -> list[tuple[str, str]]:
    return [(f.course, f.path) for f in discovery.found]


def refused(discovery: Discovery) -> dict[str, str]:
    return {f.path: reason for f, reason in discovery.refused}


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return write(tmp_path / "course" / "a.md").parent


def test_folders_are_walked_and_other_kinds_counted(course: Path) -> None:
    write(course / "week 1" / "B.PDF")
    write(course / "week 1" / "c.mp4")
    write(course / "Makefile")
    discovery = discover([course])
    assert found(discovery) == [("course", "a.md"), ("course", "week 1/B.PDF")]
    assert discovery.found[1].format == "pdf"
    assert discovery.found[1].absolute == course / "week 1" / "B.PDF"
    assert discovery.ignored == {".mp4": 1, "Makefile": 1}
    assert discovery.roots == [("course", course)]


def test_hidden_files_and_folders_and_office_locks_are_passed_over(course: Path) -> None:
    for name in (".hidden.md", ".git/b.md", "~$c.docx", "__pycache__/d.md", "node_modules/e.md"):
        write(course / name)
    assert found(discover([course])) == [("course", "a.md")]


def test_a_hidden_folder_that_is_named_is_walked(tmp_path: Path) -> None:
    write(tmp_path / ".lectern" / "uploads" / "a.md")
    assert found(discover([tmp_path / ".lectern"])) == [(".lectern", "uploads/a.md")]


def test_a_link_within_the_folder_is_its_target_once(course: Path) -> None:
    (course / "b.md").symlink_to(course / "a.md")
    discovery = discover([course])
    assert found(discovery) == [("course", "a.md")]
    assert not discovery.refused


def test_links_out_of_the_folder_and_broken_ones_are_refused(course: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "secret.md")
    (course / "out.md").symlink_to(outside)
    (course / "up.md").symlink_to("../secret.md")
    (course / "broken.md").symlink_to(course / "nowhere.md")
    reasons = refused(discover([course]))
    assert reasons.keys() == {"out.md", "up.md", "broken.md"}
    assert str(outside) in reasons["out.md"]
    assert "out of the folder" in reasons["up.md"]
    assert "broken link" in reasons["broken.md"]


def test_a_course_folder_that_is_a_link_is_followed(course: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(course)
    assert found(discover([tmp_path / "link"])) == [("course", "a.md")]


def test_a_linked_folder_is_not_walked(course: Path, tmp_path: Path) -> None:
    write(tmp_path / "outside" / "b.md")
    (course / "more").symlink_to(tmp_path / "outside")
    (course / "again").symlink_to(course)
    assert found(discover([course])) == [("course", "a.md")]


def test_a_linked_folder_is_reported(course: Path, tmp_path: Path) -> None:
    write(tmp_path / "outside" / "b.md")
    (course / "more").symlink_to(tmp_path / "outside")
    assert "more" in refused(discover([course]))


def test_a_link_in_a_circle_is_refused(course: Path) -> None:
    (course / "round.md").symlink_to("round.md")
    assert refused(discover([course])).keys() == {"round.md"}


def test_a_link_to_a_hidden_file_is_not_lost(course: Path) -> None:
    (course / "b.md").symlink_to(write(course / ".cache" / "b.md"))
    discovery = discover([course])
    assert ("course", "b.md") in found(discovery) or "b.md" in refused(discovery)


def test_what_is_no_regular_file_is_refused(course: Path) -> None:
    os.mkfifo(course / "pipe.md")
    assert refused(discover([course])).keys() == {"pipe.md"}


def test_a_single_file_is_of_its_folders_course_and_that_folder_is_not_looked_through(
    course: Path,
) -> None:
    write(course / "b.md")
    discovery = discover([course / "a.md"])
    assert found(discovery) == [("course", "a.md")]
    assert discovery.roots == []


def test_two_roots_may_make_one_course(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one" / "a.md"), write(tmp_path / "two" / "a.md")
    discovery = discover([one.parent, two.parent], course="Both")
    assert found(discovery) == [("Both", "a.md"), ("Both", "a.md")]
    assert [root for _, root in discovery.roots] == [one.parent, two.parent]


def test_a_missing_path_is_an_error_that_names_it(course: Path) -> None:
    with pytest.raises(LecternError, match=r"nowhere: no such") as caught:
        discover([course, course / "nowhere"])
    assert caught.value.remedy


def test_the_stamp_changes_with_the_file(course: Path) -> None:
    def stamp() -> str:
        return discover([course]).found[0].stamp

    before = stamp()
    assert stamp() == before
    (course / "a.md").write_text("Other text.")
    assert stamp() != before
    kept = (course / "a.md").stat()
    os.utime(course / "a.md", ns=(kept.st_atime_ns, kept.st_mtime_ns - 10**9))
    assert stamp() != before


def test_a_file_of_another_kind_that_was_named_is_not_passed_over(course: Path) -> None:
    named = refused(discover([write(course / "data.bin")]))
    assert "not of a kind that is read" in named["data.bin"]
    assert not refused(discover([course]))


# -- what this user may not read -----------------------------------------------------------------


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything, so for the time being be somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_course() -> Iterator[Path]:
    """A course in a folder that everybody may walk, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp()).resolve()
    folder.chmod(0o755)
    write(folder / "course" / "a.md")
    try:
        yield folder / "course"
    finally:
        shutil.rmtree(folder)


def test_a_file_without_permission_stops_nothing(open_course: Path) -> None:
    write(open_course / "locked.md").chmod(0)
    with as_nobody():
        discovery = discover([open_course])
        plan = make_plan(discovery, [], same_pipeline=True)
    assert [f.path for f, _ in plan.read] == ["a.md"]
    assert "permission" in refused(discovery)["locked.md"]


def test_a_folder_without_permission_is_reported_and_not_taken_for_empty(open_course: Path) -> None:
    write(open_course / "locked" / "b.md")
    (open_course / "locked").chmod(0)
    with as_nobody():
        discovery = discover([open_course])
    (open_course / "locked").chmod(0o755)
    assert "locked" in refused(discovery)


def test_a_name_that_is_not_utf8_is_refused_by_name(course: Path) -> None:
    with open(os.fsencode(course) + b"/caf\xe9.md", "wb") as file:  # noqa: PTH123
        file.write(b"Some text.")
    discovery = discover([course])
    assert len(discovery.refused) == 1
    for f in discovery.found:
        f.path.encode("utf-8")
