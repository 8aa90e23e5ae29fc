"""What PPO, DPO, KTO and ORPO have in common from names to files: the policy before, and after."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chatbot.engines.factory import find_model
from chatbot.engines.hardware import Dtype, resolve_device
from evaluation.rows import write_whole
from finetune.licences import licence_of
from finetune.merging import merge
from finetune.models import AdapterSettings, adapt, load_t5, trainable_share
from finetune.peak_memory import peak_memory
from finetune.policy import Policy
from finetune.precision import Precision
from finetune.resumable import demand_same_run
from finetune.rng import seed_everything
from finetune.saving import demand_own_folder, save_model
from finetune.sft.record import write_record
from finetune.weights import weights_hash

Say = Callable[[str], None]

MERGED = "merged.json"
"""In a merged base: the weights it was made from. Written last, it says that the base is whole."""


class PolicySource(BaseModel):
    """Where a policy starts: a T5, an adapter to be merged into it first, and a fresh LoRA on top.

    `precision` is float32 unless asked otherwise: the objectives are made of differences between
    log-probabilities, and bfloat16 has three digits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    adapter: Path | None = None
    lora: AdapterSettings = AdapterSettings()
    window: int = Field(512, ge=16)
    precision: Dtype = "float32"
    device: str = "auto"

    def base(self, out: Path, say: Say) -> str:
        """The model that is both the start and the reference of every policy made under `out`.

        An adapter is merged into a folder of its own there: with it merely switched off, the
        reference would be the model before its fine-tuning. Raises what `merge` does,
        `LecternError` where `out` is the model's own folder, and `CheckpointUnusable` where it has
        a base that was merged from other weights.
        """
        demand_own_folder(out, find_model(self.model)[1])
        if self.adapter is None:
            return self.model
        merged = out / f"{out.resolve().name}-base"
        made_of = {"model": _weights(self.model), "adapter": weights_hash(self.adapter)}
        if (merged / MERGED).is_file():
            demand_same_run(out, json.loads((merged / MERGED).read_text("utf-8")), made_of)
        else:
            found = merge(self.adapter, merged, base=self.model)
            write_whole(merged / MERGED, json.dumps(made_of, indent=1) + "\n")
            say(f"{self.adapter} is merged into {merged}, the base of what is trained here.")
            say(f"(Logits differ by {found.distance:.1e} of their spread.)")
        return str(merged)

    def open(self, base: str, seed: int) -> Policy:
        """A policy with a fresh adapter: as yet its own reference."""
        precision = Precision.choose(self.precision, resolve_device(self.device))
        model, tokenizer = load_t5(base, precision.weights(trained=False))
        seed_everything(seed)
        adapted = adapt(model, self.lora).to(precision.device)
        return Policy(adapted, tokenizer, window=self.window, precision=precision)

    def identity(self, base: str, policy: Policy) -> dict[str, Any]:
        """What a run from this start hangs on: one with another is not gone on from."""
        return {
            "model": base,
            "weights": _weights(base),
            "lora": self.lora.model_dump(),
            "window": self.window,
            "precision": str(policy.precision.compute),
        }


def _weights(model: str) -> str:
    return weights_hash(find_model(model)[1])


def learned_from(file: Path, sha256: str, examples: int) -> list[dict[str, Any]]:
    """The data of a policy in the form that every `training.json` has them in."""
    return [
        {"file": file.name, "sha256": sha256, "examples": examples, "licence": licence_of(file)}
    ]


def leave(policy: Policy, out: Path, record: Mapping[str, Any]) -> None:
    """Write the adapter and `training.json` into `out`, for the chatbot and for whoever asks."""
    save_model(policy.model, policy.tokenizer, out)
    made = {
        **record,
        "trainable_share": trainable_share(policy.model),
        "compute": str(policy.precision.compute),
        "peak_memory_bytes": peak_memory(policy.device),
    }
    write_record(out / "training.json", made)
