"""The course lab's tables, done properly: DialogSum's test split against its three references.

Zero-shot, one-shot, few-shot, LoRA, DoRA and full fine-tuning of one T5: ROUGE-1, -2, -L and -Lsum
(mean over the references) with bootstrap intervals over dialogues, beside one constant sentence and
the first three turns; share of trained weights, training time, peak memory, and what four other
tasks lost. Every cell of the table runs in a process of its own and is saved when it is done; the
same command goes on after a kill, within a cell too. From the repository's root:

    python -m benchmarks.lab_tables --model google/flan-t5-base --data ../shared/data \
        --work build/lab-base --name lab_tables_flan_t5_base --out docs/results

On a CPU `--minutes 10` bounds each of the three trainings, and `--limit` the dialogues that are
summarized. Where all trainings get the same minutes, DoRA makes fewer steps than LoRA.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from benchmarks.lab import report
from benchmarks.lab.cells import HELD, SHOTS, Cells
from benchmarks.lab.options import read_options
from benchmarks.record import record
from evaluation.summaries.dialogsum import load

DIFFERENCES = (
    ("one_shot", "zero_shot"),
    ("few_shot", "zero_shot"),
    ("lora", "zero_shot"),
    ("dora", "lora"),
    ("full", "lora"),
)


def write(cells: Cells) -> None:
    """The result, from cells that are all there."""
    asked = cells.asked
    found: dict[str, Any] = {name: cells.read(name) for name in cells.names}
    folder = asked.data / "dialogue/dialogsum"
    measured = load(folder, "test").first(asked.limit)
    scores = report.floors(measured)
    scores |= {leg: found[leg]["scores"] for leg in (*SHOTS, *cells.methods)}
    figures = {leg: report.rouge_of(values) for leg, values in scores.items()}
    for method in cells.methods:
        figures[method] |= report.training_figures(found[f"{method}_training"])
        figures[method] |= report.forgetting_figures(found[f"{method}_forgetting"])
    details = {
        name: {key: value for key, value in cell.items() if key != "scores"}
        for name, cell in found.items()
    }
    record(
        asked.out,
        asked.name,
        figures,
        model=asked.model,
        dialogues=len(measured.examples),
        held_for_choosing=HELD,
        cells=details,
        comparisons=report.compared(scores, DIFFERENCES),
        without_near_copies=report.without(
            scores, report.near_copies(measured, load(folder, "train"))
        ),
        data=dict(measured.data),
    )


def main() -> None:
    asked = read_options((__doc__ or "").splitlines()[0])
    cells = Cells(asked)
    if asked.cell:
        cells.compute(asked.cell)
        return
    for number, name in enumerate(cells.names, start=1):
        if cells.read(name) is None:
            print(f"{number} of {len(cells.names)}: {name}", flush=True)
            command = [sys.executable, "-m", "benchmarks.lab_tables", *sys.argv[1:]]
            failed = subprocess.run([*command, "--cell", name], check=False).returncode
            if failed:
                sys.exit(failed)
    write(cells)


if __name__ == "__main__":
    main()
