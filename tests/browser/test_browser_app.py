"""The app as a learner meets it, in headless Chromium, over the real ingestion and answers."""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from app_server import HERE, AppServer, answered, ask, last_answer
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser

LORA = "What does LoRA train?"
MATRICES = "LoRA freezes the original weights and trains two small low-rank matrices."
NEVER_SILENT = {"LECTERN_ABSTAIN_BELOW": "0"}

RunApp = Callable[..., AppServer]
NewContext = Callable[..., BrowserContext]
Shoot = Callable[[Page, str], None]


def stored(app: AppServer, column: str) -> list[Any]:
    """One column of the exchanges in the app's database."""
    with closing(sqlite3.connect(app.home / "conversations.sqlite")) as db:
        return [value for (value,) in db.execute(f"SELECT {column} FROM exchange ORDER BY id")]


def highlighted(image: bytes) -> float:
    """The share of pixels in which blue is far below red and green: the marker's yellow."""
    pixels = list(Image.open(io.BytesIO(image)).convert("RGB").getdata())
    return sum(r > 200 and g > 180 and b < 180 for r, g, b in pixels) / len(pixels)


def test_an_answer_opens_its_marked_page_and_its_marked_passage(
    run_app: RunApp, new_context: NewContext, shoot: Shoot
) -> None:
    app = run_app(**NEVER_SILENT)
    page = new_context().new_page()
    page.goto(app.url)
    expect(page.get_by_text("Ask your course")).to_be_visible()
    expect(page.get_by_text("The settings ask for that.")).to_be_visible()
    shoot(page, "welcome")

    ask(page, LORA)
    answer = answered(page)
    expect(answer).to_contain_text("low-rank matrices")
    expect(answer.locator(".source").first).to_contain_text("slides.pdf · page 2")
    shoot(page, "answer")
    answer.get_by_role("radio", name="Thumbs up").dispatch_event("click")
    while stored(app, "thumb") != [1]:
        page.wait_for_timeout(50)
    answer.locator("button.cite").first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("slides.pdf")
    image = drawer.locator("img")
    expect(image).to_be_visible()
    expect(drawer.get_by_text("could not be marked")).to_have_count(0)
    source = page.request.get(str(image.evaluate("e => e.currentSrc || e.src")))
    assert 0.001 < highlighted(source.body()) < 0.2
    shoot(page, "source-pdf")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)

    ask(page, "How does byte-pair encoding build its vocabulary?")
    answer = answered(page)
    answer.locator(".source", has_text="notes.md").first.click()
    expect(drawer.locator("mark")).to_contain_text("merges the most frequent pair")
    expect(drawer).to_contain_text("Subwords")
    shoot(page, "source-passage")


def test_markup_in_a_document_or_a_question_shows_as_text(
    run_app: RunApp, new_context: NewContext
) -> None:
    app = run_app(**NEVER_SILENT)
    page = new_context().new_page()
    page.goto(app.url)
    ask(page, 'What is the zebra payload **here** <img src=x onerror="window.pwned=2">?')
    answer = answered(page)
    expect(answer).to_contain_text('<img src=x onerror="window.pwned=1"> and **not bold**')
    answer.locator(".source", has_text="hostile.txt").first.click()
    expect(page.get_by_role("dialog")).to_contain_text('<img src=x onerror="window.pwned=1">')
    asked = page.get_by_test_id("stChatMessage").first
    expect(asked).to_contain_text('**here** <img src=x onerror="window.pwned=2">?')
    expect(page.get_by_test_id("stSidebar")).to_contain_text("zebra payload **here** <img")
    assert page.evaluate("window.pwned") is None


def test_a_greeting_is_returned_and_not_judged(run_app: RunApp, new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto(run_app().url)
    ask(page, "Hello!")
    answer = last_answer(page)
    expect(answer).to_contain_text("Ask me anything about the course documents")
    expect(page.get_by_placeholder("Ask about the course")).to_be_enabled()
    expect(answer.get_by_role("button")).to_have_count(0)
    expect(answer.get_by_text("confidence")).to_have_count(0)


def test_silence_is_said_with_the_nearest_places(
    run_app: RunApp, new_context: NewContext, shoot: Shoot
) -> None:
    app = run_app(LECTERN_ABSTAIN_BELOW="1")
    page = new_context().new_page()
    page.goto(app.url)
    ask(page, "Who won the cycling race in 1998?")
    answer = answered(page)
    expect(answer).to_contain_text("The course documents do not say")
    expect(answer).to_contain_text("Nearest places")
    expect(answer.locator("button.cite")).to_have_count(0)
    shoot(page, "abstained")
    answer.locator(".source").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_an_answer_half_written_survives_reload_page_switch_and_the_death_of_the_server(
    run_app: RunApp, new_context: NewContext, shoot: Shoot, tmp_path: Path
) -> None:
    gate = tmp_path / "go"
    app = run_app(HERE / "slow_app.py", LECTERN_TEST_GATE=str(gate), **NEVER_SILENT)
    page = new_context().new_page()
    page.goto(app.url)
    ask(page, LORA)
    half = last_answer(page).locator(".answer.writing")
    expect(half).to_have_text(re.compile(r"^LoRA freezes the \w+"))
    expect(half).not_to_contain_text("matrices")
    shoot(page, "writing")

    page.reload()
    expect(half).to_contain_text("LoRA freezes the")
    page.get_by_role("link", name="Library").click()
    expect(page.get_by_role("heading", name="Library")).to_be_visible()
    page.get_by_role("link", name="Chat").click()
    expect(half).to_contain_text("LoRA freezes the")
    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_text("Ask your course")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("button", name=LORA).click()
    expect(half).to_contain_text("LoRA freezes the")
    gate.touch()
    expect(answered(page)).to_contain_text(MATRICES)

    gate.unlink()
    ask(page, "What is merged before serving?")
    expect(half).to_be_visible()
    app.kill()
    app.start()
    page.reload()
    ended = last_answer(page)
    expect(ended).to_contain_text("Lectern was stopped while it wrote this answer.")
    expect(ended.locator(".answer")).to_have_text(re.compile(r"\w+"))
    expect(page.get_by_text(MATRICES).first).to_be_visible()
    shoot(page, "interrupted")
    gate.touch()
    ended.get_by_role("button", name="Ask again").click()
    expect(answered(page)).to_contain_text("merged into the weights")


def test_no_question_is_lost_that_a_second_tab_asks_meanwhile_however_long(
    run_app: RunApp, new_context: NewContext, tmp_path: Path
) -> None:
    gate = tmp_path / "go"
    app = run_app(HERE / "slow_app.py", LECTERN_TEST_GATE=str(gate), **NEVER_SILENT)
    context = new_context()
    first, second = context.new_page(), context.new_page()
    first.goto(app.url)
    gate.touch()
    ask(first, LORA)
    answered(first)
    second.goto(first.url)
    answered(second)
    gate.unlink()
    ask(first, "What is merged before serving?")
    expect(last_answer(first).locator(".answer.writing")).to_be_visible()
    long = "Which pairs does byte-pair encoding merge? " + "Please tell me. " * 200
    box = second.get_by_placeholder("Ask about the course")
    box.fill(long)
    box.press("Enter")
    asked = second.get_by_test_id("stChatMessage").filter(has_text="Which pairs")
    expect(asked).to_be_visible()
    gate.touch()
    expect(answered(second)).to_contain_text("most frequent pair")
    assert stored(app, "question") == [LORA, "What is merged before serving?", long.strip()]


def test_stop_keeps_what_was_written(
    run_app: RunApp, new_context: NewContext, tmp_path: Path
) -> None:
    app = run_app(HERE / "slow_app.py", LECTERN_TEST_GATE=str(tmp_path / "go"), **NEVER_SILENT)
    page = new_context().new_page()
    page.goto(app.url)
    ask(page, LORA)
    expect(last_answer(page).locator(".answer.writing")).to_contain_text("LoRA freezes")
    page.get_by_role("button", name="Stop").click()
    stopped = last_answer(page)
    expect(stopped).to_contain_text("Stopped.")
    expect(stopped.locator(".answer")).to_contain_text("LoRA freezes")
    expect(page.get_by_placeholder("Ask about the course")).to_be_enabled()


def test_conversations_of_one_browser_are_not_shown_to_another(
    run_app: RunApp, new_context: NewContext
) -> None:
    app = run_app(**NEVER_SILENT)
    mine = new_context().new_page()
    mine.goto(app.url)
    ask(mine, LORA)
    answered(mine)
    sidebar = mine.get_by_test_id("stSidebar")
    expect(sidebar.get_by_role("button", name=LORA)).to_be_visible()
    mine.reload()
    expect(answered(mine)).to_contain_text("low-rank")
    expect(sidebar.get_by_role("button", name=LORA)).to_be_visible()

    theirs = new_context().new_page()
    theirs.goto(mine.url)
    assert "c=" in mine.url
    expect(theirs.get_by_text("begun in another browser")).to_be_visible()
    expect(theirs.get_by_text("Ask your course")).to_be_visible()
    expect(theirs.get_by_text(LORA)).to_have_count(0)

    sidebar.get_by_role("button", name="more_horiz").click()
    mine.get_by_label("Title").fill("On adapters")
    mine.get_by_label("Title").press("Enter")
    expect(sidebar.get_by_role("button", name="On adapters")).to_be_visible()
    mine.get_by_role("button", name="Delete").click()
    expect(sidebar.get_by_role("button", name="On adapters")).to_have_count(0)
    mine.reload()
    expect(mine.get_by_text("Ask your course")).to_be_visible()


def test_an_uploaded_document_is_ingested_and_answers(
    run_app: RunApp, new_context: NewContext, shoot: Shoot, tmp_path: Path
) -> None:
    app = run_app(**NEVER_SILENT)
    page = new_context().new_page()
    page.goto(app.url + "/library")
    expect(page.get_by_text("empty.md")).to_be_visible()
    shoot(page, "library")
    note = tmp_path / "walrus.md"
    note.write_text("# Walruses\n\nThe Atlantic walrus eats clams from the bottom of the sea.\n")
    page.locator("input[type=file]").set_input_files(note)
    page.get_by_role("button", name="Add to the library").click()
    expect(page.get_by_text("Documents: 1 added")).to_be_visible()
    assert (app.home / "uploads" / "llm" / "walrus.md").read_text() == note.read_text()
    page.get_by_role("link", name="Chat").click()
    ask(page, "What does the Atlantic walrus eat?")
    answer = answered(page)
    expect(answer).to_contain_text("eats clams")
    expect(answer.locator(".source").first).to_contain_text("walrus.md")


def test_a_document_is_summarized_with_sources(
    run_app: RunApp, new_context: NewContext, shoot: Shoot
) -> None:
    app = run_app()
    page = new_context().new_page()
    page.goto(app.url + "/summaries")
    page.get_by_role("combobox", name="Document").click()
    page.get_by_role("option", name="slides.pdf").click()
    page.get_by_role("button", name="Summarize").click()
    expect(page.locator(".source").first).to_contain_text("slides.pdf")
    shoot(page, "summary")
    page.locator("button.cite").first.click()
    expect(page.get_by_role("dialog").locator("img")).to_be_visible()


def test_an_empty_home_says_what_to_do(run_app: RunApp, new_context: NewContext) -> None:
    app = run_app(LECTERN_INDEX_DIR="nowhere-at-all")
    page = new_context().new_page()
    page.goto(app.url)
    expect(page.get_by_text("Upload documents on the Library page")).to_be_visible()
    page.get_by_role("link", name="Library").click()
    expect(page.get_by_text("Add documents")).to_be_visible()


@pytest.mark.parametrize(("name", "width", "height"), [("phone", 390, 844), ("desk", 1280, 800)])
def test_nothing_is_cut_off(
    run_app: RunApp, new_context: NewContext, shoot: Shoot, name: str, width: int, height: int
) -> None:
    app = run_app(**NEVER_SILENT)
    page = new_context(width, height).new_page()
    page.goto(app.url)
    shoot(page, f"{name}-welcome")
    ask(page, LORA)
    answer = answered(page)
    shoot(page, f"{name}-answer")
    for part in (answer.locator(".answer"), answer.locator(".source").first):
        box = part.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    answer.locator("button.cite").first.click()
    expect(page.get_by_role("dialog").locator("img")).to_be_visible()
    shoot(page, f"{name}-source")
