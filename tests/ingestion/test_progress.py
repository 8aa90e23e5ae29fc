"""The estimate of what is left, on a clock that the test turns."""

from __future__ import annotations

import pytest

from ingestion.progress import Progress, StageClock


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time; change its one element to let some pass."""
    time = [100.0]
    monkeypatch.setattr("ingestion.progress.time.monotonic", lambda: time[0])
    return time


def test_the_estimate_follows_the_cost_not_the_count(now: list[float]) -> None:
    seen: list[Progress] = []
    clock = StageClock("parse", 3, 100.0, seen.append)
    assert seen == [Progress("parse", 0, 3, None)], "nothing can be told yet"
    now[0] += 10
    clock.step(1, 80.0, "big.pdf")
    assert seen[-1] == Progress("parse", 1, 3, 2.5, "big.pdf")
    now[0] += 1
    clock.step(1, 0.0, "empty.md")
    assert seen[-1].eta_seconds == pytest.approx(11 * 20 / 80)
    clock.step(1, 20.0)
    assert (seen[-1].done, seen[-1].total, seen[-1].eta_seconds) == (3, 3, 0.0)


def test_work_beyond_the_estimate_leaves_nothing_rather_than_less(now: list[float]) -> None:
    seen: list[Progress] = []
    clock = StageClock("embed", 2, 10.0, seen.append)
    now[0] += 5
    clock.step(1, 30.0)
    assert seen[-1].eta_seconds == 0.0


def test_a_stage_without_cost_never_divides_by_nothing() -> None:
    seen: list[Progress] = []
    StageClock("commit", 1, 0.0, seen.append).step(1, 0.0)
    assert seen[-1] == Progress("commit", 1, 1, None)


def test_nobody_need_listen() -> None:
    StageClock("scan", 1, 1.0, None).step(1, 1.0)
