"""Headless Chromium, a small course, and the app over it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_server import PATIENCE_MS, ROOT, AppServer
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from reportlab.lib.pagesizes import A5, landscape
from reportlab.pdfgen.canvas import Canvas

from ingestion.pipeline import ingest

_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
_SLIDES = [
    ("Prompting", ["A prompt is the text that a language model is given to continue."]),
    (
        "Adapting large models",
        [
            "Full fine-tuning changes every weight of the model.",
            "LoRA freezes the original weights and trains two small low-rank matrices.",
            "The two matrices are merged into the weights before serving.",
        ],
    ),
    ("Evaluating", ["ROUGE counts the n-grams that a summary shares with its reference."]),
]
_NOTES = """# Tokenizers

## Subwords

Byte-pair encoding merges the most frequent pair of symbols until the vocabulary is full.
A rare word is therefore cut into several known pieces.
"""
HOSTILE = 'The zebra payload is <img src=x onerror="window.pwned=1"> and **not bold** at all.'

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def course_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder whose index holds a PDF, Markdown notes and a text full of markup."""
    home = tmp_path_factory.mktemp("course")
    folder = home / "documents"
    folder.mkdir()
    canvas = Canvas(str(folder / "slides.pdf"), pagesize=landscape(A5))
    for title, lines in _SLIDES:
        canvas.setFont("Helvetica-Bold", 22)
        canvas.drawString(50, 340, title)
        canvas.setFont("Helvetica", 13)
        for number, line in enumerate(lines):
            canvas.drawString(50, 280 - 40 * number, line)
        canvas.showPage()
    canvas.save()
    (folder / "notes.md").write_text(_NOTES)
    (folder / "hostile.txt").write_text(HOSTILE)
    (folder / "empty.md").write_text("")
    ingest([folder], home / "index", course="llm")
    return home


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on this machine (apt-get install chromium)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium, headless=True, args=_FLAGS.split()
        )
        yield launched
        launched.close()


@pytest.fixture
def run_app(course_home: Path, tmp_path: Path) -> Iterator[Callable[..., AppServer]]:
    """Start the app over a copy of the course; it must reach for no other machine."""
    running: list[AppServer] = []

    def run(script: Path = ROOT / "streamlit_app.py", **environment: str) -> AppServer:
        home = tmp_path / f"home{len(running)}"
        home.mkdir()
        shutil.copytree(course_home / "index", home / "index")
        app = AppServer(script, home, **environment)
        running.append(app)
        app.start()
        return app

    yield run
    for app in running:
        app.kill()
    reached = [app.socket_log.read_text() for app in running if app.socket_log.exists()]
    assert not reached, f"the app reached out: {reached}"


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """A browser of its own (cookies apart) for each call; it must reach no other machine."""
    contexts: list[BrowserContext] = []
    outside: list[str] = []

    def new(width: int = 1280, height: int = 800) -> BrowserContext:
        context = browser.new_context(viewport={"width": width, "height": height})
        context.on("request", lambda request: _note(request.url))
        contexts.append(context)
        return context

    def _note(url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
            outside.append(url)

    yield new
    for context in contexts:
        context.close()
    assert not outside, f"the page reached out: {outside}"


@pytest.fixture
def shoot(tmp_path: Path) -> Callable[[Page, str], None]:
    """Keep a screenshot, in `LECTERN_SCREENSHOTS` where that is set."""
    folder = Path(os.environ.get("LECTERN_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png", animations="disabled")

    return keep
