"""Examples from the data sets a shipped reader may learn from.

QED (Lamm et al. 2021; CC BY-SA 3.0), a part of SQuAD 1.1's training set (CC BY-SA 4.0), FairytaleQA
(Apache-2.0) where its answers stand in the text, AdversarialQA and Quoref from T0's templates, and
the glossaries of OpenStax (CC BY 4.0).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from evaluation.jsonl import read_objects
from finetune.data.archives import read_members
from finetune.data.lines import line_of, read_csv, text_of
from finetune.reader.examples import ReadingExample, occurrences
from ingestion.errors import LecternError
from ingestion.sentences import split_sentences
from ingestion.words import Stemmed


def qed(folder: Path, articles_left_out: Collection[str] = ()) -> Iterator[ReadingExample]:
    """Natural Questions' short answers in their paragraph. Paragraphs of the dev set are left out,
    and so are the articles named.
    """
    development, training = folder / "qed-dev.jsonlines.gz", folder / "train_all.jsonl.gz"
    held = {
        _bare(text_of(development, number, row, "paragraph_text"))
        for number, row in read_objects(development)
    }
    for number, row in read_objects(training):
        passage, title, question = (
            text_of(training, number, row, name)
            for name in ("paragraph_text", "title_text", "question_text")
        )
        if _bare(passage) in held or title in articles_left_out:
            continue
        with line_of(training, number, "a row of QED"):
            spans = tuple((start, end) for start, end in row["answer_spans"])
            answer = row["answer_text"][0]
        yield ReadingExample("qed", title, question, passage, spans, answer)


def squad_subset(folder: Path) -> Iterator[ReadingExample]:
    """Word positions of the span become characters: words stand one space apart."""
    path = folder / "squad_v11_train_subset.jsonl.gz"
    for number, row in read_objects(path):
        passage, question = (text_of(path, number, row, name) for name in ("context", "question"))
        ends = [found.span() for found in re.finditer(r"\S+", passage)]
        with line_of(path, number, "a question with its span"):
            first, last = row["span"]
            if last >= len(ends):
                continue
            span = (ends[first][0], ends[last][1])
        text = passage[slice(*span)]
        yield ReadingExample("squad", passage[:80], question, passage, (span,), text)


def fairytale(file: Path) -> Iterator[ReadingExample]:
    """Questions whose answer stands word for word in the section."""
    for number, row in read_csv(file):
        story, passage, question, answer = (
            text_of(file, number, row, name)
            for name in ("story_name", "content", "question", "answer1")
        )
        answer = answer.strip().rstrip(" .")
        spans = occurrences(passage, answer)
        if spans and len(answer.split()) <= 30:
            yield ReadingExample("fairytale", story, question, passage, spans, answer)


def read_by_name(path: Path) -> Iterator[ReadingExample]:
    """The examples of a file as it was published: QED's, SQuAD's part or FairytaleQA's.

    Raises `LecternError` for a file of another name.
    """
    if ".csv" in path.name:
        return fairytale(path)
    if path.name.startswith("train_all."):
        return qed(path.parent)
    if path.name.startswith("squad_v11_train_subset."):
        return squad_subset(path.parent)
    raise LecternError(
        f"{path} is none of the files that can be read in this format.",
        "Give train_all.jsonl.gz, squad_v11_train_subset.jsonl.gz or FairytaleQA's train.csv.gz.",
    )


_T0_FORMS: Mapping[str, re.Pattern[str]] = {
    **{
        f"adversarial_qa_{model}_based_on": re.compile(
            r"\nQuestion: (?P<question>.*?)\nContext: (?P<passage>.*)", re.DOTALL
        )
        for model in ("dbert", "dbidaf", "droberta")
    },
    "quoref_Answer_Question_Given_Context": re.compile(
        r"following context:\s+(?P<passage>.*?)\s+answer the following question:\s+"
        r"(?P<question>.*)",
        re.DOTALL,
    ),
}


def t0_extractive(archive: Path) -> Iterator[ReadingExample]:
    """AdversarialQA and Quoref, parted again into question and passage; one template of each."""
    for name, text in read_members(archive, lambda name: Path(name).stem in _T0_FORMS):
        template = Path(name).stem
        for number, line in enumerate(text.splitlines(), start=1):
            with line_of(archive / name, number, "a row of T0"):
                row = json.loads(line)
                found = _T0_FORMS[template].search(row["prompt"])
                answer = row["completion"].removesuffix("<|endoftext|>").strip()
            if not found:
                continue
            passage, question = found["passage"].strip(), found["question"].strip()
            spans = occurrences(passage, answer)
            if spans:
                task = template.split("_")[0]
                yield ReadingExample(task, passage[:80], question, passage, spans, answer)


_ASKED = ("What is {}?", "What does {} mean?", "Define {}.", "How is {} defined?")
_SOUGHT = ("Which term means {}?", "What is the word for {}?", "What do we call {}?")
_COVERED = 0.6
"""Share of a definition's words that a sentence must hold to count as saying it."""


def openstax_definitions(folder: Path) -> Iterator[ReadingExample]:
    """Glossary entries whose section says the same in a sentence of its own.

    Asked both ways: what a term means (the answer: the part of the sentence that says it), and
    which term has that meaning (the answer: the term), which trains reading of paraphrases.
    """
    modules = folder / "modules.jsonl.gz"
    texts = {
        _section(modules, number, row): text_of(modules, number, row, "text", blank=True)
        for number, row in read_objects(modules)
    }
    stems = Stemmed()
    kept = 0
    for group, term, meaning in glossary(folder / "openstax_qa.jsonl.gz"):
        found = _defining(texts.get(group, ""), term, meaning, stems)
        if not found:
            continue
        passage, span = found
        asked = _ASKED[kept % len(_ASKED)].format(term)
        yield ReadingExample("definition", group, asked, passage, (span,), passage[slice(*span)])
        named = occurrences(passage, term)
        short = meaning.split(";")[0].rstrip(".")
        if named and kept % 2 == 0:
            sought = _SOUGHT[kept // 2 % len(_SOUGHT)].format(short)
            yield ReadingExample("term", group, sought, passage, named, term)
        kept += 1


def glossary(path: Path) -> Iterator[tuple[str, str, str]]:
    """(book/module, term, meaning) of each definition in `openstax_qa.jsonl…`."""
    for number, row in read_objects(path):
        if text_of(path, number, row, "type") == "definition":
            term, meaning = (text_of(path, number, row, name) for name in ("question", "answer"))
            yield _section(path, number, row), term.strip(), meaning.strip()


def _section(path: Path, number: int, row: Mapping[str, Any]) -> str:
    return "/".join(text_of(path, number, row, name) for name in ("book", "module"))


def _defining(
    section: str, term: str, meaning: str, stems: Stemmed
) -> tuple[str, tuple[int, int]] | None:
    """The paragraph whose one sentence names the term and says its meaning, and that part of it."""
    wanted = set(stems.of(meaning)) - set(stems.of(term))
    if len(wanted) < 3:
        return None
    best: tuple[float, str, int, int] | None = None
    for paragraph in section.split("\n"):
        if not 120 <= len(paragraph) <= 1500 or term.casefold() not in paragraph.casefold():
            continue
        for start, end in split_sentences(paragraph):
            sentence = paragraph[start:end]
            if term.casefold() not in sentence.casefold():
                continue
            words = [found.span() for found in re.finditer(r"[\w’'-]+", sentence)]
            hits = [(a, b) for a, b in words if wanted.intersection(stems.of(sentence[a:b]))]
            covered = len({s for a, b in hits for s in stems.of(sentence[a:b])} & wanted)
            share = covered / len(wanted)
            if hits and share >= _COVERED and (best is None or share > best[0]):
                best = share, paragraph, start + hits[0][0], start + hits[-1][1]
    return None if best is None else (best[1], (best[2], best[3]))


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
