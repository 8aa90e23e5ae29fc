"""What an ingest has to do, from what was found and what is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ingestion.catalog import FileRecord
from ingestion.discovery import Discovery, discover
from ingestion.hashing import file_digest
from ingestion.plan import Plan, make_plan


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def course(tmp_path: Path) -> Path:
    folder = tmp_path / "course"
    write(folder / "a.md", "one")
    write(folder / "b.md", "two")
    return folder


def known(discovery: Discovery, **changes: str) -> list[FileRecord]:
    """The catalog after a run over `discovery`, all of it read; `changes` are of all records."""
    return [
        FileRecord(
            **{  # type: ignore[arg-type]
                "course": f.course,
                "root": str(f.root),
                "path": f.path,
                "format": f.format,
                "sha256": file_digest(f.absolute),
                "stamp": f.stamp,
                "bytes": f.bytes,
            }
            | changes
        )
        for f in discovery.found
    ]


def read(plan: Plan) -> list[str]:
    return [found.path for found, _ in plan.read]


def unchanged(plan: Plan) -> list[str]:
    return [record.path for record in plan.unchanged]


def test_everything_is_new_the_first_time(course: Path) -> None:
    plan = make_plan(discover([course]), [], same_pipeline=True)
    assert plan.read == [(f, file_digest(f.absolute)) for f in discover([course]).found]
    assert not (plan.unchanged or plan.gone or plan.duplicates or plan.restamp)


def test_an_unchanged_stamp_is_believed_without_reading(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    discovery = discover([course])
    records = known(discovery)
    monkeypatch.setattr("ingestion.plan.file_digest", lambda path: pytest.fail(f"read {path}"))
    assert unchanged(make_plan(discovery, records, same_pipeline=True)) == ["a.md", "b.md"]


def test_another_stamp_with_the_same_bytes_is_only_restamped(course: Path) -> None:
    discovery = discover([course])
    plan = make_plan(discovery, known(discovery, stamp="old"), same_pipeline=True)
    assert unchanged(plan) == ["a.md", "b.md"]
    assert [stamp for _, stamp in plan.restamp] == [f.stamp for f in discovery.found]


def test_other_bytes_are_read(course: Path) -> None:
    records = known(discover([course]))
    write(course / "a.md", "three")
    plan = make_plan(discover([course]), records, same_pipeline=True)
    assert (read(plan), unchanged(plan)) == (["a.md"], ["b.md"])


def test_gone_is_what_a_folder_looked_through_no_longer_has(course: Path, tmp_path: Path) -> None:
    elsewhere = write(tmp_path / "other" / "c.md", "three").parent
    records = known(discover([course, elsewhere]))
    (course / "b.md").unlink()
    (elsewhere / "c.md").unlink()
    plan = make_plan(discover([course]), records, same_pipeline=True)
    assert [record.path for record in plan.gone] == ["b.md"]
    single = make_plan(discover([course / "a.md"]), records, same_pipeline=True)
    assert not single.gone


def test_another_pipeline_reads_everything_also_what_this_run_was_not_pointed_at(
    course: Path, tmp_path: Path
) -> None:
    elsewhere = write(tmp_path / "other" / "c.md", "three").parent
    lost = write(tmp_path / "other" / "d.md", "four")
    records = known(discover([course, elsewhere]))
    lost.unlink()
    plan = make_plan(discover([course]), records, same_pipeline=False)
    assert sorted(read(plan)) == ["a.md", "b.md", "c.md"]
    assert [record.path for record in plan.gone] == ["d.md"]


def test_the_first_file_with_some_content_keeps_it(course: Path) -> None:
    write(course / "copy.md", "one")
    plan = make_plan(discover([course]), [], same_pipeline=True)
    assert read(plan) == ["a.md", "b.md"]
    assert [(f.path, first) for f, _, first in plan.duplicates] == [("copy.md", "a.md")]


def test_a_known_file_stays_the_first_even_before_a_new_one(course: Path) -> None:
    records = known(discover([course]))
    write(course / "0.md", "one")
    plan = make_plan(discover([course]), records, same_pipeline=True)
    assert [(f.path, first) for f, _, first in plan.duplicates] == [("0.md", "a.md")]


def test_a_copy_in_another_course_is_no_duplicate(course: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other" / "a.md", "one").parent
    plan = make_plan(discover([course, other]), [], same_pipeline=True)
    assert len(plan.read) == 3
    assert not plan.duplicates


def test_a_refused_file_is_neither_gone_nor_unchanged(course: Path, tmp_path: Path) -> None:
    records = known(discover([course]))
    (course / "b.md").unlink()
    (course / "b.md").symlink_to(write(tmp_path / "outside.md", "two"))
    plan = make_plan(discover([course]), records, same_pipeline=True)
    assert (unchanged(plan), plan.gone, plan.read) == (["a.md"], [], [])


def test_a_copy_of_the_same_name_in_another_root_of_the_course_is_a_duplicate(
    tmp_path: Path,
) -> None:
    roots = [write(tmp_path / n / "course" / "a.md", "one").parent for n in ("1", "2")]
    plan = make_plan(discover(roots), [], same_pipeline=True)
    assert (len(plan.read), len(plan.duplicates)) == (1, 1)


def test_a_file_of_a_folder_that_is_known_is_that_file(course: Path) -> None:
    write(course / "week 1" / "c.md", "three")
    records = known(discover([course]))
    plan = make_plan(discover([course / "week 1" / "c.md"]), records, same_pipeline=True)
    assert read(plan) == []


def test_a_copy_of_a_file_that_failed_is_settled_at_once(course: Path) -> None:
    write(course / "b.md", "one")
    discovery = discover([course])
    first, second = known(discovery)
    records = [
        replace(first, status="failed", reason="broken"),
        replace(second, status="duplicate", reason="a.md"),
    ]
    assert unchanged(make_plan(discovery, records, same_pipeline=True)) == ["a.md", "b.md"]


def test_a_file_named_alone_is_another_course_when_that_is_asked_for(course: Path) -> None:
    records = known(discover([course]))
    plan = make_plan(discover([course / "a.md"], course="Own"), records, same_pipeline=True)
    assert [found.course for found, _ in plan.read] == ["Own"]


def test_nothing_is_gone_from_a_folder_that_cannot_be_listed(course: Path) -> None:
    write(course / "week 1" / "c.md", "three")
    records = known(discover([course]))
    discovery = discover([course])
    discovery.found = [f for f in discovery.found if f.path != "week 1/c.md"]
    assert [r.path for r in make_plan(discovery, records, True).gone] == ["week 1/c.md"]
    discovery.unlisted = [course / "week 1"]
    assert not make_plan(discovery, records, True).gone


def test_a_course_that_was_moved_is_not_there_twice(course: Path, tmp_path: Path) -> None:
    records = known(discover([course]))
    moved = course.rename(tmp_path / "elsewhere")
    plan = make_plan(discover([moved], course="course"), records, same_pipeline=True)
    assert (read(plan), plan.duplicates) == (["a.md", "b.md"], [])
    assert plan.gone == records


def test_a_copy_this_run_was_not_pointed_at_takes_the_place_of_a_changed_first(
    tmp_path: Path,
) -> None:
    roots = [write(tmp_path / n / "course" / "a.md", "one").parent for n in ("1", "2")]
    first, second = known(discover(roots))
    second = replace(second, status="duplicate", reason=str(first.absolute))
    write(roots[0] / "a.md", "other")
    plan = make_plan(discover(roots[:1]), [first, second], same_pipeline=True)
    assert [found.root for found, _ in plan.read] == roots
