"""The library page's lines about an ingestion."""

from __future__ import annotations

from chatbot.ui.pages.library import outcome_line, progress_line
from ingestion.progress import Progress
from ingestion.report import IngestReport


def test_progress_says_how_far_and_how_long() -> None:
    assert progress_line(None) == (0.0, "Starting…")
    assert progress_line(Progress("embed", 30, 120, 12.4, "week1/a.pdf")) == (
        0.25,
        "Embedding passages: 30 of 120 · about 12 s left · a.pdf",
    )
    assert progress_line(Progress("parse", 2, 2, 0.0)) == (1.0, "Reading files: 2 of 2")
    assert progress_line(Progress("scan", 0, 0)) == (0.0, "Starting…")


def test_the_outcome_counts_what_happened() -> None:
    report = IngestReport(new=2, unchanged=1, failed=[("a.pdf", "broken")], added_chunks=31)
    assert outcome_line(report) == (
        "Documents: 2 added, 1 already there, 1 not readable. 31 new passages to ask about."
    )
    assert outcome_line(IngestReport()) == "Documents: none. 0 new passages to ask about."
