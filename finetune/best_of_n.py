"""Best-of-n: sample n responses, keep the one the reward likes best. No training at all.

What any trained policy has to beat at equal distance from the reference. The distance is known
without measuring: KL(best-of-n ‖ reference) ≤ log n − (n − 1)/n (Stiennon et al. 2020, App. G.3;
an upper bound, reached where no two responses are equal: Beirami et al. 2024).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from finetune.policy import Policy
from finetune.ppo.mixture import Reward
from finetune.sampling import Sampling, answer


def best_of_n_kl(n: int) -> float:
    """log n − (n − 1)/n in nats. Raises `ValueError` for n < 1."""
    if n < 1:
        raise ValueError(f"best of {n} responses")
    return math.log(n) - (n - 1) / n


def n_for_kl(kl: float, largest: int = 1024) -> int:
    """The largest n ≤ `largest` whose best-of-n is no further from the reference than `kl`."""
    n = 1
    while n < largest and best_of_n_kl(n + 1) <= kl:
        n += 1
    return n


def best_of_n(
    policy: Policy, prompts: Sequence[str], reward: Reward, n: int, sampling: Sampling
) -> list[str]:
    """For each prompt the response of highest reward among n; of equals the first drawn."""
    best = []
    for prompt, drawn in zip(prompts, answer(policy, prompts, sampling, times=n), strict=True):
        scores = reward.scores([prompt] * n, drawn)
        best.append(drawn[scores.index(max(scores))])
    return best
