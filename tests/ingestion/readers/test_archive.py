import struct
import zipfile

import pytest

from ingestion.errors import UnreadableDocument
from ingestion.readers import archive
from ingestion.readers.archive import check_archive
from ingestion.readers.registry import read_document


def zipped(path, **parts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name.replace("__", "/") + ".xml", data)
    return path


def test_docx_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path):
    path = zipped(tmp_path / "bomb.docx", word__document=b" " * 30_000_000)
    assert path.stat().st_size < 50_000
    with pytest.raises(UnreadableDocument, match=r"bomb\.docx looks like a ZIP bomb.*200 times"):
        read_document(path)


def test_too_many_parts_and_too_much_markup(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.epub", a=b"1" * 5000, b=b"2")
    monkeypatch.setattr(archive, "MAX_ENTRIES", 1)
    with pytest.raises(UnreadableDocument, match="holds 2 parts"):
        check_archive(path)
    monkeypatch.setattr(archive, "MAX_ENTRIES", 10)
    monkeypatch.setattr(archive, "MAX_MARKUP_MB", 0.001)
    with pytest.raises(UnreadableDocument, match=r"a\.xml unpacks to"):
        check_archive(path)
    monkeypatch.setattr(archive, "MAX_TOTAL_MB", 0.001)
    with pytest.raises(UnreadableDocument, match="it unpacks to"):
        check_archive(path)


def test_directory_that_lies_about_a_size_is_refused(tmp_path):
    path = zipped(tmp_path / "liar.docx", word__document=b"x" * 5_000_000)
    data = path.read_bytes()
    lie = data.replace(struct.pack("<I", 5_000_000), struct.pack("<I", 50))
    assert lie != data
    path.write_bytes(lie)
    with pytest.raises(UnreadableDocument, match=r"liar\.docx is a broken or encrypted ZIP"):
        check_archive(path)


def test_ordinary_archives_pass(tmp_path):
    check_archive(zipped(tmp_path / "a.docx", word__document=b"<w/>" * 1000))
