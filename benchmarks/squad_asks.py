"""SQuAD 2: a question asked of eight articles, of these without its article or its paragraph, and
of its paragraph alone.

Half of the sixteen articles are for fitting, half for reporting, by the hash of the title. Each
paragraph is a document.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.abstention_asks import Ask, write_document
from evaluation.reading.squad import Article, read_squad
from ingestion.encoders.base import Encoder
from ingestion.pipeline import ingest

Half = Literal["fit", "held"]
FILE = Path("qa", "squad_v2_dev", "dev-v2.0.json.gz")


@dataclass(frozen=True, slots=True)
class SquadAsks:
    """`whole`, `without_article`, `without_paragraph` are the answerable questions, in the same
    order; `paragraph` all questions, the impossible ones among them, with their paragraph given.
    """

    whole: list[Ask]
    without_article: list[Ask]
    without_paragraph: list[Ask]
    paragraph: list[Ask]


def halves(data: Path) -> dict[Half, list[Article]]:
    articles = read_squad(data / FILE).data
    ranked = sorted(articles, key=lambda a: hashlib.sha256(a.title.encode()).hexdigest())
    middle = len(ranked) // 2
    return {"fit": ranked[:middle], "held": ranked[middle:]}


def squad_asks(
    data: Path, work: Path, half: Half, encoder: Encoder, limit: int | None
) -> SquadAsks:
    """Make the index of the half's articles in `work`, and the asks, each question's in turn.

    `limit` takes the first paragraphs of each article alone.
    """
    chosen = halves(data)[half]
    folder, index = work / f"squad-{half}", work / f"squad-{half}-index"
    for article in chosen:
        for number, paragraph in enumerate(article.paragraphs):
            heading = article.title.replace("_", " ")
            path = folder / article.title / _name(number)
            write_document(path, f"# {heading}\n\n{paragraph.context}\n")
    ingest([folder / article.title for article in chosen], index, encoder=encoder)

    asks = SquadAsks([], [], [], [])
    for article in chosen:
        title = article.title
        whole_article = frozenset((title, _name(n)) for n in range(len(article.paragraphs)))
        for number, paragraph in enumerate(article.paragraphs[:limit]):
            place = (title, _name(number))
            for asked in paragraph.qas:
                answerable, text = not asked.is_impossible, asked.question
                asks.paragraph.append(Ask(text, answerable, title, index, file=place))
                if answerable:
                    golds = tuple(answer.text for answer in asked.answers)
                    asks.whole.append(Ask(text, True, title, index, source=place, answers=golds))
                    asks.without_article.append(Ask(text, False, title, index, whole_article))
                    without = frozenset({place})
                    asks.without_paragraph.append(Ask(text, False, title, index, without))
    return asks


def _name(number: int) -> str:
    return f"{number:03}.md"
