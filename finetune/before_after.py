"""A trained policy beside its reference on the same prompts: reward, distance, and health.

A higher reward alone is no improvement. The verdict needs a paired interval above zero and no sign
of degeneration (`finetune/degeneration.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.bootstrap import Comparison, Interval, compare, interval
from finetune.degeneration import Health, faults, health
from finetune.divergence import measured_kl
from finetune.policy import Policy
from finetune.ppo.mixture import Reward
from finetune.rng import seed_everything
from finetune.sampling import Sampling, answer


@dataclass(frozen=True)
class BeforeAfter:
    """`reward` compares policy − reference over prompts; None where no reward was given."""

    before: Health
    after: Health
    kl: Interval
    reward_before: Interval | None
    reward_after: Interval | None
    reward: Comparison | None
    faults: list[str]

    @property
    def improved(self) -> bool:
        return self.reward is not None and self.reward.difference.low > 0 and not self.faults

    def as_json(self) -> dict[str, object]:
        made: dict[str, object] = {
            "before": self.before.as_json(),
            "after": self.after.as_json(),
            "length_ratio": self.after.words / self.before.words if self.before.words else None,
            "kl": self.kl.as_json(),
            "faults": self.faults,
        }
        if self.reward and self.reward_before and self.reward_after:
            made |= {
                "reward_before": self.reward_before.as_json(),
                "reward_after": self.reward_after.as_json(),
                "reward": self.reward.as_json(),
                "improved": self.improved,
            }
        return made


def before_after(
    policy: Policy,
    prompts: Sequence[str],
    max_new_tokens: int,
    reward: Reward | None = None,
    seed: int = 0,
) -> BeforeAfter:
    """One response of each to every prompt, from the same seed. Raises `ValueError` for none."""
    sampling = Sampling(max_new_tokens)
    seed_everything(seed)
    with policy.reference():
        reference = [texts[0] for texts in answer(policy, prompts, sampling)]
    seed_everything(seed)
    responses = [texts[0] for texts in answer(policy, prompts, sampling)]
    seed_everything(seed)
    kl = _known(interval(measured_kl(policy, prompts, max_new_tokens=max_new_tokens)))
    healthy, now = health(prompts, reference), health(prompts, responses)
    if reward is None:
        return BeforeAfter(healthy, now, kl, None, None, None, faults(now, healthy))
    first, second = reward.scores(prompts, reference), reward.scores(prompts, responses)
    return BeforeAfter(
        healthy,
        now,
        kl,
        _known(interval(first)),
        _known(interval(second)),
        compare(second, first),
        faults(now, healthy),
    )


def _known(found: Interval | None) -> Interval:
    if found is None:
        raise ValueError("nothing was measured")
    return found
