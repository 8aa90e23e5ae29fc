"""What PPO, DPO, KTO and ORPO have in common from names to files: the policy before, and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chatbot.engines.hardware import Dtype, resolve_device
from finetune.licences import licence_of
from finetune.merging import merge
from finetune.models import AdapterSettings, adapt, load_t5, trainable_share
from finetune.policy import Policy
from finetune.precision import Precision
from finetune.rng import seed_everything
from finetune.saving import save_model
from finetune.sft.record import peak_memory, write_record

Say = Callable[[str], None]


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
        reference would be the model before its fine-tuning.
        """
        if self.adapter is None:
            return self.model
        merged = out / f"{out.resolve().name}-base"
        if not (merged / "config.json").is_file():
            found = merge(self.adapter, merged, base=self.model)
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
