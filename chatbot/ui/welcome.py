"""Questions to begin with, made from what the course holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.index import Index

SUGGESTIONS = 4


def suggestions(index: Index, course: str | None) -> list[str]:
    """Some first questions, after the titles of the course's documents."""
    titles = [record.title for record in index.files(course=course) if record.chunks]
    return [f"What is {title}?" for title in titles[:SUGGESTIONS]]
