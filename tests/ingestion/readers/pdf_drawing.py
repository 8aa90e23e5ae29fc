"""Draws small PDFs with reportlab, so that a test states the page it reads."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

SLIDE = (1440, 810)

Words = tuple[float, float, float, str]
"""x and y of the baseline (points from the bottom left), font size, text"""


def draw_pdf(
    path: Path,
    pages: Sequence[Sequence[Words]],
    size: tuple[float, float] = A4,
    password: str | None = None,
    title: str | None = None,
) -> Path:
    canvas = Canvas(str(path), pagesize=size, encrypt=password)
    if title:
        canvas.setTitle(title)
    for words in pages:
        for x, y, points, text in words:
            canvas.setFont("Helvetica", points)
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return path


def draw_scan(path: Path, pages: int = 2) -> Path:
    """Pages that hold an image and not a letter of text."""
    canvas = Canvas(str(path), pagesize=A4)
    picture = ImageReader(Image.new("L", (60, 80), 200))
    for _ in range(pages):
        canvas.drawImage(picture, 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return path
