"""Opening PDFs with PDFium: behind one lock, as it is not thread-safe; errors people can read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingestion.errors import UnreadableDocument

LOCK = threading.RLock()


@contextmanager
def open_pdf(path: Path) -> Iterator[Any]:
    """The `pypdfium2.PdfDocument` of `path`, with PDFium to ourselves until the block ends.

    Raises `UnreadableDocument` when it is broken, has no pages, or is protected by a password.
    """
    import pypdfium2
    import pypdfium2.raw as raw

    with LOCK:
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD or "assword" in str(error):
                raise UnreadableDocument(
                    f"{path.name} is protected by a password.",
                    "Save a copy without the password and ingest that.",
                ) from error
            raise UnreadableDocument(
                f"{path.name} is a broken PDF ({error}).",
                "Open it in a PDF viewer and print it to a new PDF, or fetch a fresh copy.",
            ) from error
        try:
            if len(document) == 0:
                raise UnreadableDocument(
                    f"{path.name} is a PDF without pages.", "Fetch a fresh copy of it."
                )
            yield document
        finally:
            document.close()
