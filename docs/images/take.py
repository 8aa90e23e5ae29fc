"""Take the README's pictures, of a running app over the sample course.

    make chat MODEL=                      # in one terminal
    .venv/bin/python docs/images/take.py  # in another

Needs the development tools and Debian's chromium.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

QUESTION = "How does a causal mask keep a decoder from seeing future tokens?"
FOLDER = Path(__file__).parent
MS = 60_000


def main(url: str = "http://localhost:8501") -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = chromium.new_page(viewport={"width": 1120, "height": 720}, device_scale_factor=1.5)
        page.goto(url)
        box = page.get_by_placeholder("Ask about the course")
        expect(box).to_be_enabled(timeout=MS)
        box.fill(QUESTION)
        box.press("Enter")
        expect(page.get_by_text("confidence")).to_be_visible(timeout=MS)
        page.screenshot(path=FOLDER / "chat.png", animations="disabled")

        page.locator("button.cite").first.click()
        drawer = page.get_by_role("dialog")
        expect(drawer.locator("img")).to_be_visible(timeout=MS)
        page.wait_for_timeout(1_000)  # the drawer slides in
        corner = drawer.bounding_box()
        assert corner is not None
        below = drawer.get_by_text("The passage as text").bounding_box()
        assert below is not None
        height = below["y"] + below["height"] + 30 - corner["y"]
        page.screenshot(path=FOLDER / "source.png", clip={**corner, "height": height})
        chromium.close()
    for name in ("chat.png", "source.png"):
        # 256 colors are enough for text, at a third of the bytes.
        picture = Image.open(FOLDER / name).convert("RGB")
        picture.quantize(256, dither=Image.Dither.NONE).save(FOLDER / name, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
