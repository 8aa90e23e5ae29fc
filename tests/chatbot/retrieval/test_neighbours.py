"""Passages grown by their neighbours: text, places and order exact, no chunk twice."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from stub_encoder import StubEncoder

from chatbot.retrieval.neighbours import expand, join
from ingestion.index import Index
from ingestion.passage import Passage
from ingestion.pipeline import ingest

CHUNKS = 9


def write(path: Path, stem: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    paragraphs = [" ".join(f"{stem}{p}x{n}" for n in range(40)) + "." for p in range(CHUNKS)]
    path.write_text("\n\n".join(paragraphs))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("neighbours")
    write(folder / "course" / "a.txt", "a")
    write(folder / "course" / "b.txt", "b")
    encoder = StubEncoder(window=48)
    ingest([folder / "course"], folder / "index", encoder=encoder)
    return Index(folder / "index", encoder=encoder)


def chunks(index: Index, file: str = "a.txt") -> list[Passage]:
    found = index.file_passages("course", file)
    assert [p.ordinal for p in found] == list(range(CHUNKS))
    return found


def test_joined_text_spans_and_place_are_those_of_the_chunks(index: Index) -> None:
    a = chunks(index)
    (wide,) = expand([a[4]], index, 1)
    assert wide.text == "\n".join(p.text for p in a[3:6])
    assert (wide.chunk_id, wide.score, wide.ordinals) == (a[4].chunk_id, a[4].score, (3, 5))
    for chunk in a[3:6]:
        at = wide.text.index(chunk.text)
        for span in chunk.spans:
            assert wide.locator_of(at + span.start, at + span.end) == span.locator
    first, last = a[3].locator.bounds, a[5].locator.bounds
    assert first and last
    assert wide.locator.bounds == (first[0], last[1])


def test_at_the_ends_of_a_file_there_is_less_to_add(index: Index) -> None:
    a = chunks(index)
    assert expand([a[0]], index, 2)[0].ordinals == (0, 2)
    assert expand([a[-1]], index, 2)[0].ordinals == (CHUNKS - 3, CHUNKS - 1)
    assert expand([a[0]], index, 99)[0].text == "\n".join(p.text for p in a)


def test_a_passage_beside_a_better_one_joins_it_there(index: Index) -> None:
    a, b = chunks(index), chunks(index, "b.txt")
    grown = expand([a[2], b[2], a[4]], index, 1)
    assert [(p.file, p.ordinals, p.chunk_id) for p in grown] == [
        ("a.txt", (1, 5), a[2].chunk_id),
        ("b.txt", (1, 3), b[2].chunk_id),
    ]
    assert grown[0].text == "\n".join(p.text for p in a[1:6])


def test_joining_one_chunk_changes_nothing_but_says_where_it_ends(index: Index) -> None:
    (a, *_) = chunks(index)
    joined = join([a], a)
    assert (joined.text, joined.spans, joined.ordinals) == (a.text, a.spans, a.ordinals)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(CHUNKS)), st.integers(1, 5), st.integers(1, 3))
@example([1, 6, 4], 3, 1)
def test_no_chunk_appears_twice(index: Index, order: list[int], k: int, reach: int) -> None:
    a = chunks(index)
    grown = expand([a[i] for i in order[:k]], index, reach)
    ranges = sorted(p.ordinals for p in grown)
    assert all(left[1] < right[0] for left, right in pairwise(ranges))
    lines = [line for p in grown for line in p.text.splitlines()]
    assert len(lines) == len(set(lines))


def test_two_folders_of_one_name_are_not_mixed(tmp_path: Path) -> None:
    write(tmp_path / "1" / "course" / "a.txt", "one")
    write(tmp_path / "2" / "course" / "a.txt", "two")
    encoder = StubEncoder(window=48)
    ingest([tmp_path / "1" / "course", tmp_path / "2" / "course"], tmp_path / "i", encoder=encoder)
    index = Index(tmp_path / "i", encoder=encoder)
    core = next(p for p in index.file_passages("course", "a.txt") if "one4x0" in p.text)
    (wide,) = expand([core], index, 1)
    assert "one3x0" in wide.text
    assert "two" not in wide.text


def test_a_file_removed_since_the_search_does_no_harm(tmp_path: Path) -> None:
    write(tmp_path / "course" / "a.txt", "a")
    encoder = StubEncoder(window=48)
    ingest([tmp_path / "course"], tmp_path / "i", encoder=encoder)
    index = Index(tmp_path / "i", encoder=encoder)
    found = index.file_passages("course", "a.txt")[3]
    (tmp_path / "course" / "a.txt").unlink()
    ingest([tmp_path / "course"], tmp_path / "i", encoder=encoder)
    assert expand([found], index, 1) == [join([found], found)]
