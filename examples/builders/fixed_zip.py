"""Write zip archives whose bytes depend on their content alone (fixed dates, sorted names)."""

from __future__ import annotations

import io
import zipfile

_DATE = (2025, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o644 << 16


def pack(members: dict[str, bytes], first: str, store_first: bool = False) -> bytes:
    """Zip `members` sorted by name, with `first` leading (uncompressed if `store_first`)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in [first, *sorted(set(members) - {first})]:
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system = 3
            info.external_attr = _REGULAR_FILE
            stored = store_first and name == first
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, members[name], compresslevel=9)
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the members of a zip archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def normalise_office(data: bytes) -> bytes:
    """Repack a DOCX or PPTX file with fixed dates and order."""
    return pack(unpack(data), first="[Content_Types].xml")
