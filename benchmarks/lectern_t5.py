"""Lectern-T5 from nothing: vocabulary, pre-training, copying, instructions. One command a size.

    python -m benchmarks.lectern_t5 --size mini --data ../shared/data --out build/t5
    python -m benchmarks.lectern_t5 --size small --data ../shared/data --out build/t5 --minutes 9

`mini` takes about two hours of one CPU core. `small` is for a GPU and has not been run.
The same command goes on from its last checkpoint after a kill, and after `--minutes`, which ends a
call wherever it is. The settings' reasons are in `docs/training-log.md`; those of `small` are
guesses. The model ends up in `OUT/SIZE`.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fresh_process import LECTERN, REPOSITORY
from benchmarks.record import data_argument

PIECES = {"tiny": 420, "mini": 16_384, "small": 16_384}
PRETRAINING = {
    "tiny": "--held-out 0.2 --source 32 --batch 2 --steps 2 --eval-every 2 --eval-windows 2",
    "mini": "--embeddings encoder --copied 0.3 --attention mimetic --shown 0.5 --source 256 "
    "--batch 16 --steps 4800 --warmup 200 --schedule cosine --eval-every 300 --eval-windows 64 "
    "--save-minutes 5",
    "small": "--copied 0.3 --attention mimetic --shown 0.5 --source 512 --batch 128 --steps 3000 "
    "--warmup 200 --schedule cosine --eval-every 300 --eval-windows 256 --save-minutes 2",
}
COPYING = {
    "tiny": "--batch 2 --steps 2 --eval-metric loss --held-out 0.5",
    "mini": "--batch-tokens 4096 --lr 1e-3 --steps 500 --eval-metric f1 --eval-every 100 "
    "--held-out 0.01 --save-every 100",
    "small": "--batch-tokens 16384 --lr 1e-3 --steps 500 --eval-metric f1 --eval-every 100 "
    "--held-out 0.01 --save-every 100",
}
INSTRUCTIONS = {
    "tiny": "--batch 2 --steps 2 --eval-metric loss",
    "mini": "--batch-tokens 4096 --lr 7e-4 --steps 1950 --eval-metric f1 --eval-every 650 "
    "--save-every 325",
    "small": "--batch-tokens 16384 --lr 7e-4 --epochs 3 --eval-metric f1 --eval-every 500 "
    "--save-every 100",
}
"""`tiny` is for trying the script out."""
SECTIONS = "qa/openstax_qa/modules.jsonl.gz"
MIXTURE = REPOSITORY / "finetune" / "data" / "lectern_t5.toml"
PROBE = "qa/fairytaleqa/valid.csv.gz"
STOPPED = 124
"""What `timeout` exits with."""


def run(*arguments: object, until: float | None) -> None:
    """A verb of `lectern train`; ends the program where the time is up or the verb fails."""
    left = until - time.monotonic() if until else None
    command = [LECTERN, "train", *map(str, arguments)]
    try:
        code = subprocess.run(command, timeout=left, check=False).returncode
    except subprocess.TimeoutExpired:
        print("The time is up. The same command goes on from the last checkpoint.")
        raise SystemExit(STOPPED) from None
    if code:
        raise SystemExit(code)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    one = parser.add_argument
    one("--size", required=True, choices=sorted(PIECES))
    one("--out", type=Path, required=True, help="for vocabulary, encoded text and models")
    one("--corpus", type=Path, help="text by source (TOML); else Lectern's own")
    one("--mixture", type=Path, default=MIXTURE, help="instructions (TOML)")
    one("--minutes", type=float, help="stop after so long")
    one("--device", default="auto")
    asked = parser.parse_args(arguments)

    until = time.monotonic() + 60 * asked.minutes if asked.minutes else None
    words = asked.out / f"vocabulary-{PIECES[asked.size]}"
    begun, copying = (asked.out / f"{asked.size}-{stage}" for stage in ("pretrained", "copying"))
    place = ("--data-dir", asked.data)
    text = ("--corpus", asked.corpus) if asked.corpus else ()
    if not (words / "tokenizer.json").is_file():
        run("vocabulary", "--size", PIECES[asked.size], *place, *text, "--out", words, until=until)
    device = ("--device", asked.device)
    probe = asked.data / PROBE
    run(
        *("pretrain", "--size", asked.size, *PRETRAINING[asked.size].split(), *device),
        *("--vocabulary", words, "--tokens", asked.out / "tokens", *place, *text),
        *(("--probe", f"fairytaleqa:{probe}") if probe.is_file() else ()),
        *("--out", begun),
        until=until,
    )
    sections = asked.data / SECTIONS
    tuned = ("sft", "--method", "full", *device)
    run(
        *(*tuned, "--model", begun, *COPYING[asked.size].split(), "--out", copying),
        *("--data", f"recall:{sections}", "--data", f"cloze:{sections}"),
        until=until,
    )
    run(
        *(*tuned, "--model", copying, *INSTRUCTIONS[asked.size].split()),
        *("--mixture", asked.mixture, *place, "--out", asked.out / asked.size),
        until=until,
    )


if __name__ == "__main__":
    main()
