"""Chain of thought before and after training on it, beside a blind guess."""

from __future__ import annotations

from benchmarks.bars.line import Form, Line, figure

_TASKS = {
    "gsm8k": "GSM8K test",
    "strategyqa": "StrategyQA dev",
    "ecqa": "ECQA held",
}
_FIGURES: dict[str, tuple[str, Form]] = {
    "blind": ("blind guess", "share"),
    "before_direct": ("before, asked directly", "share"),
    "before_reasoned": ("before, reasoning first", "share"),
    "before_gain": ("before, reasoning first − directly", "share"),
    "after_direct": ("after, asked directly", "share"),
    "after_reasoned": ("after, reasoning first", "share"),
    "after_gain": ("after, reasoning first − directly", "share"),
    "training_gain": ("reasoning first, after − before", "share"),
    "training_gain_p": ("p of that", "p"),
}

LINES: tuple[Line, ...] = tuple(
    figure("reasoning", "chain_of_thought", f"{task}_{name}", f"{said}: {label}", form=form)
    for task, said in _TASKS.items()
    for name, (label, form) in _FIGURES.items()
)
