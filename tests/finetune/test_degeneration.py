"""Policies that would please many a reward and say nothing must be found out."""

from __future__ import annotations

import pytest

from finetune.degeneration import faults, health

PROMPTS = [f"the {n} comment about a film that we saw on day {n}" for n in range(20)]
HEALTHY = [f"was good enough to see it {n} times with friend number {n}" for n in range(20)]


@pytest.mark.parametrize(
    ("responses", "fault"),
    [
        (["..."] * 20, "100% of the responses are empty"),
        ([" ".join(prompt.split()[:10]) for prompt in PROMPTS], "100% echo their prompt"),
        (["so nice so nice so nice so nice so nice"] * 20, "100% repeat themselves"),
        (["have a nice day and enjoy your film with all friends"] * 20, "distinct-2 fell"),
        ([said.split()[0] for said in HEALTHY], "times as long"),
        ([said + " and so on" * 2 for said in HEALTHY], "times as long"),
    ],
    ids=["silent", "echoing", "repetitive", "collapsed", "short", "long"],
)
def test_a_hollow_policy_is_named(responses: list[str], fault: str) -> None:
    found = faults(health(PROMPTS, responses), health(PROMPTS, HEALTHY))
    assert any(fault in one for one in found), found


def test_a_healthy_change_has_no_fault() -> None:
    other = [said.replace("good", "bad").replace("see", "leave") for said in HEALTHY]
    assert faults(health(PROMPTS, other), health(PROMPTS, HEALTHY)) == []


def test_figures_of_a_few_responses() -> None:
    found = health(["a b c d e"] * 4, ["b c d e", "x y", "", "x y x y x y x y"])
    assert found.empty == 1 / 4
    assert found.echoing == 1 / 4
    assert found.repetitive == 1 / 4
    assert found.distinct_2 == pytest.approx(5 / 11)  # bc cd de xy yx of 3 + 1 + 7 bigrams
    assert found.words == 14 / 4
    with pytest.raises(ValueError, match="no responses"):
        health([], [])
