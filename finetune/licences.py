"""Under which licence a file of data stands, as the note beside it says."""

from __future__ import annotations

import re
from pathlib import Path

UNKNOWN = "not stated"
_LINE = re.compile(r"^LICEN[CS]E[^:]*:\s*(.+?)\s*$", re.MULTILINE)


def licence_of(path: Path) -> str:
    """What `SOURCE.txt` in the file's folder states (the line `LICENCE…: …`), or `UNKNOWN`."""
    note = path.parent / "SOURCE.txt"
    if not note.is_file():
        return UNKNOWN
    found = _LINE.search(note.read_text(encoding="utf-8"))
    return found[1] if found else UNKNOWN
