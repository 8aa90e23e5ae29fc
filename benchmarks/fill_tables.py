"""Fill the tables of the results page from the result files, so that no figure is typed by hand.

Between `<!-- table NAME -->` and `<!-- end -->` the page's lines are replaced by those that
`benchmarks.bars` has for table NAME. The prose around them is written by people.

    python -m benchmarks.fill_tables --results docs/results --page docs/results.md
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from benchmarks.bars import HEADER, LINES, Results, load_results
from evaluation.rows import write_whole

_TABLE = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(page: str, results: Results) -> str:
    """The page with its tables filled. Raises `ValueError` when page and bars name other tables."""
    marked = [name for _, name, _ in _TABLE.findall(page)]
    known = {line.table for line in LINES}
    if sorted(marked) != sorted(known):
        raise ValueError(f"The page has tables {sorted(marked)}, the bars {sorted(known)}.")

    def table(found: re.Match[str]) -> str:
        rows = [line.row(results) for line in LINES if line.table == found[2]]
        return found[1] + "\n".join([HEADER, *rows, ""]) + found[3]

    return _TABLE.sub(table, page)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--page", type=Path, required=True)
    asked = parser.parse_args()
    results = load_results(asked.results)
    write_whole(asked.page, fill(asked.page.read_text(encoding="utf-8"), results))


if __name__ == "__main__":
    main()
