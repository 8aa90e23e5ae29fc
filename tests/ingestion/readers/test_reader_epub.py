import zipfile

import pytest

from ingestion.errors import UnreadableDocument
from ingestion.readers.epub import EpubReader

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)


def package(items, spine):
    manifest = "".join(
        f'<item id="{i}" href="{href}" media-type="application/xhtml+xml" properties="{p}"/>'
        for i, href, p in items
    )
    order = "".join(f'<itemref idref="{i}"/>' for i in spine)
    return (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>On Attention</dc:title></metadata>'
        f"<manifest>{manifest}</manifest><spine>{order}</spine></package>"
    )


def chapter(body):
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head>'
        f"<body>{body}</body></html>"
    )


@pytest.fixture
def read(tmp_path):
    def of(**parts):
        path = tmp_path / "book.epub"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mimetype", "application/epub+zip")
            for name, text in parts.items():
                archive.writestr(name, text)
        return EpubReader().read(path)

    return of


def test_chapters_follow_the_spine_under_one_trail(read):
    document = read(
        **{
            "META-INF/container.xml": CONTAINER,
            "OEBPS/book.opf": package(
                [("n", "nav.xhtml", "nav"), ("b", "b%20two.xhtml", ""), ("a", "a.xhtml", "")],
                ["n", "a", "b"],
            ),
            "OEBPS/nav.xhtml": chapter("<p>Contents</p>"),
            "OEBPS/b two.xhtml": chapter("<h2>Heads</h2><ul><li>Många.</li></ul>"),
            "OEBPS/a.xhtml": chapter("<h1>Part I</h1><p>Queries &#8212; keys.</p>"),
        }
    )
    assert document.title == "On Attention"
    assert [(b.kind, b.text, b.locator.value) for b in document.blocks] == [
        ("heading", "Part I", "Part I"),
        ("text", "Queries — keys.", "Part I"),
        ("heading", "Heads", "Part I > Heads"),
        ("list", "Många.", "Part I > Heads"),
    ]


def test_missing_chapters_are_warned_of(read):
    document = read(
        **{
            "META-INF/container.xml": CONTAINER,
            "OEBPS/book.opf": package([("a", "a.xhtml", ""), ("b", "b.xhtml", "")], ["a", "b"]),
            "OEBPS/a.xhtml": chapter("<p>Here.</p>"),
        }
    )
    assert document.warnings == ["chapter OEBPS/b.xhtml is missing"]


def test_books_without_a_package_or_without_text_are_refused(read):
    with pytest.raises(UnreadableDocument, match=r"book\.epub is a broken EPUB"):
        read(**{"META-INF/container.xml": CONTAINER})
    with pytest.raises(UnreadableDocument, match=r"book\.epub holds no text"):
        read(
            **{
                "META-INF/container.xml": CONTAINER,
                "OEBPS/book.opf": package([("a", "a.xhtml", "")], ["a"]),
                "OEBPS/a.xhtml": chapter("<img src='p.png'/>"),
            }
        )


def test_drm_is_named(read):
    encryption = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData'
        ' xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod'
        ' Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></EncryptedData></encryption>'
    )
    with pytest.raises(UnreadableDocument, match=r"book\.epub is protected by DRM"):
        read(**{"META-INF/container.xml": CONTAINER, "META-INF/encryption.xml": encryption})


def test_entities_of_the_package_are_not_resolved(read, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("stolen")
    container = CONTAINER
    opf = package([("a", "a.xhtml", "")], ["a"]).replace("On Attention", "&x;")
    opf = f'<!DOCTYPE package [<!ENTITY x SYSTEM "file://{secret}">]>{opf}'
    document = read(
        **{
            "META-INF/container.xml": container,
            "OEBPS/book.opf": opf,
            "OEBPS/a.xhtml": chapter("<p>text</p>"),
        }
    )
    assert "stolen" not in document.title
