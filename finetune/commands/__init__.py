"""`lectern train …`: a file for each verb; importing them puts the verbs into `train_app`."""

from __future__ import annotations

from finetune.commands import sft
from finetune.commands.app import train_app

__all__ = ["sft", "train_app"]
