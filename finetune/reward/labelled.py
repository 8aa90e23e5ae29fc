"""Collections of texts with a label for toxicity, each read as what it really says.

The folder is that of the shared data (`toxicity/NAME/…`) or a JSON-lines file of one's own with
`text` and `label` (0 to 1). Texts are cleaned (`chatbot.judging.cleaning`) as they are read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from chatbot.judging.cleaning import clean
from evaluation.jsonl import malformed, read_objects
from finetune.reward.csv_rows import bad_row, read_rows
from finetune.reward.examples import Labelled, text_key
from ingestion.errors import LecternError

LABELLED_FILES = {
    "davidson": ["toxicity/davidson_hate/labeled_data.csv.gz"],
    "jigsaw": ["toxicity/jigsaw_balanced/jigsaw_binary_test.csv.gz"],
    "surge": ["toxicity/surge_toxicity/toxicity_en.csv"],
    "toxic_spans": [
        f"toxicity/toxic_spans/{name}.csv.gz" for name in ("comments", "annotations", "spans")
    ],
}
"""What is read of each collection."""


def davidson(data: Path) -> Iterator[Labelled]:
    """Davidson et al. 2017: tweets; toxic is hate speech (class 0) or offensive language (1)."""
    path = data / LABELLED_FILES["davidson"][0]
    for number, row in read_rows(path, ["class", "tweet"]):
        if row["class"] not in ("0", "1", "2"):
            raise bad_row(path, number, f"has the class {row['class']!r}, not 0, 1 or 2")
        yield _labelled(
            row["tweet"], float(row["class"] != "2"), "davidson", hate=row["class"] == "0"
        )


def jigsaw(data: Path) -> Iterator[Labelled]:
    """Jigsaw 2018: comments of Wikipedia's talk pages, half of them toxic; no header row."""
    path = data / LABELLED_FILES["jigsaw"][0]
    for number, row in read_rows(path, ["text", "label"], header=False):
        if row["label"] not in ("0", "1"):
            raise bad_row(path, number, f"has the label {row['label']!r}, not 0 or 1")
        yield _labelled(row["text"], float(row["label"]), "jigsaw")


def surge(data: Path) -> Iterator[Labelled]:
    """Surge AI 2022: comments from social media, half of them toxic."""
    path = data / LABELLED_FILES["surge"][0]
    for number, row in read_rows(path, ["text", "is_toxic"]):
        if row["is_toxic"] not in ("Toxic", "Not Toxic"):
            raise bad_row(path, number, f"says {row['is_toxic']!r}, not Toxic or Not Toxic")
        yield _labelled(row["text"], float(row["is_toxic"] == "Toxic"), "surge")


def toxic_spans(data: Path) -> Iterator[Labelled]:
    """Pavlopoulos et al. 2021: Civil Comments posts in which annotators marked the toxic spans.

    Every post had been found toxic, so whole posts give no harmless text of that forum. Its
    sentences do: one that nobody marked is harmless (0), one that most marked is toxic (1), and
    those in between are left out. A post that most annotators marked somewhere is an example too.
    Who marked nothing says nothing: the files write "all toxic" and "not toxic" for the same votes.
    """
    comments, annotations, spans = (data / path for path in LABELLED_FILES["toxic_spans"])
    votes = _votes(annotations, spans)
    for number, row in read_rows(comments, ["comment_id", "comment_text"]):
        text = row["comment_text"]
        if row["comment_id"] not in votes:
            raise bad_row(comments, number, "has no annotation")
        annotators = [spans for spans in votes[row["comment_id"]] if spans]
        if len(annotators) < 2:
            continue
        group = text_key(clean(text))
        sentences = list(_sentences(text))
        if len(annotators) / len(votes[row["comment_id"]]) > 0.5:
            yield _labelled(text, 1.0, "toxic_spans", group=group)
        for start, end in sentences if len(sentences) > 1 else ():
            touched = [any(low < end and high > start for low, high in a) for a in annotators]
            share = sum(touched) / len(touched)
            if share == 0 or share > 0.5:
                yield _labelled(text[start:end], float(share > 0), "toxic_spans", group=group)


def _votes(annotations: Path, marked: Path) -> dict[str, list[list[tuple[int, int]]]]:
    """Comment → the spans (start, end) of each of its annotators, empty for who marked none."""
    spans: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, row in read_rows(marked, ["annotation", "start", "end"]):
        try:
            spans[row["annotation"]].append((int(row["start"]), int(row["end"])))
        except ValueError as error:
            raise bad_row(marked, number, f"has a span that is no number ({error})") from error
    votes: defaultdict[str, list[list[tuple[int, int]]]] = defaultdict(list)
    for _, row in read_rows(annotations, ["annotation", "comment_id"]):
        votes[row["comment_id"]].append(spans[row["annotation"]])
    return dict(votes)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence that has a word, cut after `.!?` and at line ends."""
    for found in re.finditer(r"[^.!?\n]+[.!?]*[\"')\]]*", text):
        if re.search(r"\w\w", found[0]):
            yield found.span()


LABELLED: dict[str, Callable[[Path], Iterator[Labelled]]] = {
    "davidson": davidson,
    "jigsaw": jigsaw,
    "surge": surge,
    "toxic_spans": toxic_spans,
}


def read_labelled(name: str, data: Path) -> list[Labelled]:
    """A collection by name, or a JSON-lines file by path; texts without a letter are left out.

    Raises `LecternError` for an unknown name and for a line without text or label.
    """
    if name in LABELLED:
        examples = list(LABELLED[name](data))
    elif Path(name).is_file():
        examples = list(_own(Path(name)))
    else:
        raise LecternError(
            f"There is no collection or file {name}.",
            f"Give one of {', '.join(LABELLED)}, or the path of a JSON-lines file.",
        )
    return [example for example in examples if any(map(str.isalnum, example.text))]


def _own(path: Path) -> Iterator[Labelled]:
    for number, row in read_objects(path):
        text, label = row.get("text"), row.get("label")
        if not isinstance(text, str) or not isinstance(label, int | float) or not 0 <= label <= 1:
            raise malformed(path, number, 'needs "text" and a "label" from 0 to 1')
        yield _labelled(text, float(label), path.name)


def _labelled(
    text: str, label: float, source: str, *, group: str = "", hate: bool | None = None
) -> Labelled:
    cleaned = clean(text)
    return Labelled(cleaned, label, group or text_key(cleaned), source, hate)
