"""Systems timed on the same questions in turns, so that load on the machine slows all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.record import Figure, median_of

Work = Callable[[str], Mapping[str, float]]
"""Question → measure → seconds."""
Taken = dict[str, dict[str, list[float]]]
"""System → measure → seconds, in the order of asking."""


def in_turns(
    systems: Mapping[str, Work],
    questions: Sequence[str],
    rounds: int = 1,
    warm_up: int = 3,
    progress: Callable[[str, int, int], None] | None = None,
) -> Taken:
    """Every system answers every question of every round; another one goes first each time.

    The first `warm_up` questions are put to all of them before, untimed.
    """
    for question in questions[:warm_up]:
        for work in systems.values():
            work(question)
    taken: Taken = {name: {} for name in systems}
    names = list(systems)
    turns = rounds * len(questions)
    for turn in range(turns):
        # Shifted from round to round too, so that every question meets every order.
        first = (turn % len(questions) + turn // len(questions)) % len(names)
        for name in names[first:] + names[:first]:
            for measure, seconds in systems[name](questions[turn % len(questions)]).items():
                taken[name].setdefault(measure, []).append(seconds)
        if progress:
            progress(", ".join(names), turn + 1, turns)
    return taken


def ratio(theirs: Sequence[float], ours: Sequence[float], parts: int) -> Figure:
    """Their time over ours in each of so many equal parts of the run: median, least, greatest."""
    size = len(ours) // parts
    starts = range(0, size * parts, size)
    return median_of(
        [sum(theirs[start : start + size]) / sum(ours[start : start + size]) for start in starts]
    )


def percentiles(name: str, taken: Sequence[float]) -> dict[str, Figure]:
    """`NAME_p50` and `NAME_p95` in milliseconds."""
    return {
        f"{name}_p{p}": {"value": 1000 * float(np.percentile(taken, p)), "n": len(taken)}
        for p in (50, 95)
    }
