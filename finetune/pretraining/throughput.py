"""Tokens a second, and the share of the hardware's peak that the model's own arithmetic reaches.

Model-FLOP utilisation (Chowdhery et al. 2022, appendix B) of a step that takes t seconds:

    MFU = 3 · F / (t · peak)

F are the operations of one forward pass as torch counts them: 2·m·n·k for each product of matrices,
those of attention included. The backward pass takes twice as many. Recomputation, norms, softmax
and the optimizer count for nothing.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

_SIDE = {"cpu": 1024, "cuda": 8192}
_SECONDS = 0.5


def operations_per_example(model: Any, source: int, target: int) -> int:
    """3 · F of one source and target, of so many tokens."""
    ids = [torch.zeros(1, length, dtype=torch.long) for length in (source, target)]
    given, wanted = (row.to(model.device) for row in ids)
    # Fused attention is not counted on every device; its products are these.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(input_ids=given, decoder_input_ids=wanted, use_cache=False)
    return 3 * int(counter.get_total_flops())


def measured_peak(device: torch.device, dtype: torch.dtype) -> float:
    """Operations a second of a large square product: what the hardware can reach, measured."""
    side = _SIDE.get(device.type, 1024)
    one = torch.ones(side, side, dtype=dtype, device=device)
    other = one.clone()
    out = one @ other
    done, began = 0, _now(device)
    while (spent := _now(device) - began) < _SECONDS:
        for _ in range(4):
            torch.mm(one, other, out=out)
        done += 4
    return done * 2 * side**3 / spent


def _now(device: torch.device) -> float:
    """Seconds, when all that was asked of the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
