"""EPUB books by zipfile and lxml: the chapters of the spine in order, under one heading trail."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ingestion.errors import UnreadableDocument
from ingestion.readers.archive import check_archive
from ingestion.readers.base import Document
from ingestion.readers.html import parse_html
from ingestion.readers.html_blocks import HtmlBlocks
from ingestion.readers.outline import tidy

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_FONT_OBFUSCATION = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


class EpubReader:
    """The table of contents (`nav`) is left out; chapters that are missing are warned of."""

    format = "epub"
    suffixes = (".epub",)

    def read(self, path: Path) -> Document:
        check_archive(path)
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if _locked(archive, names):
                raise UnreadableDocument(
                    f"{path.name} is protected by DRM.", "Get a copy without it from the seller."
                )
            package_name, package = _package(path, archive, names)
            blocks, warnings = HtmlBlocks(), []
            for name in _spine(package, package_name):
                if name not in names:
                    warnings.append(f"chapter {name} is missing")
                elif (root := parse_html(archive.read(name), name)) is not None:
                    blocks.add(root.find(".//body"))
        if not blocks.outline.blocks:
            raise UnreadableDocument(f"{path.name} holds no text.", "Get a complete copy of it.")
        title = tidy(package.findtext(".//{*}metadata/{*}title") or "")
        return Document(title or path.stem, blocks.outline.blocks, warnings=warnings)


def _package(path: Path, archive: zipfile.ZipFile, names: set[str]) -> tuple[str, Any]:
    """Name and root element of the package document (`.opf`)."""
    try:
        rootfile = _xml(archive.read(_CONTAINER)).find(".//{*}rootfile")
        name = rootfile.get("full-path")
        return name, _xml(archive.read(name))
    except (KeyError, AttributeError, SyntaxError) as error:
        raise UnreadableDocument(
            f"{path.name} is a broken EPUB: its package cannot be found ({error}).",
            "Fetch a fresh copy, or convert it with an e-book program.",
        ) from error


def _spine(package: Any, package_name: str) -> Iterator[str]:
    """Names, inside the archive, of the documents in reading order."""
    items = {item.get("id"): item for item in package.iterfind(".//{*}manifest/{*}item")}
    folder = posixpath.dirname(package_name)
    for reference in package.iterfind(".//{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        if "html" in (item.get("media-type") or ""):
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href"))))


def _locked(archive: zipfile.ZipFile, names: set[str]) -> bool:
    if _ENCRYPTION not in names:
        return False
    methods = _xml(archive.read(_ENCRYPTION)).iterfind(".//{*}EncryptionMethod")
    return any(m.get("Algorithm") not in _FONT_OBFUSCATION for m in methods)


def _xml(data: bytes) -> Any:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(data, parser=parser)
