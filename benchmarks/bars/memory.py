"""`lectern train plan` against the memory that training and answering really take."""

from __future__ import annotations

from benchmarks.bars.line import Line, figure

_CASES = {
    "full_float32": "full, float32",
    "full_bfloat16": "full, bfloat16",
    "full_float32_checkpointing": "full, float32, gradient checkpointing",
    "lora_float32": "LoRA, float32",
    "lora_bfloat16": "LoRA, bfloat16",
    "lora_bfloat16_checkpointing": "LoRA, bfloat16, gradient checkpointing",
    "inference_float32": "answering, float32",
    "inference_bfloat16": "answering, bfloat16",
}

LINES: tuple[Line, ...] = tuple(
    line
    for case, said in _CASES.items()
    for line in (
        figure("memory", "training_memory", f"{case}_nearness", f"{said}: nearness", 0.85),
        figure(
            "memory", "training_memory", f"{case}_ratio", f"{said}: planned over taken",
            form="times",
        ),
        figure(
            "memory", "training_memory", f"{case}_default_ratio",
            f"{said}: the same, freed blocks kept", form="times",
        ),
    )
)  # fmt: skip
