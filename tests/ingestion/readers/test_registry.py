import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from ingestion.errors import UnreadableDocument
from ingestion.readers.registry import FORMATS, read_document, reader_for, reader_of, supported


def test_every_suffix_has_the_reader_that_claims_it():
    for suffix, format in FORMATS.items():
        reader = reader_of(format)
        assert reader.format == format
        assert suffix in reader.suffixes


def test_readers_claim_no_suffix_beside_the_table():
    for format in set(FORMATS.values()):
        assert set(reader_of(format).suffixes) == {s for s, f in FORMATS.items() if f == format}


def test_suffix_counts_in_any_case():
    assert supported(Path("SLIDES.PDF"))
    assert not supported(Path("photo.jpeg"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"%PDF-1.7\n1 0 obj", r"a\.txt is a PDF, not text.*end in '\.pdf'"),
        ("a.md", b"\x89PNG\r\n\x1a\n" + bytes(64), r"a\.md is a PNG image, not markdown"),
        ("a.pdf", b"<!DOCTYPE html><p>hi", r"a\.pdf is an HTML page, not pdf.*'\.html'"),
        ("a.pdf", b"Just some words.", r"a\.pdf is text, not pdf.*'\.txt'"),
        ("a.docx", b"%PDF-1.4", r"a\.docx is a PDF, not docx"),
        ("a.txt", b"<html><body>x", r"a\.txt is an HTML page"),
        ("a.txt", b"abc\x00\x01\x02" * 20, r"a\.txt is binary data"),
        ("a.srt", b"\x00\x00\x00\x20ftypisom", r"a\.srt is an MP4 video"),
        ("a.xyz", b"words", r"suffix '\.xyz', which no reader reads"),
        ("a.md", b"", r"a\.md is empty"),
        ("a.md", b" \n\n ", r"a\.md is empty"),
        ("a.pptx", b"PK\x03\x04 torn", r"a\.pptx is a broken ZIP"),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            r"a\.docx is protected by a password",
        ),
    ],
)
def test_content_that_contradicts_the_suffix_is_named(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableDocument, match=message):
        reader_for(path)


def test_zip_is_told_by_its_parts(tmp_path):
    path = tmp_path / "deck.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ppt/presentation.xml", "<x/>")
    with pytest.raises(UnreadableDocument, match=r"deck\.docx is a PowerPoint file.*'\.pptx'"):
        reader_for(path)
    plain = tmp_path / "files.epub"
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(UnreadableDocument, match=r"is a ZIP archive.*Unpack"):
        reader_for(plain)


def test_image_named_pdf_is_refused_before_any_parser(tmp_path):
    path = tmp_path / "scan.pdf"
    Image.new("RGB", (4, 4)).save(path, "JPEG")
    with pytest.raises(UnreadableDocument, match="is a JPEG image"):
        read_document(path)


def test_too_large_a_text_is_refused_by_its_size_alone(tmp_path):
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(500_000_000)  # sparse: reading it would find binary zeros, not a size
    with pytest.raises(UnreadableDocument, match=r"huge\.txt is 500 MB, more than .* 100"):
        read_document(path)
    small = tmp_path / "small.md"
    small.write_text("words " * 1000)
    with pytest.raises(UnreadableDocument, match="limit"):
        read_document(small, text_mb=0.001)


def test_missing_files_and_pipes_are_refused(tmp_path):
    import os

    with pytest.raises(UnreadableDocument, match=r"gone\.md cannot be opened"):
        read_document(tmp_path / "gone.md")
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(UnreadableDocument, match="not a regular file"):
        read_document(tmp_path / "pipe.md")


def test_importing_the_registry_imports_no_parsing_library():
    code = (
        "import sys; import ingestion.readers.registry as r;"
        "[r.reader_of(f) for f in set(r.FORMATS.values())];"
        "print(*{m.split('.')[0] for m in sys.modules})"
    )
    command = [sys.executable, "-c", code]
    imported = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "ingestion" in imported
    parsers = {"pypdfium2", "lxml", "bs4", "docx", "pptx", "markdown_it", "srt", "webvtt", "PIL"}
    assert not parsers & set(imported)
