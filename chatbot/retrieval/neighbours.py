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
    grown: list[Passage] = []
    for passage in passages:
        wide = join(index.neighbours(passage, reach), passage)
        touching = next((i for i, other in enumerate(grown) if _touch(other, wide)), None)
        if touching is None:
            grown.append(wide)
            continue
        best = grown[touching]
        first = min(best.ordinal, wide.ordinal)
        last = max(best.ordinals[1], wide.ordinals[1])
        chunks = index.file_passages(best.course, best.file)
        grown[touching] = join([c for c in chunks if first <= c.ordinal <= last], best)
    return grown


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


def _touch(left: Passage, right: Passage) -> bool:
    if (left.course, left.file) != (right.course, right.file):
        return False
    return left.ordinal <= right.ordinals[1] + 1 and right.ordinal <= left.ordinals[1] + 1
