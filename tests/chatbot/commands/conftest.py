"""The command line run in this process: exit code, standard output, standard error."""

from __future__ import annotations

import sys

import pytest
from lectern_run import Lectern, Run

from chatbot.cli import main
from chatbot.commands.console import err, out


@pytest.fixture
def lectern(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lectern:
    """`lectern("ask", "…", "--json")` as a shell would run it."""
    for console in (out, err):
        monkeypatch.setattr(console, "width", 200)

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["lectern", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return run
