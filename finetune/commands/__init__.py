"""`lectern train …`: a file for each verb; importing them puts the verbs into `train_app`."""

from __future__ import annotations

from finetune.commands import (
    dpo,
    export,
    forgetting,
    kto,
    merge,
    orpo,
    plan,
    ppo,
    pretrain,
    reader,
    reward,
    sft,
    ship,
    vocabulary,
)
from finetune.commands.app import train_app
from finetune.commands.feedback import feedback_app as feedback_app
from finetune.commands.from_feedback import from_feedback as from_feedback

__all__ = [
    "dpo",
    "export",
    "forgetting",
    "kto",
    "merge",
    "orpo",
    "plan",
    "ppo",
    "pretrain",
    "reader",
    "reward",
    "sft",
    "ship",
    "train_app",
    "vocabulary",
]
