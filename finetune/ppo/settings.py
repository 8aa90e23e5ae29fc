"""The dials of a PPO run, with the values the papers start from where they carry over."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from finetune.schedule import Shape


class PPOSettings(BaseModel):
    """A step samples `batch` responses and passes over them `epochs` times."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int = Field(100, ge=1)
    batch: int = Field(64, ge=2, description="prompts of a step")
    minibatch: int = Field(16, ge=1, description="responses of an optimizer step")
    microbatch: int = Field(16, ge=1, description="responses in memory at a time")
    epochs: int = Field(4, ge=1)
    max_new_tokens: int = Field(48, ge=1)

    learning_rate: float = Field(1e-4, gt=0)
    schedule: Shape = "linear"
    warmup: int = Field(0, ge=0, description="steps")
    max_grad_norm: float = Field(1.0, gt=0)

    gamma: float = Field(1.0, gt=0, le=1)
    lam: float = Field(0.95, ge=0, le=1)
    clip: float = Field(0.2, gt=0, lt=1)
    value_clip: float = Field(0.2, gt=0)
    value_coefficient: float = Field(0.1, ge=0)
    entropy_coefficient: float = Field(0.0, ge=0)

    kl_coefficient: float = Field(0.05, ge=0, description="β at the start")
    kl_target: float = Field(6.0, gt=0, description="nats per response")
    kl_gain: float = Field(0.1, ge=0, description="K_β; 0 keeps β as it is")
    kl_stop: float = Field(20.0, gt=0, description="nats per response; beyond it the run ends")
    no_end_penalty: float = Field(0.0, ge=0, description="taken off a response that was cut off")
    empty_penalty: float = Field(1.0, ge=0, description="taken off a response without a word")

    seed: int = 0
    save_every: int = Field(10, ge=1, description="steps")
    samples: int = Field(4, ge=0, description="responses of a step written to samples.jsonl")
