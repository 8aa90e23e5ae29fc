"""Batches of corrupted windows, shown beforehand or not."""

from __future__ import annotations

import numpy as np

from finetune.pretraining.batches import Alternating, SpanBatches
from finetune.pretraining.span_corruption import Corruption
from finetune.pretraining.windows import TextSource, Windows

SENTINEL = 9_999
TEXT = [TextSource("text", np.arange(100, 4_100, dtype=np.uint16))]


def batches(corruption: Corruption, *, shown: bool) -> SpanBatches:
    windows = Windows(TEXT, corruption.window)
    return SpanBatches(windows, corruption, first_sentinel=SENTINEL, shown=shown)


def test_what_is_missing_stands_in_the_window_that_is_shown() -> None:
    corruption = Corruption.beside(64)
    batch = batches(corruption, shown=True).at(0, 5)
    assert batch.input_ids.shape == (5, corruption.window + corruption.source)
    assert batch.labels.shape == (5, corruption.target)
    for source, target in zip(batch.input_ids.tolist(), batch.labels.tolist(), strict=True):
        window, corrupted = source[: corruption.window], source[corruption.window :]
        missing = [token for token in target if 1 < token <= SENTINEL - 100]
        assert len(missing) == corruption.noise
        assert set(missing) <= set(window) and not set(missing) & set(corrupted)
        sentinels = [token for token in corrupted if token > SENTINEL - 100]
        assert sentinels == [token for token in target if token > SENTINEL - 100]
        assert len(sentinels) == corruption.spans


def test_the_share_of_steps_is_spread_evenly() -> None:
    plain = batches(Corruption.filling(64), shown=False)
    beside = batches(Corruption.beside(96), shown=True)

    def kinds(share: float) -> str:
        both = Alternating(plain, beside, share, batch=4)
        # A step is computed in pieces; all of them are of one kind.
        widths = [
            {both.at(4 * step + part, 2).labels.shape[1] for part in (0, 2)} for step in range(8)
        ]
        assert all(len(one) == 1 for one in widths)
        length = beside.at(0, 1).labels.shape[1]
        return "".join("s" if one == {length} else "p" for one in widths)

    assert kinds(0.5) == "psps" * 2
    assert kinds(0.25) == "ppps" * 2
    assert (kinds(0), kinds(1)) == ("p" * 8, "s" * 8)
