"""Child of test_crash: ingest a folder with the stub encoder, saying when the work begins.

Run with both the repository and `tests` on PYTHONPATH.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stub_encoder import StubEncoder

from ingestion.pipeline import ingest
from ingestion.settings import IngestionSettings

if __name__ == "__main__":
    course, index, chroma_url = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    settings = IngestionSettings.load(
        store="chroma" if chroma_url else "faiss", chroma_url=chroma_url or None
    )
    os.write(1, b"go")
    ingest([course], index, settings=settings, encoder=StubEncoder(window=48))
    os.write(1, b"done")
