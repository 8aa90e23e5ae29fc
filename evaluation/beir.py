"""Retrieval benchmarks in BEIR form: `corpus.jsonl`, `queries.jsonl`, `qrels/SPLIT.tsv`, or `.gz`.

Thakur et al. 2021, https://github.com/beir-cellar/beir.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from evaluation.jsonl import malformed, read_lines, read_objects, sha256_of
from ingestion.errors import LecternError


@dataclass(frozen=True)
class Benchmark:
    """Documents, queries and judgements.

    `texts` maps document id → title and text as indexed; where `part_of` is given, part id → text,
    and it maps part id → document id. `queries` holds only judged queries. Where `groups` (of
    texts) and `asked_in` are given, a query is searched for only among the texts of its own group
    (the course filter); `clusters` maps query id → the unit that a bootstrap resamples.
    """

    name: str
    texts: dict[str, str]
    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]
    groups: dict[str, str] = field(default_factory=dict)
    asked_in: dict[str, str] = field(default_factory=dict)
    clusters: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    part_of: dict[str, str] = field(default_factory=dict)

    def first(self, limit: int | None) -> Benchmark:
        """With the first `limit` queries only; the documents stay."""
        if limit is None:
            return self
        kept = list(self.queries)[:limit]
        return replace(
            self,
            queries={query: self.queries[query] for query in kept},
            qrels={query: self.qrels[query] for query in kept},
        )

    def without_queries_of(self, other: Benchmark) -> Benchmark:
        """Without the queries that `other` asks too, under the same id or in the same words."""
        asked = {_bare(text) for text in other.queries.values()}
        kept = {
            query: text
            for query, text in self.queries.items()
            if query not in other.queries and _bare(text) not in asked
        }
        return replace(self, queries=kept, qrels={query: self.qrels[query] for query in kept})

    def with_queries_of(self, other: Benchmark) -> Benchmark:
        """The queries of both, to be scored in one go; `other` has the same documents."""
        return replace(
            self,
            queries=self.queries | other.queries,
            asked_in=self.asked_in | other.asked_in,
        )


def load_beir(folder: Path, split: str = "test") -> Benchmark:
    """One split of a BEIR folder, named after the folder (or its parent where that is `beir`).

    Raises `LecternError` for a missing or empty file, a malformed line, an id used twice, or
    judgements of a query that `queries.jsonl` does not hold. Judged documents that the corpus
    lacks stay: they count as relevant and cannot be found, as in trec_eval.
    """
    corpus = _find(folder, "corpus.jsonl")
    queries = _find(folder, "queries.jsonl")
    judgements = _find(folder, f"qrels/{split}.tsv")
    texts = {
        identifier: "\n".join(part for part in (title, text) if part)
        for identifier, title, text in _entries(corpus)
    }
    asked = {identifier: text for identifier, _, text in _entries(queries)}
    qrels = load_qrels(judgements)
    for file, held, what in (
        (corpus, texts, "no documents"),
        (judgements, qrels, "no relevant document of any query"),
    ):
        if not held:
            raise LecternError(f"{file} holds {what}.", "Give another folder or split.")
    unknown = next((query for query in qrels if query not in asked), None)
    if unknown is not None:
        raise LecternError(
            f"{judgements} judges query {unknown!r}, which {queries} does not hold.",
            "Take both files from the same benchmark.",
        )
    return Benchmark(
        name=folder.resolve().parent.name if folder.name == "beir" else folder.resolve().name,
        texts=texts,
        queries={query: asked[query] for query in qrels},
        qrels=qrels,
        hashes={path.name: sha256_of(path) for path in (corpus, queries, judgements)},
    )


def load_qrels(path: Path) -> dict[str, dict[str, int]]:
    """query id → document id → relevance; queries without a relevant document are left out."""
    qrels: dict[str, dict[str, int]] = {}
    for number, line in read_lines(path):
        cells = line.split("\t")
        if not line.strip() or (number == 1 and cells[-1] == "score"):
            continue
        try:
            query, document, grade = cells
            qrels.setdefault(query, {})[document] = int(grade)
        except ValueError as error:
            raise malformed(path, number, "not query-id TAB corpus-id TAB integer") from error
    return {query: judged for query, judged in qrels.items() if max(judged.values()) > 0}


def _bare(text: str) -> str:
    return " ".join(text.casefold().split())


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    splits = ", ".join(sorted(p.name for p in folder.glob("qrels/*.tsv*"))) or "none"
    raise LecternError(
        f"{folder} holds neither {name} nor {name}.gz (qrels there: {splits}).",
        "Give a folder in BEIR form, and a split that it has.",
    )


def _entries(path: Path) -> list[tuple[str, str, str]]:
    """(id, title, text) of each line."""
    entries: dict[str, tuple[str, str, str]] = {}
    for number, line in read_objects(path):
        identifier, title, text = line.get("_id"), line.get("title") or "", line.get("text")
        if (
            not isinstance(identifier, str)
            or not isinstance(title, str)
            or not isinstance(text, str)
        ):
            raise malformed(
                path, number, "needs `_id` and `text` (and may have `title`) as strings"
            )
        if identifier in entries:
            raise malformed(path, number, f"the id {identifier!r} is used twice")
        entries[identifier] = (identifier, title, text)
    return list(entries.values())
