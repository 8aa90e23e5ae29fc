"""The model card: README.md in a model's folder, with what is known of it and nothing else.

Mitchell et al. 2019, in the layout of the Hugging Face hub (front matter in YAML, then Markdown).
Figures are those of a measured run; what was not measured is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evaluation.rows import write_whole


@dataclass(frozen=True, slots=True)
class DataUsed:
    """One source of training data: its examples, and how many of them were seen where known."""

    name: str
    examples: int
    licence: str
    seen: int | None = None

    @property
    def count(self) -> str:
        whole = f"{self.examples:,}"
        return whole if self.seen in (None, self.examples) else f"{self.seen:,} of {whole}"


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure: what was measured, on what, and its interval where it has one."""

    measure: str
    data: str
    value: float
    low: float | None = None
    high: float | None = None

    def row(self) -> str:
        spread = "" if self.low is None or self.high is None else f"{self.low:.3f}–{self.high:.3f}"
        return f"| {self.data} | {self.measure} | {self.value:.3f} | {spread} |"


@dataclass(frozen=True)
class ModelCard:
    """`settings` are shown as given; `limits` are whole sentences."""

    title: str
    summary: str
    base: str
    task: str
    usage: str
    data: Sequence[DataUsed] = ()
    figures: Sequence[Measured] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    limits: Sequence[str] = ()

    def text(self) -> str:
        """The card in Markdown."""
        parts = [
            "---",
            f"base_model: {_quoted(self.base)}",
            "library_name: lectern",
            f"tags: [{self.task}]",
            "---",
            "",
            f"# {self.title}",
            "",
            self.summary,
            "",
            "## Use",
            "",
            self.usage,
            "",
            "## Trained on",
            "",
            *table(
                ("data", "examples", "licence"),
                [(d.name, d.count, d.licence) for d in self.data],
                "The data are not recorded.",
            ),
            "",
            "## Measured",
            "",
            *(
                [
                    "| data | measure | figure | 95 % interval |",
                    "|---|---|---|---|",
                    *(figure.row() for figure in self.figures),
                ]
                if self.figures
                else ["Nothing has been measured yet."]
            ),
        ]
        if self.settings:
            shown = [(name, str(value)) for name, value in self.settings.items()]
            parts += ["", "## Settings", "", *table(("setting", "value"), shown)]
        if self.limits:
            parts += ["", "## Limits", "", *(f"* {limit}" for limit in self.limits)]
        return "\n".join(parts) + "\n"

    def write(self, folder: Path) -> Path:
        """Write `README.md` into the model's folder."""
        path = folder / "README.md"
        write_whole(path, self.text())
        return path


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], empty: str = "") -> list[str]:
    """Lines of a table in Markdown; the line `empty` where it has no rows."""
    if not rows:
        return [empty]
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in lines]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
