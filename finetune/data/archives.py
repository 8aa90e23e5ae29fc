"""The files of a tar archive as text, with an error that names the archive."""

from __future__ import annotations

import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from ingestion.errors import LecternError


def read_members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """(name, text) of every file in the archive whose name is `wanted`.

    In the order of the archive: to go back in it is to unpack it from the start again. Raises
    `LecternError` for one that is missing, cut short or damaged, or holds what is not UTF-8.
    """
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                content = archive.extractfile(member) if wanted(member.name) else None
                if content is not None:
                    yield member.name, content.read().decode("utf-8")
            # A torn header reads as the end: what lies behind it is read for its checksum.
            while archive.fileobj and archive.fileobj.read(1 << 20):
                pass
    except (
        OSError,
        EOFError,
        tarfile.TarError,
        zlib.error,
        lzma.LZMAError,
        UnicodeDecodeError,
    ) as error:
        reason = " ".join(str(error).split())
        raise LecternError(
            f"{path} cannot be read as an archive ({reason}).", "Check the path, or fetch it again."
        ) from error
