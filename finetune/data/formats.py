"""The formats of data that can be trained on, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from finetune.data.absent import read_absent
from finetune.data.asking import read_asking
from finetune.data.copying import read_cloze, read_recall
from finetune.data.dialogues import read_dialogsum, read_samsum
from finetune.data.example import Example
from finetune.data.followups import read_qed_followups
from finetune.data.instructions import read_instructions, read_pairs
from finetune.data.meetings import read_qmsum
from finetune.data.reading import read_fairytaleqa, read_qed, read_squad, read_squad_lines
from finetune.data.reasoning import read_ecqa_held, read_flan_cot, read_gsm8k, read_strategyqa
from finetune.data.t0 import read_t0
from finetune.data.textbooks import read_definitions
from finetune.errors import EmptySplit
from ingestion.errors import LecternError

_PLAIN: Mapping[str, Callable[[Path], list[Example]]] = {
    "dialogsum": read_dialogsum,
    "samsum": read_samsum,
    "squad": read_squad,
    "squad-lines": read_squad_lines,
    "qed": read_qed,
    "fairytaleqa": read_fairytaleqa,
    "t0": read_t0,
    "instructions": read_instructions,
    "pairs": read_pairs,
    "absent": read_absent,
    "asking": read_asking,
    "definitions": read_definitions,
    "cloze": read_cloze,
    "recall": read_recall,
    "qed-followups": read_qed_followups,
    "qmsum": read_qmsum,
}
_REASONED: Mapping[str, Callable[..., list[Example]]] = {
    "flan-cot": read_flan_cot,
    "ecqa-held": read_ecqa_held,
    "gsm8k": read_gsm8k,
    "strategyqa": read_strategyqa,
}
FORMATS = (*_PLAIN, *_REASONED)


def read_format(name: str, path: Path, *, chain_of_thought: bool = True) -> list[Example]:
    """The examples of a file in format `name`; `chain_of_thought` matters to reasoning data alone.

    Raises `EmptySplit` for a file without examples, `LecternError` for an unknown format.
    """
    if name in _PLAIN:
        examples = _PLAIN[name](path)
    elif name in _REASONED:
        examples = _REASONED[name](path, chain_of_thought=chain_of_thought)
    else:
        raise LecternError(
            f"{name!r} is not a format of training data.", f"Use one of: {', '.join(FORMATS)}."
        )
    if not examples:
        raise EmptySplit(f"{path} has no examples.", "Give a file that holds some.")
    return examples
