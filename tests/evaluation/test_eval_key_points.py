from pathlib import Path

import pytest

from evaluation.summaries.documents import load
from evaluation.summaries.key_points import KeyPointCover
from ingestion.encoders.factory import load_encoder
from ingestion.errors import LecternError

ROOT = Path(__file__).parents[2]
POINT = "Dropout sets a fraction of the nodes to zero in training."


@pytest.fixture(scope="module")
def cover() -> KeyPointCover:
    return KeyPointCover(load_encoder())


def test_a_point_is_covered_by_its_words_or_by_its_meaning(cover: KeyPointCover) -> None:
    text = cover.statements(
        "In training, some of the nodes are set to zero: that fraction is dropout.\n"
        "Ducks keep their feathers dry with oil."
    )
    said, reworded, absent = cover.covers(
        text, [POINT, "Birds' plumage stays dry thanks to oil.", "Paris is the capital of France."]
    )
    assert said.by_words
    assert said.covered
    assert not reworded.by_words
    assert reworded.by_meaning
    assert reworded.covered
    assert not absent.covered


def test_words_scattered_over_a_text_do_not_add_up(cover: KeyPointCover) -> None:
    scattered = "A fraction was paid. We sat down. Training is hard. We left. Zero nodes."
    (found,) = cover.covers(cover.statements(scattered), [POINT])
    assert found.words < 0.5


def test_an_empty_summary_covers_nothing(cover: KeyPointCover) -> None:
    (found,) = cover.covers(cover.statements(""), [POINT])
    assert (found.words, found.cosine, found.covered) == (0.0, 0.0, False)


def test_documents_are_read_by_section_and_a_missing_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Ducks\n\nDucks swim.\n\n## Feathers\n\nOil keeps them dry.\n")
    points = tmp_path / "points.jsonl"
    line = '{"id": "f", "document": "a.md", "section": "feathers", "points": ["Oil helps."]}\n'
    points.write_text(line)
    (example,) = load(tmp_path, points, load_encoder()).examples
    assert "Oil keeps them dry." in example.text
    assert "swim" not in example.text
    points.write_text("\n\n" + line.replace("feathers", "beaks"))
    with pytest.raises(LecternError, match=r"line 3: a\.md has no such section"):
        load(tmp_path, points, load_encoder())
    points.write_text(line + '{"id": "g", "document": "b.md", "points": ["x"]}\n')
    with pytest.raises(LecternError, match=r"line 2: b\.md: .*cannot be opened"):
        load(tmp_path, points, load_encoder())
    points.write_text(line + '{"id": "g", "document": "a.md", "points": []}\n')
    with pytest.raises(LecternError, match="line 2: points"):
        load(tmp_path, points, load_encoder())


@pytest.mark.data
def test_ten_documents_with_eight_points_each(shared_data: Path) -> None:
    measured = load(shared_data / "courses", ROOT / "benchmarks" / "key_points", load_encoder())
    assert [len(example.points) for example in measured.examples] == [8] * 10
    assert len({point for example in measured.examples for point in example.points}) == 80
    assert min(len(example.text.split()) for example in measured.examples) > 250
