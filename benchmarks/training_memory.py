"""`lectern train plan` held against the memory that training really takes here.

For each way of training and answering a fresh process makes a T5 of random weights in FLAN-T5's
shape, takes three optimizer steps on full batches (or answers one), and reads from the kernel the
most memory it ever held; what the interpreter and its libraries held before is taken off. About
ten minutes with `small` on one core; a run that was killed goes on from `--work`:

    python -m benchmarks.training_memory --size small --out docs/results

Figures: planned peak over measured peak, and how near it came (1 − the relative error). By
default glibc keeps many freed blocks, which no plan can know; the bar is for a process started with
MALLOC_MMAP_THRESHOLD_ set, which gives them back, and the ratio without it stands beside.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from benchmarks.fresh_process import REPOSITORY
from benchmarks.record import record
from evaluation.progress import progress_bar
from evaluation.rows import RowFile

STEPS = 3
GIVEN_BACK = 131_072
"""Bytes from which glibc maps a block by itself, and unmaps it when it is freed."""
HEAPS = {"": {"MALLOC_MMAP_THRESHOLD_": str(GIVEN_BACK)}, "default_": {}}
"""How the names of its figures begin → the environment of the process."""


@dataclass(frozen=True, slots=True)
class Case:
    """One process. `batch` examples of `source` and `target` tokens."""

    way: Literal["full", "lora", "inference"]
    half: bool
    checkpointing: bool = False
    batch: int = 8
    source: int = 256
    target: int = 64

    @property
    def name(self) -> str:
        precision = "bfloat16" if self.half else "float32"
        return "_".join([self.way, precision, *(["checkpointing"] if self.checkpointing else [])])


CASES = (
    Case("full", half=False),
    Case("full", half=True),
    Case("full", half=False, checkpointing=True),
    Case("lora", half=False),
    Case("lora", half=True),
    Case("lora", half=True, checkpointing=True),
    Case("inference", half=False),
    Case("inference", half=True),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    parser.add_argument("--work", type=Path, default=Path("build/training_memory"))
    parser.add_argument("--size", default="small", help="tiny, small, base or large")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--case", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    size, device = asked.size, asked.device
    if asked.case:
        print(json.dumps(measure(Case(**json.loads(asked.case)), size, device)))
        return
    heaps = [heap for heap in HEAPS if device == "cpu" or not heap]  # CUDA has a heap of its own
    keys = {(case, heap): _key(case, heap, size, device) for case in CASES for heap in heaps}
    rows = asked.work / f"{size}_{device}.rows.jsonl"
    with progress_bar() as told, RowFile(rows, keys.values()) as file:
        for done, ((case, heap), key) in enumerate(keys.items()):
            told("processes", done, len(keys))
            if key not in file.rows:
                file.add({"key": key, **in_fresh_process(case, heap, size, device)})
        told("processes", len(keys), len(keys))
    figures, details = {}, {}
    for case in CASES:
        planned = plan(case, size)
        measured = {heap: file.rows[keys[case, heap]] for heap in heaps}
        for heap in heaps:
            figures[f"{case.name}_{heap}ratio"] = {"value": planned / measured[heap]["bytes"]}
        nearness = 1 - abs(planned / measured[""]["bytes"] - 1)
        figures[f"{case.name}_nearness"] = {"value": nearness}
        details[case.name] = {"planned_bytes": planned, "measured": measured}
    name = "training_memory" if device == "cpu" else f"training_memory_{device}"
    record(asked.out, name, figures, size=size, steps=STEPS, cases=details)


def in_fresh_process(case: Case, heap: str, size: str, device: str) -> dict[str, float]:
    """What `measure` says in an interpreter of its own, whose peak nothing else has raised."""
    child = [sys.executable, "-m", "benchmarks.training_memory", "--size", size]
    child += ["--device", device]
    done = subprocess.run(
        [*child, "--case", json.dumps(asdict(case))],
        check=True,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env={**os.environ, **HEAPS[heap]},
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _key(case: Case, heap: str, size: str, device: str) -> str:
    """Identity of a measurement; another torch takes another amount."""
    said = json.dumps([asdict(case), heap, size, device, STEPS, version("torch")])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def plan(case: Case, size: str) -> int:
    """Bytes that `lectern train plan` says, without the runtime."""
    from benchmarks.gpu.shaped_t5 import SHAPES, VOCABULARY
    from finetune.planning.activations import Batch
    from finetune.planning.memory import Job, plan_memory
    from finetune.planning.shapes import T5Shape

    d, ff, layers, heads, width = SHAPES[size]
    batch = Batch(case.batch, case.source, case.target)
    job = Job(case.way, batch, half=case.half, checkpointing=case.checkpointing)
    return plan_memory(T5Shape(d, ff, layers, heads, width, VOCABULARY), job).peak


def measure(case: Case, size: str, device: str) -> dict[str, float]:
    """Bytes at the peak beyond what the libraries hold, and seconds of the last step."""
    import torch

    # What is imported or set up at the first step belongs to the runtime.
    _run(replace(case, batch=2, source=8, target=4), "tiny", device)
    if device == "cuda":  # its allocator counts tensors alone
        torch.cuda.reset_peak_memory_stats()
        seconds = _run(case, size, device)
        return {"bytes": torch.cuda.max_memory_allocated(), "seconds": seconds}
    runtime = _memory("VmRSS")
    seconds = _run(case, size, device)
    return {"bytes": _memory("VmHWM") - runtime, "runtime_bytes": runtime, "seconds": seconds}


def _run(case: Case, size: str, device: str) -> float:
    """Make the model, train or answer; seconds of the last step."""
    import torch
    from transformers import T5ForConditionalGeneration

    from benchmarks.gpu.shaped_t5 import VOCABULARY, config
    from finetune.data.collate import collate
    from finetune.models import AdapterSettings, adapt, trained_parameters
    from finetune.precision import Precision
    from finetune.sft.objective import summed_loss

    torch.manual_seed(0)
    precision = Precision(torch.bfloat16 if case.half else torch.float32, device)
    training = case.way != "inference"
    torch.set_default_dtype(precision.weights(trained=case.way == "full"))
    model = T5ForConditionalGeneration(config(size))
    model.config.tie_word_embeddings = False
    own = torch.empty_like(model.lm_head.weight).normal_(std=0.04)
    model.lm_head.weight = torch.nn.Parameter(own)
    torch.set_default_dtype(torch.float32)
    model.to(device)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    rows = torch.randint(3, VOCABULARY, (case.batch, case.source + case.target)).tolist()
    batch = collate(
        [row[: case.source] for row in rows], [row[case.source :] for row in rows], pad=0, start=0
    )
    batch.attention_mask[0, -1] = 0  # a batch without padding would need no mask
    batch = batch.to(torch.device(device))
    if not training:
        start = time.perf_counter()
        with torch.inference_mode():
            model.eval().generate(
                input_ids=batch.input_ids,
                attention_mask=batch.attention_mask,
                min_new_tokens=case.target,
                max_new_tokens=case.target,
            )
        return time.perf_counter() - start
    model = adapt(model, AdapterSettings(method="full" if case.way == "full" else "lora"))
    if case.checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    optimizer = torch.optim.AdamW(list(trained_parameters(model).items()), lr=1e-4)
    model.train()
    for _ in range(STEPS):
        start = time.perf_counter()
        with precision.autocast():
            loss = summed_loss(model, batch) / batch.target_tokens
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return time.perf_counter() - start


def _memory(field: str) -> int:
    """Bytes of this process, as the kernel counts: now (VmRSS), or at most (VmHWM)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"this kernel does not tell {field}")


if __name__ == "__main__":
    main()
