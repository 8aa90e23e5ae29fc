"""Collections of pairs of answers of which people preferred one.

The folder is that of the shared data (`preferences/NAME/…`) or a JSON-lines file of one's own with
`prompt`, `chosen` and `rejected`, the form that learners' feedback is exported in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from evaluation.jsonl import malformed, read_list, read_objects
from finetune.data.lines import text_of
from finetune.reward.csv_rows import bad_row
from finetune.reward.examples import Preference, text_key
from ingestion.errors import LecternError

PAIRS_FILES = {
    "hh_harmless": ["preferences/hh_rlhf_harmless_test/test.jsonl.gz"],
    "pandalm": ["preferences/pandalm_human/testset-v1.json.gz"],
    "dolly": [
        f"preferences/dolly_flan_t5_outputs/google_flan-t5-{size}_decode_output.jsonl.gz"
        for size in ("small", "base", "large", "xl")
    ],
    "autoj": ["preferences/autoj_pairwise/testdata_pairwise.jsonl.gz"],
}
"""What is read of each collection."""

_ASSISTANT = "\n\nAssistant:"


def hh_harmless(data: Path) -> Iterator[Preference]:
    """Bai et al. 2022 (harmless-base, test): the less harmful of two ends of one conversation.

    The prompt is what both share up to the assistant's turn in which they part. Conversations that
    open with the same words form one group.
    """
    path = data / PAIRS_FILES["hh_harmless"][0]
    for number, row in read_objects(path):
        chosen, rejected = row.get("chosen"), row.get("rejected")
        if not isinstance(chosen, str) or not isinstance(rejected, str):
            raise malformed(path, number, 'needs "chosen" and "rejected"')
        parted = next(
            (i for i, (a, b) in enumerate(zip(chosen, rejected, strict=False)) if a != b),
            min(len(chosen), len(rejected)),
        )
        turn = chosen.rfind(_ASSISTANT, 0, parted)
        if turn < 0:
            continue  # they part before the assistant has spoken: no common prompt
        start = turn + len(_ASSISTANT)
        prompt = chosen[:turn].strip()
        opening = prompt.split(_ASSISTANT)[0]
        yield _pair(
            prompt, chosen[start:], rejected[start:], "hh_harmless", group=text_key(opening)
        )


def pandalm(data: Path) -> Iterator[Preference]:
    """Wang et al. 2023 (PandaLM's test set): the choice of most of three annotators; ties go."""
    path = data / PAIRS_FILES["pandalm"][0]
    annotators = ("annotator1", "annotator2", "annotator3")
    needed = {"instruction", "input", "response1", "response2", *annotators}
    for number, row in read_list(path):
        if not needed <= row.keys():
            raise bad_row(path, number, f"needs {', '.join(sorted(needed))}")
        votes = Counter(row[annotator] for annotator in annotators)
        if not votes.keys() <= {0, 1, 2}:
            raise bad_row(path, number, f"has the votes {list(votes)}, not 0, 1 or 2")
        better, count = votes.most_common(1)[0]
        if better == 0 or count < 2:
            continue
        prompt = "\n".join(filter(None, (row["instruction"], row["input"])))
        # Six answers are the word "True" read as a truth value by whoever wrote the file.
        chosen, rejected = str(row[f"response{better}"]), str(row[f"response{3 - better}"])
        yield _pair(prompt, chosen, rejected, "pandalm")


def dolly(data: Path) -> Iterator[Preference]:
    """Dolly 15k (Conover et al. 2023): a person's answer above those of FLAN-T5 small to XL.

    Made pairs, not judged ones: nobody has compared the two.
    """
    for path in (data / file for file in PAIRS_FILES["dolly"]):
        for number, row in read_objects(path):
            prompt, chosen, rejected = (
                text_of(path, number, row, name, blank=True)
                for name in ("instruction", "text", "decoded")
            )
            yield _pair(prompt, chosen, rejected, "dolly")


def autoj(data: Path) -> Iterator[Preference]:
    """Li et al. 2023 (Auto-J's pairwise test): people's choices; no licence stated, so to be
    measured on and not trained on. Ties go.
    """
    path = data / PAIRS_FILES["autoj"][0]
    for number, row in read_objects(path):
        prompt, *answers = (
            text_of(path, number, row, name, blank=True)
            for name in ("prompt", "response 1", "response 2")
        )
        if "label" not in row:
            raise malformed(path, number, 'needs "label"')
        if row["label"] in (0, 1):
            yield _pair(prompt, answers[row["label"]], answers[1 - row["label"]], "autoj")


PAIRS: dict[str, Callable[[Path], Iterator[Preference]]] = {
    "hh_harmless": hh_harmless,
    "pandalm": pandalm,
    "dolly": dolly,
    "autoj": autoj,
}


def read_pairs(name: str, data: Path) -> list[Preference]:
    """A collection by name, or a JSON-lines file by path; pairs of equal answers are left out.

    Raises `LecternError` for an unknown name and for a line that is no pair.
    """
    if name in PAIRS:
        found = list(PAIRS[name](data))
    elif Path(name).is_file():
        found = list(_own(Path(name)))
    else:
        raise LecternError(
            f"There is no collection or file {name}.",
            f"Give one of {', '.join(PAIRS)}, or the path of a JSON-lines file.",
        )
    return [pair for pair in found if text_key(pair.chosen) != text_key(pair.rejected)]


def _own(path: Path) -> Iterator[Preference]:
    for number, row in read_objects(path):
        prompt, chosen, rejected = (row.get(name) for name in ("prompt", "chosen", "rejected"))
        if not (isinstance(prompt, str) and isinstance(chosen, str) and isinstance(rejected, str)):
            raise malformed(path, number, 'needs "prompt", "chosen" and "rejected"')
        yield _pair(prompt, chosen, rejected, path.name)


def _pair(prompt: str, chosen: str, rejected: str, source: str, *, group: str = "") -> Preference:
    return Preference(
        prompt.strip(), chosen.strip(), rejected.strip(), group or text_key(prompt), source
    )
