"""Span corruption (Raffel et al. 2020, §3.1.4): what T5 learns from text alone.

Spans of a window are taken out, and each leaves a sentinel behind; the target lists them:

    window   Thank you for inviting me to your party last week
    source   Thank you <0> me to your party <1> week </s>
    target   <0> for inviting <1> last </s>

15 % of the tokens go, in spans of 3 on average. The arithmetic is that of T5's
`random_spans_helper` and `random_spans_noise_mask`, so every window of `Corruption.window` tokens
gives a source of exactly `Corruption.source` tokens and a target of exactly `Corruption.target`:
nothing is padding.

A window can also be shown before its corruption, in one source. Then nothing need be known to fill
the gaps, only found and copied, which is what questions over a passage ask for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SENTINELS = 100

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Corruption:
    """Token counts: `window` read, of which `noise` in `spans` spans are taken out; `source` and
    `target` with their sentinels and end mark.
    """

    window: int
    noise: int
    spans: int

    @property
    def source(self) -> int:
        return self.window - self.noise + self.spans + 1

    @property
    def target(self) -> int:
        return self.noise + self.spans + 1

    @classmethod
    def filling(cls, source: int, density: float = 0.15, mean_span: float = 3.0) -> Corruption:
        """The longest window whose source has `source` tokens (T5's `random_spans_helper`).

        Raises `ValueError` where the numbers allow none.
        """
        if not (source >= 4 and 0 < density <= 0.5 and mean_span >= 1):
            raise ValueError(
                f"no span corruption with sources of {source} tokens, density {density} and "
                f"spans of {mean_span}"
            )
        window = source - 1
        while cls.of_window(window + 1, density, mean_span).source <= source:
            window += 1
        found = cls.of_window(window, density, mean_span)
        if found.source != source or found.spans > SENTINELS:
            raise ValueError(
                f"sources of {source} tokens cannot be filled with {SENTINELS} sentinels; "
                "take shorter sources or longer spans"
            )
        return found

    @classmethod
    def beside(cls, source: int, density: float = 0.3, mean_span: float = 3.0) -> Corruption:
        """The longest window that fits into `source` tokens with its corruption behind it."""
        window = 2
        while window + 1 + cls.of_window(window + 1, density, mean_span).source <= source:
            window += 1
        return cls.of_window(window, density, mean_span)

    @classmethod
    def of_window(cls, window: int, density: float, mean_span: float) -> Corruption:
        """How much of a window of that many tokens is taken out, in how many spans."""
        noise = min(max(round(window * density), 1), window - 1)
        spans = max(round(noise / mean_span), 1)
        return cls(window, noise, min(spans, noise, window - noise))


def corrupt(
    tokens: Ids, corruption: Corruption, draw: np.random.Generator, *, first_sentinel: int, end: int
) -> tuple[Ids, Ids]:
    """(source, target) of one window; the n-th span's sentinel is `first_sentinel` − n, as T5
    numbers them.
    """
    mask = noise_mask(corruption, draw)
    return (
        _with_sentinels(tokens, mask, first_sentinel, end),
        _with_sentinels(tokens, ~mask, first_sentinel, end),
    )


def noise_mask(corruption: Corruption, draw: np.random.Generator) -> NDArray[np.bool_]:
    """True where a token is taken out: kept and taken spans by turns, a kept one first."""
    kept = _segments(corruption.window - corruption.noise, corruption.spans, draw)
    taken = _segments(corruption.noise, corruption.spans, draw)
    lengths = np.stack([kept, taken], axis=1).reshape(-1)
    return np.repeat(np.tile([False, True], corruption.spans), lengths)


def _segments(items: int, parts: int, draw: np.random.Generator) -> Ids:
    """Lengths, none zero, of `parts` parts of `items`; every division is equally likely."""
    cuts = np.sort(draw.choice(items - 1, parts - 1, replace=False)) + 1
    return np.diff(np.concatenate([[0], cuts, [items]])).astype(np.int64)


def _with_sentinels(tokens: Ids, mask: NDArray[np.bool_], first: int, end: int) -> Ids:
    """The tokens outside of `mask`, one sentinel for each run inside it, and the end mark."""
    starts = mask & ~np.concatenate([[False], mask[:-1]])
    sentinels = first + 1 - np.cumsum(starts)
    marked = np.where(starts, sentinels, tokens)[~mask | starts]
    return np.append(marked, end)
