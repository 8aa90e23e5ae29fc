"""Training: LoRA beside a plain `Seq2SeqTrainer` with peft."""

from __future__ import annotations

from benchmarks.bars.line import Line, figure

_FILE = "sft_vs_trainer"

LINES: tuple[Line, ...] = (
    figure("training", _FILE, "tokens_per_second_ours", "tokens/s: Lectern", form="count"),
    figure("training", _FILE, "tokens_per_second_trainer", "tokens/s: Trainer", form="count"),
    figure("training", _FILE, "ratio", "Lectern over Trainer", 1.3, form="times"),
    figure("training", _FILE, "held_loss_untrained", "held loss: untrained"),
    figure("training", _FILE, "held_loss_ours", "held loss: Lectern"),
    figure("training", _FILE, "held_loss_trainer", "held loss: Trainer"),
)
