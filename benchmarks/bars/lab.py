"""The course lab's tables on DialogSum: prompts and ways to train."""

from __future__ import annotations

from benchmarks.bars.line import Form, Line

_LEGS = {
    "constant": "one sentence for all",
    "lead_3": "first three turns",
    "zero_shot": "zero-shot",
    "one_shot": "one-shot",
    "few_shot": "few-shot (3)",
    "lora": "LoRA",
    "dora": "DoRA",
    "full": "full fine-tuning",
}
_ROUGE = {
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "rougeLsum": "ROUGE-Lsum",
}
_TRAINED = ("lora", "dora", "full")
_TRAINING: dict[str, tuple[str, Form]] = {
    "trainable_share": ("share of the weights that are trained", "share"),
    "minutes": ("minutes of training", "share"),
    "tokens_per_second": ("tokens a second, padding left out", "count"),
    "peak_memory_mb": ("peak memory of training (MB)", "count"),
    "forgotten_qed": ("after − before, QED dev (token F1)", "share"),
    "forgotten_fairytaleqa": ("after − before, FairytaleQA test (token F1)", "share"),
    "forgotten_ecqa-held": ("after − before, ECQA held (exact match)", "share"),
    "forgotten_samsum": ("after − before, SAMSum test (ROUGE-L)", "share"),
}


LINES: tuple[Line, ...] = (
    *(
        Line("lab", "lab_tables", ("figures", leg, measure), f"{said}: {name}")
        for measure, name in _ROUGE.items()
        for leg, said in _LEGS.items()
    ),
    *(
        Line(
            "lab_training",
            "lab_tables",
            ("figures", leg, measure),
            f"{_LEGS[leg]}: {label}",
            form=form,
        )
        for measure, (label, form) in _TRAINING.items()
        for leg in _TRAINED
    ),
)
