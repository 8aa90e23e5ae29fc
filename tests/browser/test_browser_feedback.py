"""Thumbs, the form behind them and the consent, as a learner meets them in headless Chromium."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

import pytest
from app_server import AppServer, answered, ask
from playwright.sync_api import BrowserContext, Page, expect

from chatbot.conversations import Conversations
from chatbot.feedback import Collected, Feedback

pytestmark = pytest.mark.browser

LORA = "What does LoRA train?"
SHARE = "Use my feedback to improve the answers"
NEVER_SILENT = {"LECTERN_ABSTAIN_BELOW": "0"}

RunApp = Callable[..., AppServer]
NewContext = Callable[..., BrowserContext]
Shoot = Callable[[Page, str], None]


def collected(app: AppServer) -> Collected:
    return Feedback(Conversations(app.home / "conversations.sqlite")).judgements()


def stored(app: AppServer, column: str, table: str) -> list[Any]:
    with closing(sqlite3.connect(app.home / "conversations.sqlite")) as db:
        return [value for (value,) in db.execute(f"SELECT {column} FROM {table}")]


def until(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come to hold")


def open_form(page: Page, says: str) -> None:
    """A rerun that is still under way after a reload can close the form again."""
    form = page.get_by_test_id("stForm")
    for _ in range(12):
        if not form.is_visible():
            answered(page).get_by_role("button", name="Say more").click()
        with suppress(AssertionError):
            expect(form).to_contain_text(says, timeout=10_000)
            return
    raise AssertionError(f"the form does not say “{says}”")


def test_a_thumb_a_reason_and_a_correction_are_kept_and_used_only_with_consent(
    run_app: RunApp, new_context: NewContext, shoot: Shoot
) -> None:
    app = run_app(**NEVER_SILENT)
    page = new_context(1280, 1000).new_page()
    page.goto(app.url)
    ask(page, LORA)
    answer = answered(page)
    sharing = page.get_by_role("checkbox", name=SHARE)
    expect(sharing).not_to_be_checked()
    answer.get_by_role("radio", name="Thumbs down").dispatch_event("click")
    until(page, lambda: stored(app, "thumb", "exchange") == [0])
    (basis,) = stored(app, "content", "basis")
    kept = json.loads(basis)
    assert kept["question"] == LORA and kept["passages"][0]["file"] == "slides.pdf"

    answer.get_by_role("button", name="Say more").click()
    form = page.get_by_test_id("stForm")
    expect(form).to_contain_text("Kept on this machine only")
    form.get_by_text("Incomplete").click()
    form.get_by_label("In your words").fill("It leaves out the size.")
    form.get_by_label("A better answer").fill("Two small low-rank matrices.")
    shoot(page, "feedback-form")
    form.get_by_role("button", name="Save").click()
    until(page, lambda: stored(app, "correction", "remark") == ["Two small low-rank matrices."])
    assert stored(app, "reason", "remark") == ["Incomplete"]
    assert (collected(app).judgements, collected(app).withheld) == ([], 1)

    page.keyboard.press("Escape")
    page.get_by_text(SHARE).click()
    until(page, lambda: len(collected(app).judgements) == 1)
    page.reload()
    answered(page)
    expect(sharing).to_be_checked()
    open_form(page, "You let this be used")
    expect(form.get_by_label("A better answer")).to_have_value("Two small low-rank matrices.")
    shoot(page, "feedback-shared")
    (found,) = collected(app).judgements
    assert (found.thumb, found.remark.comment) == (0, "It leaves out the size.")
    page.keyboard.press("Escape")
    page.get_by_text(SHARE).click()
    until(page, lambda: collected(app).judgements == [])


def test_the_consent_of_one_browser_is_not_that_of_another(
    run_app: RunApp, new_context: NewContext
) -> None:
    app = run_app(**NEVER_SILENT)
    pages = [new_context().new_page() for _ in range(2)]
    for page, agrees in zip(pages, (True, False), strict=True):
        page.goto(app.url)
        ask(page, LORA)
        answered(page).get_by_role("radio", name="Thumbs up").dispatch_event("click")
        if agrees:
            page.get_by_text(SHARE).click()
    until(pages[1], lambda: stored(app, "thumb", "exchange") == [1, 1])
    until(pages[0], lambda: len(collected(app).judgements) == 1)
    assert collected(app).withheld == 1
    expect(pages[1].get_by_role("checkbox", name=SHARE)).not_to_be_checked()


def test_the_form_fits_a_phone(run_app: RunApp, new_context: NewContext, shoot: Shoot) -> None:
    app = run_app(**NEVER_SILENT)
    page = new_context(390, 844).new_page()
    page.goto(app.url)
    ask(page, LORA)
    answered(page).get_by_role("button", name="Say more").click()
    form = page.get_by_test_id("stForm")
    expect(form.get_by_label("A better answer")).to_be_visible()
    expect(form.get_by_role("button", name="Save")).to_be_visible()
    shoot(page, "phone-feedback")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
