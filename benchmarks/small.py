"""A small version of every offline measurement, in under ten minutes on two cores: `make eval`.

The sample course and its questions always; small parts of the shared data where they are. What is
left out is said, and why. Ends with one page about all of it, in `--out`:

    python -m benchmarks.small --data ../shared/data --out build/eval

A run begins anew; `--resume` goes on with one that was killed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.fresh_process import LECTERN, REPOSITORY
from benchmarks.record import data_argument
from ingestion.packaged import is_packaged

EXAMPLES = REPOSITORY / "examples"
QUESTIONS = EXAMPLES / "questions.jsonl"
UNANSWERABLE = EXAMPLES / "unanswerable.jsonl"
GENERATOR, JUDGE = "lectern-t5-mini", "lectern-judge-independent"


@dataclass(frozen=True, slots=True)
class Step:
    """A verb of `lectern` with its arguments. `report` is what it writes, if that is to be shown.

    `needs` are files without which it is left out; `why_not` is why it is left out in any case.
    """

    name: str
    arguments: tuple[object, ...] = ()
    report: Path | None = None
    needs: tuple[Path, ...] = ()
    why_not: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    def obstacle(self) -> str:
        """Why it cannot run here; empty where it can."""
        missing = next((path for path in self.needs if not path.exists()), None)
        return self.why_not or (f"there is no {missing}" if missing else "")

    def run(self) -> int:
        """Its exit code."""
        command = [LECTERN, *map(str, self.arguments)]
        return subprocess.run(command, env={**os.environ, **self.settings}, check=False).returncode


def steps(data: Path, out: Path) -> list[Step]:
    """In the order they run; later ones read what earlier ones made."""
    index = out / "index"
    about = ("--questions", QUESTIONS, "--unanswerable", UNANSWERABLE, "--answerer", "extractive")

    def measured(name: str, *arguments: object, needs: tuple[Path, ...] = (), **how: str) -> Step:
        report = out / f"{name}.json"
        verb, *rest = arguments
        return Step(name, ("eval", verb, *rest, "--out", report), report, needs, settings=how)

    answers, widened = out / "answers.json", out / "answers-neighbours.json"
    beir = data / "retrieval" / "cisi" / "beir"
    squad = data / "qa" / "squad_v2_dev" / "dev-v2.0.json.gz"
    dialogues = data / "dialogue" / "dialogsum"
    comments = data / "toxicity" / "toxic_spans"
    sweep = out / "sweep"
    return [
        Step("index", ("ingest", EXAMPLES / "course", "--index", index)),
        measured("answers", "answers", "--index", index, *about),
        measured("answers-neighbours", "answers", "--index", index, *about, LECTERN_NEIGHBOURS="1"),
        measured("abstention", "abstention", "--index", index, *about),
        measured("comparison", "compare", answers, widened, needs=(answers, widened)),
        Step(
            "sweep",
            ("eval", "sweep", REPOSITORY / "benchmarks" / "sample_sweep.toml", "--out", sweep),
            sweep / "sweep.json",
        ),
        measured("retrieval", "retrieval", "--beir", beir, needs=(beir,)),
        measured(
            "reading",
            *("reading", "--form", "squad", "--data", squad, "--impossible", "--limit", 200),
            *("--answerer", "extractive"),
            needs=(squad,),
        ),
        measured(
            "summaries",
            *("summaries", "--set", "dialogsum", "--data", dialogues, "--limit", 50),
            *("--baselines", "--answerer", "extractive"),
            needs=(dialogues,),
        ),
        measured("speed", "speed", "--index", index, "--questions", QUESTIONS, "--cold", 1),
        measured(
            "safety",
            *("safety", "--set", "toxic_spans", "--data", comments, "--limit", 20),
            *("--samples", 5, "--judge", JUDGE, "--model", GENERATOR),
            needs=(comments,),
        )
        if is_packaged(GENERATOR)
        else Step("safety", why_not="no generator travels with this install"),
        Step(
            "abstention elsewhere",
            why_not="documents left out and other courses take five minutes more: "
            "python -m benchmarks.abstention",
        ),
        Step(
            "beside LangChain",
            why_not="it needs the development tools: python -m benchmarks.speed_vs_langchain",
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for reports and the page")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was killed")
    asked = parser.parse_args()
    start = time.monotonic()
    every = steps(Path(asked.data), asked.out)
    if not asked.resume:
        clear(every, asked.out)
    asked.out.mkdir(parents=True, exist_ok=True)

    failed, skipped = [], []
    for number, step in enumerate(every, start=1):
        why = step.obstacle()
        print(f"\n[{number}/{len(every)}] {step.name}{f' is left out: {why}' if why else ''}")
        sys.stdout.flush()
        if why:
            skipped.append(f"{step.name} ({why})")
        elif step.run():
            failed.append(step.name)
    shown = [step.report for step in every if step.report and step.report.exists()]
    pages = [asked.out / "report.html", asked.out / "report.md"]
    for page in pages:
        if Step("report", ("eval", "report", *shown, "--out", page)).run():
            failed.append(page.name)
    print(f"\n{time.monotonic() - start:.0f} s. Open {pages[0].resolve().as_uri()}")
    if skipped:
        print(f"Left out: {'; '.join(skipped)}.")
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}.")


def clear(every: list[Step], out: Path) -> None:
    """Remove what an earlier run of these steps left in `out`, and nothing else."""
    for step in every:
        for path in out.glob(f"{step.name}.*"):
            path.unlink()
    for name in ("index", "sweep"):
        shutil.rmtree(out / name, ignore_errors=True)


if __name__ == "__main__":
    main()
