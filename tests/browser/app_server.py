"""The app under test: a Streamlit server in a process of its own, and how a page is driven."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PATIENCE_MS = 120_000


class AppServer:
    """`streamlit run script` over the index in `home`; `socket_log` lists what it reached for."""

    def __init__(self, script: Path, home: Path, **environment: str) -> None:
        self._script = script
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.home = home
        self.socket_log = home / "sockets.log"
        self.log = home / "streamlit.log"
        self.url = f"http://127.0.0.1:{self._port}"
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(HERE / "watch"), str(ROOT)]),
            "LECTERN_HOME": str(home),
            "LECTERN_SOCKET_LOG": str(self.socket_log),
            "LECTERN_ANSWERER": "extractive",
            **environment,
        }

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", str(self._script)]
        command += ["--server.port", str(self._port), "--server.headless", "true"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not self._healthy():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "the app did not start: " + self.log.read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """As the power going out: no goodbye."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def ask(page: Page, question: str) -> None:
    box = page.get_by_placeholder("Ask about the course")
    expect(box).to_be_enabled(timeout=PATIENCE_MS)
    box.fill(question)
    box.press("Enter")
    expect(page.get_by_test_id("stChatMessage").filter(has_text=question)).to_be_visible(
        timeout=PATIENCE_MS
    )


def last_answer(page: Page) -> Locator:
    return page.get_by_test_id("stChatMessage").last


def answered(page: Page) -> Locator:
    """The last answer, once it is complete with its sources."""
    answer = last_answer(page)
    expect(answer.get_by_text("confidence")).to_be_visible(timeout=PATIENCE_MS)
    return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
