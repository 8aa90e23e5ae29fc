"""`lectern …` in a process that tells at its end how much memory it took.

    python -m evaluation.fresh_process PEAK_FILE ask "What is LoRA?"

For `evaluation.cold_start`, which starts it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Run the command line with the arguments behind the first; write MB into the first."""
    peak_file = Path(sys.argv[1])
    sys.argv = ["lectern", *sys.argv[2:]]
    try:
        # By name: the command line lies above this room, which must not import it.
        import_module("chatbot.cli").main()
    finally:
        from evaluation.peak_memory import peak_memory_mb

        peak_file.write_text(str(peak_memory_mb()), encoding="utf-8")


if __name__ == "__main__":
    main()
