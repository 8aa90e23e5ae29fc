from __future__ import annotations

import pytest
import torch

from finetune.schedule import Schedule, Shape


@pytest.mark.parametrize(
    ("shape", "rates"),
    [
        ("linear", [0.5, 1, 1, 0.75, 0.5, 0.25, 0, 0]),
        ("cosine", [0.5, 1, 1, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2, 0, 0]),
        ("constant", [0.5, 1, 1, 1, 1, 1, 1, 1]),
        ("inverse-sqrt", [0.5, 1, *((2 / n) ** 0.5 for n in range(3, 9))]),
    ],
)
def test_the_rate_climbs_over_the_warm_up_and_then_takes_its_shape(
    shape: Shape, rates: list[float]
) -> None:
    schedule = Schedule(shape, lr=2.0, warmup=2, total=6)
    assert [schedule.rate(step) for step in range(8)] == pytest.approx([2 * r for r in rates])


def test_it_sets_the_rate_of_every_group() -> None:
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    optimizer = torch.optim.SGD([{"params": [one]} for one in weights], lr=9.0)
    assert Schedule("linear", 1.0, 0, 4).apply(optimizer, 1) == 0.75
    assert [group["lr"] for group in optimizer.param_groups] == [0.75, 0.75]
