"""`samples.jsonl`: some responses of every step, to be read by people."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType

from evaluation.rows import write_whole
from finetune.ppo.rollout import Rollout


class Transcripts:
    """One line per response, with what it earned and how far it is from the reference (nats).

    `start` is the step a run goes on from: later lines of an interrupted run are dropped.
    """

    def __init__(self, path: Path, start: int) -> None:
        kept = ""
        if start and path.is_file():
            *lines, _torn = path.read_text(encoding="utf-8").split("\n")
            kept = "".join(f"{line}\n" for line in lines if json.loads(line)["step"] <= start)
        write_whole(path, kept)
        self._file = path.open("a", encoding="utf-8")

    def write(
        self, step: int, rollout: Rollout, components: dict[str, list[float]], n: int
    ) -> None:
        kl = rollout.kl.sum(1).tolist()
        for row in range(min(n, len(rollout.texts))):
            line = {
                "step": step,
                "prompt": rollout.prompts[row],
                "response": rollout.texts[row],
                "kl": round(kl[row], 4),
                "rewards": {name: round(part[row], 4) for name, part in components.items()},
            }
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def __enter__(self) -> Transcripts:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
