"""A passage with the chunks around it, joined where two of them touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingestion.index import Index
from ingestion.locator import Span
from ingestion.passage import Passage


def expand(passages: Sequence[Passage], index: Index, reach: int) -> list[Passage]:
    """Each passage grown by `reach` chunks to both sides, best first.

    A chunk appears once: where a passage's surroundings overlap those of a better one, it joins it.
    """
    grown: list[tuple[Passage, dict[int, Passage]]] = []  # the core, and its chunks by ordinal
    for passage in passages:
        chunks = {chunk.ordinal: chunk for chunk in _around(passage, index, reach)}
        touching = [at for at, other in enumerate(grown) if _touch(other, (passage, chunks))]
        for at in touching:
            chunks |= grown[at][1]
        if not touching:
            grown.append((passage, chunks))
            continue
        best, *others = touching
        grown[best] = (grown[best][0], chunks)
        grown = [each for at, each in enumerate(grown) if at not in others]
    return [join([chunks[n] for n in sorted(chunks)], core) for core, chunks in grown]


def _around(passage: Passage, index: Index, reach: int) -> list[Passage]:
    """The passage alone where its file has been changed or removed since the search."""
    chunks = index.neighbours(passage, reach)
    return chunks if any(c.chunk_id == passage.chunk_id for c in chunks) else [passage]


def join(chunks: Sequence[Passage], core: Passage) -> Passage:
    """Successive chunks of one file as one passage that ranks, and is identified, as `core`
    does.
    """
    text = ""
    spans: list[Span] = []
    for chunk in chunks:
        if text:
            text += "\n"
        offset = len(text)
        text += chunk.text
        spans.extend(Span(s.start + offset, s.end + offset, s.locator) for s in chunk.spans)
    return replace(
        core,
        text=text,
        spans=tuple(spans),
        ordinal=chunks[0].ordinal,
        last_ordinal=chunks[-1].ordinal,
    )


def _touch(
    left: tuple[Passage, dict[int, Passage]], right: tuple[Passage, dict[int, Passage]]
) -> bool:
    (a, ours), (b, theirs) = left, right
    if (a.file_id, a.course, a.file) != (b.file_id, b.course, b.file):
        return False
    return min(ours) <= max(theirs) + 1 and min(theirs) <= max(ours) + 1
