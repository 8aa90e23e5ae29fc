"""What every store must do. A subclass gives `make()`: each call is a new store on the same data.

The brute-force answer is a matrix product over the rows that ought to be there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.stores.base import Row, Selection, Store, Vectors

DIMENSION = 16
Make = Callable[[], Store]


class StubEncoder:
    """Words hashed into a few dimensions: texts that share words are near each other."""

    name = signature = "stub"
    dimension = DIMENSION
    window = 64

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        vectors = np.zeros((len(texts), DIMENSION), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in text.lower().split():
                vector += np.random.default_rng(list(word.encode())).standard_normal(DIMENSION)
            vector /= max(float(np.linalg.norm(vector)), 1e-9)
        return vectors


def unit_vectors(n: int, seed: int = 0, dimension: int = DIMENSION) -> Vectors:
    x = np.random.default_rng(seed).standard_normal((n, dimension)).astype(np.float32)
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), np.float32)


def row(chunk_id: int) -> Row:
    """Ten chunks to a file, two files to a course."""
    file_id = chunk_id // 10
    return Row(chunk_id, file_id, f"course{file_id // 2}", f"file{file_id}.md", "markdown")


def rows(chunk_ids: Sequence[int]) -> list[Row]:
    return [row(i) for i in chunk_ids]


def selection(chunk_ids: Sequence[int]) -> Selection:
    files = tuple(sorted({i // 10 for i in chunk_ids}))
    return Selection(np.array(chunk_ids, np.int64), files)


def commit(
    store: Store, generation: int, held: dict[int, Vectors], removed: Sequence[int] = ()
) -> None:
    """Stage and open; `held` is what the generation adds."""
    vectors = np.stack(list(held.values())) if held else np.empty((0, DIMENSION), np.float32)
    store.stage(generation, rows(list(held)), vectors, removed)
    store.open(generation)


def assert_searches_like(store: Store, held: dict[int, Vectors], query: Vectors, k: int) -> None:
    ids = np.array(list(held), np.int64)
    exact = np.stack(list(held.values())) @ query if held else np.empty(0)
    best = np.sort(exact)[::-1][:k]
    hits = store.search(query, k)
    scores = dict(zip(ids.tolist(), exact.tolist(), strict=True))
    assert [hit.score for hit in hits] == pytest.approx(best.tolist(), abs=1e-4)
    assert len({hit.chunk_id for hit in hits}) == len(hits)
    for hit in hits:
        assert hit.score == pytest.approx(scores[hit.chunk_id], abs=1e-4)


class StoreContract:
    """Subclasses provide the fixture `make`."""

    def test_the_empty_index_answers_nothing(self, make: Make) -> None:
        store = make()
        store.open(0)
        assert store.search(unit_vectors(1)[0], 5) == []
        assert store.count() == 0
        assert store.vectors([]).shape == (0, DIMENSION)
        with pytest.raises(KeyError, match="7"):
            store.vectors([7])

    def test_search_equals_brute_force(self, make: Make) -> None:
        x = unit_vectors(300)
        held = dict(enumerate(x, 1))
        store = make()
        commit(store, 1, held)
        assert store.count() == 300
        for query in unit_vectors(20, seed=1):
            assert_searches_like(store, held, query, 10)
        assert store.search(x[4], 1)[0].chunk_id == 5
        assert len(store.search(x[0], 1000)) == 300
        assert store.search(x[0], 0) == []

    def test_a_selection_limits_the_hits(self, make: Make) -> None:
        x = unit_vectors(300)
        store = make()
        commit(store, 1, dict(enumerate(x)))
        for files in ([3], [0, 7, 29], list(range(20))):
            chunks = [i for i in range(300) if i // 10 in files]
            query = unit_vectors(1, seed=len(files))[0]
            hits = store.search(query, 8, selection(chunks))
            best = [chunks[i] for i in np.argsort(-(x[chunks] @ query))[:8]]
            assert [hit.chunk_id for hit in hits] == best
        assert store.search(x[0], 5, selection([])) == []
        assert store.search(x[0], 5, selection([9990])) == []

    def test_what_is_staged_is_not_seen_before_it_is_opened(self, make: Make) -> None:
        held = dict(enumerate(unit_vectors(40), 1))
        new = dict(enumerate(unit_vectors(40, seed=1), 101))
        store, reader = make(), make()
        commit(store, 1, held)
        reader.open(1)
        store.stage(2, rows(list(new)), np.stack(list(new.values())), [1, 2, 3])
        for seen in (store, reader):
            assert seen.count() == 40
            for query in (new[101], held[1]):
                assert_searches_like(seen, held, query, 40)
            with pytest.raises(KeyError, match="101"):
                seen.vectors([1, 101])
        store.open(2)
        after = {i: v for i, v in (held | new).items() if i not in (1, 2, 3)}
        assert store.count() == 77
        assert_searches_like(store, after, held[1], 77)

    def test_a_reader_goes_on_while_a_later_generation_settles(self, make: Make) -> None:
        held = dict(enumerate(unit_vectors(40), 1))
        new = dict(enumerate(unit_vectors(5, seed=1), 101))
        writer, reader = make(), make()
        commit(writer, 1, held)
        reader.open(1)
        commit(writer, 2, new)
        writer.settle(2, np.array([*held, *new], np.int64))
        assert_searches_like(reader, held, new[101], 40)
        reader.open(2)
        assert reader.search(new[101], 1)[0].chunk_id == 101

    def test_settle_undoes_a_staging_that_was_never_committed(self, make: Make) -> None:
        held = dict(enumerate(unit_vectors(40), 1))
        lost = {5: unit_vectors(1, seed=6)[0], **dict(enumerate(unit_vectors(40, seed=1), 41))}
        again = dict(enumerate(unit_vectors(3, seed=2), 41))
        killed = make()
        commit(killed, 1, held)
        killed.stage(2, rows(list(lost)), np.stack(list(lost.values())), [1, 2, 3])

        store = make()
        store.open(1)
        store.settle(1, np.array(list(held), np.int64))
        assert store.count() == 40
        commit(store, 2, again)
        after = held | again
        assert store.count() == 43
        for query in (lost[5], lost[41], lost[44], held[1]):
            assert_searches_like(store, after, query, 43)

    def test_settle_of_the_empty_generation_clears_the_store(self, make: Make) -> None:
        killed = make()
        killed.stage(1, rows([1, 2]), unit_vectors(2), [])
        store = make()
        store.open(0)
        store.settle(0, np.empty(0, np.int64))
        commit(store, 1, {3: unit_vectors(1, seed=3)[0]})
        assert [hit.chunk_id for hit in store.search(unit_vectors(1)[0], 5)] == [3]

    def test_settle_changes_nothing_that_is_read(self, make: Make) -> None:
        held = dict(enumerate(unit_vectors(30), 1))
        store = make()
        commit(store, 1, held)
        commit(store, 2, {}, removed=[4, 5])
        live = {i: v for i, v in held.items() if i not in (4, 5)}
        store.settle(2, np.array(list(live), np.int64))
        store.settle(2, np.array(list(live), np.int64))
        assert store.count() == 28
        assert_searches_like(store, live, held[4], 28)

    def test_a_chunk_id_used_again_has_its_new_vector(self, make: Make) -> None:
        old, new = unit_vectors(2), unit_vectors(2, seed=5)
        store = make()
        commit(store, 1, {1: old[0], 2: old[1]})
        commit(store, 2, {2: new[1]}, removed=[2])
        np.testing.assert_allclose(store.vectors([2])[0], new[1], atol=1e-6)
        assert_searches_like(store, {1: old[0], 2: new[1]}, old[1], 5)
        commit(store, 3, {1: new[0]})
        assert store.count() == 2
        assert_searches_like(store, {1: new[0], 2: new[1]}, old[0], 5)

    def test_it_is_all_there_after_closing_and_opening(self, make: Make) -> None:
        held = dict(enumerate(unit_vectors(50), 1))
        store = make()
        commit(store, 1, held)
        store.settle(1, np.array(list(held), np.int64))
        store.close()
        again = make()
        again.open(1)
        assert again.count() == 50
        assert_searches_like(again, held, held[7], 50)

    def test_vectors_come_in_the_order_asked(self, make: Make) -> None:
        x = unit_vectors(20)
        store = make()
        commit(store, 1, dict(enumerate(x, 1)))
        np.testing.assert_allclose(store.vectors([5, 2, 5, 20]), x[[4, 1, 4, 19]], atol=1e-6)
        with pytest.raises(KeyError, match="77"):
            store.vectors([1, 77])

    def test_wrong_shapes_and_old_generations_are_refused(self, make: Make) -> None:
        store = make()
        with pytest.raises(ValueError, match="shape"):
            store.stage(1, rows([1, 2]), unit_vectors(3), [])
        with pytest.raises(ValueError, match="shape"):
            store.stage(1, rows([1]), unit_vectors(1, dimension=DIMENSION + 1), [])
        commit(store, 1, {1: unit_vectors(1)[0]})
        with pytest.raises(ValueError, match="generation 1"):
            store.stage(1, rows([2]), unit_vectors(1), [])

    def test_near_texts_are_found_through_an_encoder(self, make: Make) -> None:
        texts = ["gradient descent step size", "attention heads and queries", "beam search width"]
        encoder, store = StubEncoder(), make()
        commit(store, 1, dict(enumerate(encoder.encode(texts), 1)))
        query = encoder.encode(["what are attention queries"])[0]
        assert store.search(query, 1)[0].chunk_id == 2

    @settings(
        max_examples=8,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,  # every example clears the store first
            HealthCheck.differing_executors,  # one subclass per store
        ],
    )
    @given(data=st.data())
    def test_any_history_equals_brute_force(self, make: Make, data: st.DataObject) -> None:
        store = make()
        store.open(0)
        store.settle(0, np.empty(0, np.int64))
        held: dict[int, Vectors] = {}
        next_id, generation = 1, 0
        for _ in range(data.draw(st.integers(1, 4))):
            store.settle(generation, np.array(list(held), np.int64))
            added = data.draw(st.integers(0, 12))
            removed = (
                data.draw(st.lists(st.sampled_from(sorted(held)), unique=True)) if held else []
            )
            x = unit_vectors(added, seed=data.draw(st.integers(0, 99)))
            new = {next_id + i: vector for i, vector in enumerate(x)}
            if data.draw(st.booleans()):
                store.stage(generation + 1, rows(list(new)), x, removed)
                assert_searches_like(store, held, unit_vectors(1, seed=7)[0], 20)
                continue
            commit(store, generation + 1, new, removed)
            generation, next_id = generation + 1, next_id + added
            held = {i: v for i, v in (held | new).items() if i not in removed}
            assert store.count() == len(held)
            assert_searches_like(store, held, unit_vectors(1, seed=8)[0], 20)
        store.close()
