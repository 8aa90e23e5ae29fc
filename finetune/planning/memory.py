"""How much memory a T5 takes while it is trained, or while it answers.

Training, N weights of which P are trained, with AdamW:

    held            weights          4·N (full), a·N (LoRA: frozen in the compute precision), or
                                     int8: 1 byte a weight of the matrices, 2 of all others
                    adapter          4·P
                    moments          8·P
    forward ends    + activations    (`finetune.planning.activations`)
                    + logits         a·m·V, then their gradient in float32 4·m·V (and a·m·V more)
    backward ends   + gradients      4·P (full: the shared embeddings get two, 4·V·d more)
    update          + gradients      and AdamW's intermediates: one matrix at a time on a CPU, on a
                                     GPU as much as all trained weights

The peak is what is held and the largest of the three. Answering: weights, the cache of keys and
values, and the largest layer of the encoder while the prompts are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from finetune.planning.activations import Batch, Kept
from finetune.planning.shapes import T5Shape

Way = Literal["full", "lora", "int8-lora", "inference"]
RUNTIME = {"cpu": 450_000_000, "cuda": 600_000_000}
"""Python with torch, transformers and peft in memory; a CUDA context. Taken as constant."""
KEPT = {"cpu": 1.7, "cuda": 1.0}
"""How many times the peak a process may take, because glibc keeps freed memory: the most that
`benchmarks/training_memory.py` measured. CUDA's allocator counts what it keeps among the free.
"""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done. `rank` is that of a LoRA on all linear layers; `half` means bfloat16."""

    way: Way
    batch: Batch
    half: bool = True
    rank: int = 16
    checkpointing: bool = False

    @property
    def a(self) -> int:
        """Bytes of a number in the precision of the products."""
        return 2 if self.half else 4


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes. `working` is what the moment of the peak needs beside what is held all along; for
    training that is mostly the activations, which it includes.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int
    working: int
    runtime: int

    @property
    def peak(self) -> int:
        """Of the tensors, without the runtime."""
        return self.weights + self.optimizer + self.working

    @property
    def total(self) -> int:
        return self.peak + self.runtime

    def fits(self, device: Literal["cpu", "cuda"], memory: int) -> bool:
        """Whether so many bytes are enough, whatever an allocator keeps."""
        return KEPT[device] * self.peak + self.runtime <= memory


def plan_memory(shape: T5Shape, job: Job, device: Literal["cpu", "cuda"] = "cpu") -> Memory:
    """The memory of a job on a device of that kind."""
    if job.way == "inference":
        return _inference(shape, job, device)
    full = job.way == "full"
    trained = shape.parameters if full else shape.lora(job.rank)
    kept = Kept(shape, job.batch, 0 if full else job.rank, job.a)
    activations = kept.total(job.checkpointing)
    logits = job.batch.m * shape.vocabulary
    # At the start of the backward pass: logits, their gradient, and that of the output matrix.
    loss = (job.a + 4 + (2 if job.half else 0)) * logits
    head = (4 + (2 if job.half else 0)) * shape.table if full else 0
    gradients = 4 * trained
    shared = 4 * shape.table if full else 0
    update = gradients if device == "cuda" else 8 * _largest(shape, job)
    one_matrix = 2 * max(shape.d * shape.ff, shape.d * shape.inner) if job.way == "int8-lora" else 0
    working = max(activations + loss + head + one_matrix, gradients + max(shared, update))
    return Memory(_held(shape, job), gradients, 8 * trained, activations, working, RUNTIME[device])


def _held(shape: T5Shape, job: Job) -> int:
    """The weights, those of an adapter among them."""
    adapter = 4 * shape.lora(job.rank)
    if job.way == "full":
        return 4 * shape.parameters
    if job.way == "lora":
        return job.a * shape.parameters + adapter
    matrices = shape.encoder_linear + shape.decoder_linear
    return matrices + 2 * (shape.parameters - matrices) + adapter


def _largest(shape: T5Shape, job: Job) -> int:
    """The largest tensor that is trained."""
    if job.way == "full":
        return shape.table
    return job.rank * max(shape.ff, shape.d, shape.inner)


def _inference(shape: T5Shape, job: Job, device: Literal["cpu", "cuda"]) -> Memory:
    n, m, a = job.batch.n, job.batch.m, job.a
    cache = 2 * a * shape.layers * shape.inner * (n + m)
    scores = job.batch.examples * shape.heads * job.batch.source**2
    # The widest moments of an encoder layer: the bias as a mask beside query, key and value; five
    # tensors of the gated GELU.
    attention = a * (4 * n * shape.inner + 2 * scores) + 4 * n * shape.d
    feed_forward = a * 5 * n * shape.ff + 4 * n * shape.d
    logits = 4 * job.batch.examples * shape.vocabulary
    working = 2 * a * n * shape.d + max(attention, feed_forward, cache + logits)
    return Memory(a * shape.parameters, 0, 0, 0, working, RUNTIME[device])
