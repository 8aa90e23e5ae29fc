"""The report page in headless Chromium: no error, no request, no sideways scrolling."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sample_runs import write_all

from evaluation.report.page import html_page
from evaluation.runs import load_run

pytestmark = pytest.mark.browser

Shoot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    runs = [load_run(path) for path in write_all(folder).values()]
    path = folder / "report.html"
    path.write_text(html_page(runs, "Lectern evaluation"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)], ids=str
)
def test_the_report_opens_without_errors_or_requests(
    report: Path, browser: Browser, shoot: Shoot, theme: str, width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=theme,  # type: ignore[arg-type]
    )
    try:
        page = context.new_page()
        said: list[str] = []
        requested: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: requested.append(request.url))
        page.goto(report.as_uri())

        shoot(page, f"report-{theme}-{width}")
        assert said == []
        assert requested == [report.as_uri()]
        assert page.evaluate("window.pwned") is None
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("svg").count() > 10
        assert page.locator("section").count() == 5
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        red = int(background.removeprefix("rgb(").partition(",")[0])
        assert (red < 100) is (theme == "dark")
        page.get_by_text("Settings and provenance").first.click()
        assert page.get_by_text("chatbot.passages").first.is_visible()
    finally:
        context.close()
