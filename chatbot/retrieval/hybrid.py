"""Question in, passages out: two legs, fused, optionally reranked, without near-duplicates."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chatbot.retrieval.fusion import Fused, fuse
from chatbot.retrieval.near_duplicates import drop_near_duplicates
from chatbot.retrieval.neighbours import expand
from chatbot.retrieval.rerank import Reranker
from chatbot.retrieval.standing import COMPARED, with_margins
from ingestion.catalog import Catalog
from ingestion.index import Index, Snapshot
from ingestion.lexical import LexicalIndex
from ingestion.passage import Passage
from ingestion.stores.base import Hit, Selection, Store, Vectors

_RERANKED = 30


@dataclass(frozen=True, slots=True)
class Retriever:
    """Hybrid retrieval over an index.

    `weight` is the dense leg's share in the fusion (0…1), `candidates` how many each leg brings.
    """

    index: Index
    weight: float = 0.5
    candidates: int = 100
    reranker: Reranker | None = None

    def search(
        self,
        question: str,
        k: int,
        *,
        course: str | None = None,
        file: str | None = None,
        format: str | None = None,
        neighbours: int = 0,
    ) -> list[Passage]:
        """The k best passages, best first. Raises `IndexProblem` where the filter admits
        nothing.

        Their `scores` are `lexical` (BM25) and `dense` (cosine), `coverage` (share of the
        question's words, by rarity), and the margins of `with_margins`.
        """
        selection = self.index.selection(course, file, format)
        vector = self.index.encoder.encode([question])[0]
        compared = max(k, COMPARED)
        wanted = max(_RERANKED if self.reranker else 0, 3 * compared)

        def work(snapshot: Snapshot, catalog: Catalog) -> list[Passage]:
            hits = hybrid(
                question,
                vector,
                snapshot.lexical,
                snapshot.store,
                self.weight,
                self.candidates,
                wanted,
                selection,
            )
            ids = [hit.chunk_id for hit in hits]
            found = catalog.passages(ids)
            covered = snapshot.lexical.coverage(question, ids)
            return [
                replace(
                    found[hit.chunk_id],
                    score=hit.score,
                    scores={"lexical": hit.lexical, "dense": hit.dense, "coverage": share},
                )
                for hit, share in zip(hits, covered, strict=True)
                if hit.chunk_id in found
            ]

        passages = self.index.read(work)
        if self.reranker:
            passages = self.reranker.rerank(question, passages)
        passages = with_margins(drop_near_duplicates(passages, compared))[:k]
        return expand(passages, self.index, neighbours) if neighbours else passages


def hybrid(
    question: str,
    vector: Vectors,
    lexical: LexicalIndex,
    store: Store,
    weight: float,
    candidates: int,
    k: int,
    selection: Selection | None = None,
) -> list[Fused]:
    """The best `candidates` of both legs, each with its real score in both, fused to the k best."""
    word_scores = lexical.scores(question)
    by_words = lexical.best(word_scores, candidates, selection)
    # What a store holds beyond the committed generation is not in the lexical index either.
    by_sense = [h for h in store.search(vector, candidates, selection) if h.chunk_id in lexical]
    chosen = {hit.chunk_id for hit in by_words} | {hit.chunk_id for hit in by_sense}
    sense = {hit.chunk_id: hit.score for hit in by_sense}
    unseen = sorted(chosen - sense.keys())
    if unseen:
        sense.update(zip(unseen, (store.vectors(unseen) @ vector).tolist(), strict=True))
    words = [Hit(chunk_id, float(word_scores[lexical.row(chunk_id)])) for chunk_id in chosen]
    return fuse(words, [Hit(i, score) for i, score in sense.items()], weight, k)
