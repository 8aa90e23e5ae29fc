"""Questions without a passage, answered after reasoning or at once: FLAN's chain-of-thought data.

The FLAN files hold the training questions of GSM8K and StrategyQA, so figures come from elsewhere:
GSM8K's test file, StrategyQA's development file, and 700 ECQA questions that `ecqa_held.txt` names
and `read_flan_cot` leaves out.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from chatbot.prompts import open_question_prompt, reasoned_answer
from evaluation.jsonl import malformed, read_lines, read_list, read_objects
from finetune.data.example import Example, fingerprint
from finetune.data.lines import text_of, texts_of
from ingestion.errors import LecternError

_HELD = Path(__file__).with_name("ecqa_held.txt")
_CALCULATION = re.compile(r"<<[^>]*>>")


def read_flan_cot(path: Path, *, chain_of_thought: bool = True) -> list[Example]:
    """A FLAN v2 file (Longpre et al. 2023): question, answer and rationale, parted by tabs."""
    return [row for row in _flan(path, chain_of_thought) if row.group not in ecqa_held()]


def read_ecqa_held(path: Path, *, chain_of_thought: bool = True) -> list[Example]:
    """The 700 questions of FLAN's ECQA file that are never trained on."""
    held = [row for row in _flan(path, chain_of_thought) if row.group in ecqa_held()]
    if len(held) != len(ecqa_held()):
        raise LecternError(
            f"{path} has {len(held)} of the {len(ecqa_held())} held ECQA questions.",
            "Give FLAN's ecqa_train.tsv, as it was published.",
        )
    return held


def read_gsm8k(path: Path, *, chain_of_thought: bool = True) -> list[Example]:
    """GSM8K (Cobbe et al. 2021): JSON lines whose answers end in `#### <number>`."""
    examples = []
    for number, row in read_objects(path):
        question, whole = (text_of(path, number, row, name) for name in ("question", "answer"))
        rationale, mark, answer = whole.rpartition("####")
        if not mark or not answer.strip():
            raise malformed(path, number, "needs an answer that ends in #### and a number")
        reasoning = " ".join(_CALCULATION.sub("", rationale).split())
        examples.append(_example("gsm8k", question, reasoning, answer.strip(), chain_of_thought))
    return examples


def read_strategyqa(path: Path, *, chain_of_thought: bool = True) -> list[Example]:
    """StrategyQA (Geva et al. 2021): a JSON list; the facts are the reasoning."""
    examples = []
    for number, row in read_list(path):
        question = text_of(path, number, row, "question")
        facts = " ".join(texts_of(path, number, row, "facts"))
        if not isinstance(row.get("answer"), bool):
            raise malformed(path, number, "answer must be true or false")
        answer = "yes" if row["answer"] else "no"
        examples.append(_example("strategyqa", question, facts, answer, chain_of_thought))
    return examples


@cache
def ecqa_held() -> frozenset[str]:
    """Fingerprints of the ECQA questions kept for evaluation."""
    lines = _HELD.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _flan(path: Path, chain_of_thought: bool) -> list[Example]:
    task = path.name.partition("_")[0]
    examples = []
    for number, line in read_lines(path):
        if not line:
            continue
        parts = [part.replace("\\n", "\n").strip() for part in line.split("\t")]
        if len(parts) != 3:
            raise malformed(path, number, f"{len(parts)} columns instead of 3")
        question, answer, reasoning = parts
        if not question or not answer:
            raise malformed(path, number, "needs a question and an answer")
        examples.append(_example(task, question, reasoning, answer, chain_of_thought))
    return examples


def _example(
    task: str, question: str, reasoning: str, answer: str, chain_of_thought: bool
) -> Example:
    return Example(
        open_question_prompt(question, chain_of_thought=chain_of_thought),
        reasoned_answer(reasoning, answer) if chain_of_thought else answer,
        task,
        # The question alone: the same one with its options shuffled is the same question.
        fingerprint(question.partition("\nOptions:")[0]),
        (answer,),
    )
