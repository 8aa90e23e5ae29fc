"""How a sandboxed worker and its parent talk: length-prefixed JSON on pipes, never pickle.

A frame is a 4-byte big-endian length and that many bytes of JSON in UTF-8. What a broken parser may
have put into a text (half a surrogate pair) becomes `?` here, so that everything behind the sandbox
can be encoded.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO, cast

from ingestion.locator import Locator, LocatorKind
from ingestion.readers.base import Block, BlockKind, Document

LENGTH = struct.Struct(">I")


def encode_frame(message: dict[str, Any]) -> bytes:
    data = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return LENGTH.pack(len(data)) + data


def read_frame(stream: BinaryIO) -> dict[str, Any] | None:
    """The next message, or None where the stream has ended."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return decode_frame(stream.read(LENGTH.unpack(head)[0]))


def decode_frame(data: bytes) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(data))


def pack_document(document: Document) -> dict[str, Any]:
    return {
        "title": document.title,
        "paged": document.paged,
        "warnings": document.warnings,
        "blocks": [
            [b.text, b.locator.kind, b.locator.value, b.kind, b.headings] for b in document.blocks
        ],
    }


def unpack_document(message: dict[str, Any]) -> Document:
    """The inverse of `pack_document`; equal trails and locators become one object."""
    places: dict[tuple[str, str], Locator] = {}
    trails: dict[tuple[str, ...], tuple[str, ...]] = {}
    blocks = []
    for text, place_kind, value, kind, headings in message["blocks"]:
        place = places.get((place_kind, value))
        if place is None:
            place = places[place_kind, value] = Locator(cast(LocatorKind, place_kind), value)
        trail = tuple(headings)
        trail = trails.setdefault(trail, trail)
        blocks.append(Block(text, place, cast(BlockKind, kind), trail))
    return Document(message["title"], blocks, message["paged"], message["warnings"])
