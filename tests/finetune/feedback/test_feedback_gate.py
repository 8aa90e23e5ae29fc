"""The gate's verdicts, and how often it errs on values of known distribution."""

from __future__ import annotations

import numpy as np
import pytest

from finetune.feedback.gate import Margins, Name, Values, Verdict, judge

N = 200
MARGINS = Margins(answers=0.03, summaries=0.02, safety=0.02)


def values(change: float, spread: float = 0.05, seed: int = 0) -> Values:
    draw = np.random.default_rng(seed)
    before = draw.uniform(0.2, 0.8, N)
    after = before + draw.normal(change, spread, N)
    return Values(after.tolist(), before.tolist(), list(range(N)))


def measured(**changes: float) -> dict[Name, Values]:
    usual: dict[Name, float] = {"preference": 0.05, "answers": 0, "summaries": 0, "safety": 0}
    return {name: values(changes.get(name, change)) for name, change in usual.items()}


def test_better_and_nothing_worse_is_promoted() -> None:
    verdict = judge(measured(), MARGINS)
    assert verdict.promoted
    assert "preference +0.0" in verdict.why


@pytest.mark.parametrize(
    ("name", "change"),
    [("preference", 0.0), ("preference", -0.1), ("answers", -0.04), ("summaries", -0.03),
     ("safety", -0.03)],
)  # fmt: skip
def test_whatever_is_not_shown_keeps_the_old_one_and_is_named(name: Name, change: float) -> None:
    verdict = judge(measured(**{name: change}), MARGINS)
    assert not verdict.promoted
    assert verdict.why.startswith(name)
    assert [check.name for check in verdict.checks if not check.passed] == [name]


def test_a_small_loss_within_the_margin_is_let_through_and_one_too_uncertain_is_not() -> None:
    assert judge(measured(answers=-0.015), MARGINS).promoted
    vague = measured() | {"answers": values(0.0, spread=0.9)}
    assert not judge(vague, MARGINS).promoted


def test_a_check_that_was_not_made_is_not_passed_unless_it_is_waived() -> None:
    some = measured()
    del some["safety"]
    verdict = judge(some, MARGINS)
    assert not verdict.promoted and verdict.why == "safety was not checked"
    waived = judge(some, MARGINS, ["safety"])
    assert waived.promoted and waived.why.endswith("safety not checked, as asked")
    assert waived.as_json()["waived"] == ["safety"]


def test_a_check_that_was_made_counts_and_is_not_called_waived() -> None:
    verdict = judge(measured(answers=-0.04), MARGINS, ["answers"])
    assert not verdict.promoted
    assert "not checked" not in verdict.why and verdict.as_json()["waived"] == []


def test_questions_are_resampled_whole() -> None:
    """Ten questions judged twenty times each are ten examples, not two hundred."""
    draw = np.random.default_rng(1)
    change = np.repeat(draw.normal(0.02, 0.06, 10), 20)
    before = [0.5] * N
    alone = Values((0.5 + change).tolist(), before, list(range(N)))
    together = Values((0.5 + change).tolist(), before, [place // 20 for place in range(N)])
    low, lower = (judge({"preference": v}, MARGINS).checks[0] for v in (alone, together))
    assert lower.change.difference.low < low.change.difference.low


def test_it_errs_rarely_on_no_difference_and_sees_a_real_one() -> None:
    def verdict(change: float, seed: int) -> Verdict:
        found = measured() | {"preference": values(change, 0.4, seed)}
        return judge(found, MARGINS)

    assert sum(verdict(0.0, seed).promoted for seed in range(40)) <= 3
    assert sum(verdict(0.15, seed).promoted for seed in range(40)) >= 36
