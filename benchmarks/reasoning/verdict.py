"""What the figures say, a sentence a task: whether reasoning first helps a model of this size."""

from __future__ import annotations

from evaluation.bootstrap import Comparison, Interval


def sentence(task: str, when: str, change: Comparison, best: Interval, floor: float) -> str:
    """`change`: with reasoning − direct; `best`: the better of the two; `floor`: a blind guess."""
    said = change.difference
    if said.low > 0:
        verdict = "asking for reasoning first helps"
    elif said.high < 0:
        verdict = "asking for reasoning first does harm"
    else:
        verdict = "no difference between the two prompts is shown"
    beyond = "" if best.low > floor else f"; neither is shown to beat a blind guess ({floor:.3f})"
    return (
        f"{task}, {when}: {verdict}, {said.value:+.3f} ({said.low:+.3f} to {said.high:+.3f}, "
        f"n = {said.n}){beyond}."
    )
