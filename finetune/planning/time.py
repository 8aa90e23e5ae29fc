"""How long a T5 takes to train, from the products it multiplies.

A product of (tokens, in) by (in, out) is 2·tokens·in·out operations. The backward pass of a trained
matrix takes two such products, that of a frozen one a single one (no gradient of the weights);
checkpointing makes the forward pass once more. Attention adds 4·inner a pair of positions.
"""

from __future__ import annotations

from finetune.planning.memory import Job
from finetune.planning.shapes import T5Shape


def forward_operations(shape: T5Shape, job: Job) -> int:
    """Floating-point operations of one forward pass over the batch."""
    batch = job.batch
    # Keys and values of cross-attention are made of the source's tokens.
    cross = shape.layers * 2 * shape.d * shape.inner
    source = shape.encoder_linear + cross
    target = shape.decoder_linear - cross + shape.table
    pairs = batch.source**2 + batch.target**2 + batch.source * batch.target
    attention = 4 * batch.examples * shape.layers * shape.inner * pairs
    return 2 * (batch.n * source + batch.m * target) + attention


def step_operations(shape: T5Shape, job: Job) -> int:
    """Operations of one optimizer step on one batch, or of reading and answering one batch."""
    if job.way == "inference":
        return forward_operations(shape, job)
    passes = 3 if job.way == "full" else 2
    return (passes + job.checkpointing) * forward_operations(shape, job)


def step_seconds(shape: T5Shape, job: Job, operations_per_second: float) -> float:
    """Seconds of a step at that many operations a second, reached and not promised."""
    return step_operations(shape, job) / operations_per_second
