"""Blocks into chunks: along the document's structure, whole sentences, never beyond the encoder's
window.

A document is cut into *sections* (the blocks under one heading, or one page). Small sections join
their neighbours, large ones are split into parts of about equal size at block ends where there is
one, else at sentence ends, else (a "sentence" longer than the window) at white space. Sizes are
counted by the encoder's own tokenizer, with title and heading trail included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ingestion.encoders.base import Encoder
from ingestion.locator import Span
from ingestion.passage import Chunk
from ingestion.readers.base import Block, Document
from ingestion.sentences import split_sentences
from ingestion.slides import collapse_builds

CHUNKING_VERSION = 1
"""Part of the pipeline signature: raise it when the same blocks would give other chunks."""

SMALL = 64
"""Tokens under which a section joins a neighbour."""

_CONTEXT_SHARE = 3
"""At most one third of the window goes to title and headings."""

Count = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence of a block: characters `start:end`, with its tokens."""

    block: Block
    start: int
    end: int
    tokens: int

    @property
    def ends_block(self) -> bool:
        return not self.block.text[self.end :].strip()


@dataclass(frozen=True, slots=True)
class _Section:
    headings: tuple[str, ...]
    pieces: list[_Piece]

    @property
    def tokens(self) -> int:
        return sum(piece.tokens for piece in self.pieces)


def chunk_document(
    document: Document, encoder: Encoder, limit: int, heading_trail: bool = True
) -> list[Chunk]:
    """The chunks of a document, in reading order.

    `limit` is the longest chunk in tokens, context and special tokens included; the encoder's
    window caps it. Without `heading_trail` no chunk has a context: its text alone is embedded.
    """
    limit = min(limit, encoder.window)
    special = encoder.count_tokens([""])[0]

    def count(texts: Sequence[str]) -> list[int]:
        return [tokens - special for tokens in encoder.count_tokens(texts)]

    pages = collapse_builds(document.blocks) if document.paged else [document.blocks]
    sections = [section for page in pages for section in _sections(page, count, limit)]
    chunks: list[Chunk] = []
    for section in _join_small(sections, limit - special):
        said = (document.title, *section.headings) if heading_trail else ()
        context = _context(said, count, limit // _CONTEXT_SHARE)
        room = limit - special - (count([" › ".join(context)])[0] if context else 0)
        for part in _parts(section.pieces, room):
            chunks.extend(_fit(_chunk(part, section.headings, context), encoder, limit))
    return chunks


def _sections(blocks: list[Block], count: Count, limit: int) -> list[_Section]:
    """Runs of blocks under the same headings, cut into sentences."""
    longest = limit - limit // _CONTEXT_SHARE - 2
    spans = [(block, start, end) for block in blocks for start, end in split_sentences(block.text)]
    sizes = count([block.text[start:end] for block, start, end in spans])
    pieces: list[_Piece] = []
    for (block, start, end), tokens in zip(spans, sizes, strict=True):
        if tokens <= longest:
            pieces.append(_Piece(block, start, end, tokens))
        else:
            pieces.extend(_cut(block, start, end, count, longest))
    runs = groupby(pieces, key=lambda piece: piece.block.headings)
    return [_Section(headings, list(run)) for headings, run in runs]


def _cut(block: Block, start: int, end: int, count: Count, longest: int) -> list[_Piece]:
    """Halve an overlong sentence, at white space where there is some, until every part fits."""
    tokens = count([block.text[start:end]])[0]
    if tokens <= longest or end - start < 2:
        return [_Piece(block, start, end, tokens)]
    middle = (start + end) // 2
    space = block.text.rfind(" ", start + 1, middle)
    cut = space if space > (start + middle) // 2 else middle
    return [
        *_cut(block, start, cut, count, longest),
        *_cut(block, cut, end, count, longest),
    ]


def _join_small(sections: list[_Section], room: int) -> list[_Section]:
    """Join a section with the one before it when either is small and both fit one chunk."""
    joined: list[_Section] = []
    for section in sections:
        before = joined[-1] if joined else None
        small = before is not None and min(before.tokens, section.tokens) < SMALL
        if before is not None and small and before.tokens + section.tokens <= room * 3 // 4:
            common = _common(before.headings, section.headings)
            joined[-1] = _Section(common, before.pieces + section.pieces)
        else:
            joined.append(section)
    return joined


def _common(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    same = 0
    while same < min(len(left), len(right)) and left[same] == right[same]:
        same += 1
    return left[:same]


def _context(trail: tuple[str, ...], count: Count, most: int) -> list[str]:
    """Title and headings, each said once, the outer ones dropped until they fit in `most`
    tokens.
    """
    parts: list[str] = []
    for part in trail:
        if part and (not parts or parts[-1].casefold() != part.casefold()):
            parts.append(part)
    while parts and count([" › ".join(parts)])[0] > most:
        parts.pop(0)
    return parts


def _parts(pieces: list[_Piece], room: int) -> list[list[_Piece]]:
    """Split a section into parts of at most `room` tokens and about equal size."""
    total = sum(piece.tokens for piece in pieces)
    wanted = total / -(-total // room) if total else room
    parts: list[list[_Piece]] = [[]]
    size = 0
    for piece in pieces:
        last = parts[-1]
        full = size + piece.tokens > room
        good_place = bool(last) and last[-1].ends_block and last[-1].block.kind != "heading"
        if last and (full or (size >= wanted and good_place)):
            parts.append([])
            size = 0
        parts[-1].append(piece)
        size += piece.tokens
    return parts


def _chunk(pieces: list[_Piece], headings: tuple[str, ...], context: list[str]) -> Chunk:
    """Pieces of one block keep the document's own characters between them; blocks are lines.

    Where the text begins with its own heading, the context does not say it as well.
    """
    first = pieces[0].block
    opening = first.text.strip() if first.kind == "heading" else ""
    said = " › ".join(part for part in context if part != opening)
    text = ""
    spans: list[Span] = []
    for _, run in groupby(pieces, key=lambda p: id(p.block)):
        inside = list(run)
        block = inside[0].block
        if text:
            text += "\n"
        start = len(text)
        text += block.text[inside[0].start : inside[-1].end]
        spans.append(Span(start, len(text), block.locator))
    return Chunk(text, headings, _merge(spans), said)


def _merge(spans: list[Span]) -> tuple[Span, ...]:
    """Neighbouring spans at the same place become one."""
    merged: list[Span] = []
    for span in spans:
        if merged and merged[-1].locator == span.locator:
            merged[-1] = replace(merged[-1], end=span.end)
        else:
            merged.append(span)
    return tuple(merged)


def _fit(chunk: Chunk, encoder: Encoder, limit: int) -> list[Chunk]:
    """Token counts of parts need not add up in every tokenizer: halve what is still too long."""
    if encoder.count_tokens([chunk.embedded_text])[0] <= limit or len(chunk.text) < 2:
        return [chunk]
    cuts = [start for start, _ in split_sentences(chunk.text)[1:]]
    middle = len(chunk.text) // 2
    cut = min(cuts, key=lambda c: abs(c - middle)) if cuts else middle
    halves = (_slice(chunk, 0, cut), _slice(chunk, cut, len(chunk.text)))
    return [part for half in halves for part in _fit(half, encoder, limit)]


def _slice(chunk: Chunk, start: int, end: int) -> Chunk:
    """Characters `start:end` of a chunk, without white space at the ends."""
    raw = chunk.text[start:end]
    start += len(raw) - len(raw.lstrip())
    end -= len(raw) - len(raw.rstrip())
    spans = tuple(
        Span(max(s.start, start) - start, min(s.end, end) - start, s.locator)
        for s in chunk.spans
        if s.start < end and s.end > start
    )
    return replace(chunk, text=chunk.text[start:end], spans=spans)
