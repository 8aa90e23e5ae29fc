"""BM25: bm25s's own scores, the same after any sequence of changes, and after a reload."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bm25s import BM25
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.errors import IndexProblem
from ingestion.lexical import LexicalIndex
from ingestion.stores.base import Selection
from ingestion.words import Stemmed

TEXTS = [
    "LoRA freezes the weights and trains low-rank matrices",
    "Full fine-tuning updates all the weights of the model",
    "top-p sampling keeps the tokens whose probability adds up to p",
    "top-k sampling keeps the k most probable tokens",
    "PPO limits how far the policy moves, by clipping",
]
QUERY = "which weights does fine-tuning update"


def test_scores_equal_bm25s() -> None:
    stems = Stemmed()
    tokens = [stems.of(text) for text in TEXTS]
    reference = BM25(method="lucene", k1=1.5, b=0.75)
    reference.index(tokens, show_progress=False)
    ours = LexicalIndex.build(range(len(TEXTS)), TEXTS)
    for query in (QUERY, "probable tokens sampling", "clipping the policy"):
        known = [w for w in stems.of(query) if any(w in t for t in tokens)]
        np.testing.assert_allclose(ours.scores(query), reference.get_scores(known), rtol=1e-5)


word = st.sampled_from(["token", "model", "weight", "rank", "policy", "reward", "token2"])
chunk = st.lists(word, min_size=1, max_size=8).map(" ".join)


@settings(max_examples=40, deadline=None)
@given(st.lists(chunk, min_size=1, max_size=8), st.lists(chunk, max_size=4), st.data())
def test_changing_equals_building_anew(
    first: list[str], more: list[str], data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.integers(0, len(first) - 1)))
    changed = LexicalIndex.build(range(len(first)), first).updated(
        range(100, 100 + len(more)), more, sorted(gone)
    )
    kept = [(i, t) for i, t in enumerate(first) if i not in gone]
    everything = kept + list(zip(range(100, 100 + len(more)), more, strict=True))
    anew = LexicalIndex.build([i for i, _ in everything], [t for _, t in everything])
    assert changed.ids.tolist() == anew.ids.tolist()
    np.testing.assert_allclose(changed.scores("token rank"), anew.scores("token rank"), rtol=1e-5)


def test_stems_and_single_letters_count() -> None:
    index = LexicalIndex.build([7, 8, 9], [TEXTS[2], TEXTS[3], TEXTS[4]])
    assert index.search("what is top-p?", 1)[0].chunk_id == 7
    assert index.search("what is top-k?", 1)[0].chunk_id == 8
    assert [hit.chunk_id for hit in index.search("clipped policies", 5)] == [9]
    assert index.search("unrelated zebra", 5) == []


def test_coverage_weighs_a_word_by_how_few_chunks_hold_it() -> None:
    index = LexicalIndex.build([4, 7, 9], ["reward model", "reward policy", "reward reward"])
    rare, common, unknown = np.log1p([3 / 2, 3 / 4, 3 / 1])  # in one chunk, in three, in none

    def covered(query: str) -> list[float]:
        return index.coverage(query, [7, 4, 9])

    total = rare + common
    assert covered("Which reward has the policy?") == pytest.approx([1.0, *[common / total] * 2])
    total = common + unknown
    assert covered("reward, REWARD and zebra") == pytest.approx([common / total] * 3)
    assert covered("zebra") == [0.0] * 3
    assert covered("what is it?") == [0.0] * 3


def test_coverage_forgets_what_was_removed() -> None:
    index = LexicalIndex.build([1, 2], ["reward model", "zebra"]).updated([], [], removed=[2])
    anew = LexicalIndex.build([1], ["reward model"])
    assert index.coverage("reward zebra", [1]) == anew.coverage("reward zebra", [1])


def test_a_selection_limits_the_search() -> None:
    index = LexicalIndex.build(range(5), TEXTS)
    chosen = Selection(np.array([1, 3]), (1,))
    assert {hit.chunk_id for hit in index.search("weights tokens", 5, chosen)} == {1, 3}


def test_saved_and_loaded_it_scores_and_changes_the_same(tmp_path: Path) -> None:
    index = LexicalIndex.build(range(5), TEXTS)
    index.save(tmp_path / "lexical-1")
    again = LexicalIndex.load(tmp_path / "lexical-1")
    np.testing.assert_array_equal(again.scores(QUERY), index.scores(QUERY))
    np.testing.assert_allclose(
        again.updated([9], ["new weights"], [1]).scores(QUERY),
        index.updated([9], ["new weights"], [1]).scores(QUERY),
        rtol=1e-6,
    )


def test_damage_is_named(tmp_path: Path) -> None:
    LexicalIndex.build(range(5), TEXTS).save(tmp_path / "lexical-1")
    (tmp_path / "lexical-1" / "weights.data.npy").write_bytes(b"no array")
    with pytest.raises(IndexProblem, match="lexical-1"):
        LexicalIndex.load(tmp_path / "lexical-1")
