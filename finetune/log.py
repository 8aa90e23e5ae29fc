"""The record of a training run: JSON lines, and TensorBoard where it is installed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from chatbot.commands.console import err
from evaluation.rows import write_whole


class TrainingLog:
    """`<folder>/log.jsonl` and `<folder>/tensorboard/`.

    `start` is the step a run goes on from: what an interrupted run logged after it is dropped, a
    line torn by a kill included, so that no step stands there twice.
    """

    def __init__(self, folder: Path, start: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "log.jsonl"
        kept = [line for line in read_log(folder) if line["step"] <= start] if start else []
        write_whole(self.path, "".join(map(_line, kept)))
        self._file = self.path.open("a", encoding="utf-8")
        self._board = _board(folder / "tensorboard", start)

    def write(self, step: int, scalars: Mapping[str, float], **more: Any) -> None:
        """One line of a step: its scalars (TensorBoard shows them too) and whatever else (text,
        lists) is worth keeping.
        """
        line = {"step": step, "time": round(time.time(), 3), **scalars, **more}
        self._file.write(_line(line))
        self._file.flush()
        if self._board is not None:
            for name, value in scalars.items():
                self._board.add_scalar(name, value, step)

    def close(self) -> None:
        self._file.close()
        if self._board is not None:
            self._board.close()

    def __enter__(self) -> TrainingLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The lines of a run's log, without one torn by a kill."""
    path = folder / "log.jsonl"
    if not path.is_file():
        return []
    *lines, _torn = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines]


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"


def _board(folder: Path, start: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        err.print(
            "TensorBoard is not installed (pip install 'lectern\\[train]'): "
            "the log is log.jsonl alone."
        )
        return None
    # purge_step has TensorBoard hide what the interrupted run wrote after this step.
    return SummaryWriter(str(folder), purge_step=start + 1 if start else None)
