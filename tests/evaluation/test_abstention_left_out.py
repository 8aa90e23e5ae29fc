"""Leaving a document out of the search gives what an index made without it gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from stub_encoder import StubEncoder

from chatbot.retrieval.hybrid import Retriever
from evaluation.abstention.left_out import IndexWithout
from ingestion.errors import IndexProblem
from ingestion.index import Index
from ingestion.pipeline import ingest

QUESTIONS = (
    "Which matrix does the adapter freeze?",
    "What rewards the policy?",
    "How many tokens fit into the window of the encoder?",
    "gradient",
    "Why do ducks swim?",
)
DOCUMENTS = {
    "adapters": "# Adapters\n\nThe adapter freezes every matrix.\n\n## Rank\n\nA low rank will do.",
    "rewards": "# Rewards\n\nA model rewards the policy.\n\nThe policy follows the gradient.",
    "windows": "# Windows\n\nThe window of the encoder holds 256 tokens. The gradient does not.",
    "ducks": "# Ducks\n\nDucks swim because they can. The adapter of a duck is its beak.",
    "matrices": "# Matrices\n\nA matrix has rows. A gradient is no matrix.\n\nTokens make one.",
}


def index_of(folder: Path, names: list[str]) -> Path:
    course = folder / "course"
    course.mkdir(parents=True)
    for name in names:
        (course / f"{name}.md").write_text(DOCUMENTS[name])
    ingest([course], folder / "index", encoder=StubEncoder())
    return folder / "index"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return index_of(tmp_path_factory.mktemp("whole"), list(DOCUMENTS))


def found(index: Index, question: str, **filters: str) -> list[tuple[str, str, object]]:
    # Fewer candidates than chunks: what is left out must not take their places.
    passages = Retriever(index, candidates=3).search(question, 3, **filters)
    return [(p.file, p.text, p.scores) for p in passages]


@pytest.mark.parametrize("left_out", list(DOCUMENTS))
def test_as_if_it_had_never_been_ingested(left_out: str, whole: Path, tmp_path: Path) -> None:
    rest = [name for name in DOCUMENTS if name != left_out]
    never = Index(index_of(tmp_path, rest), encoder=StubEncoder())
    without = IndexWithout(whole, [("course", f"{left_out}.md")], StubEncoder())

    for question in QUESTIONS:
        # BM25 adds up single-precision weights in its vocabulary's order, which differs.
        expected = [(f, t, pytest.approx(s, rel=1e-6)) for f, t, s in found(never, question)]
        assert expected
        assert found(without, question) == expected
        assert found(without, question, course="course") == expected


def test_a_question_to_the_whole_index_finds_it(whole: Path) -> None:
    assert found(Index(whole, encoder=StubEncoder()), "Why do ducks swim?")[0][0] == "ducks.md"


def test_a_document_that_is_not_there_cannot_be_left_out(whole: Path) -> None:
    with pytest.raises(IndexProblem, match=r"course/geese\.md"):
        IndexWithout(whole, [("course", "geese.md")], StubEncoder())
