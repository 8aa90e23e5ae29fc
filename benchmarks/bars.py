"""Every figure of the results page: where it stands, how it is called, the bar and the stretch.

The bars are those the project set itself before anything was measured. A figure without a bar is
reported for what it says. One that misses its bar stays on the page as missed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Results = Mapping[str, Any]
Form = Literal["share", "seconds", "milliseconds", "times", "count", "fewer", "p"]

HEADER = "| measure | figure | spread | bar | stretch | |\n|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of table `table`: the figure at `path` of `FILE.json`.

    Its spread on the page is a 95 % bootstrap interval for shares, the least and the greatest for
    repeated timings. Seconds, milliseconds, p and `fewer` are the better the smaller.
    """

    table: str
    file: str
    path: tuple[str, ...]
    label: str
    bar: float | None = None
    stretch: float | None = None
    form: Form = "share"

    def row(self, results: Results) -> str:
        """The row in Markdown; a figure that nobody measured is said to be missing."""
        found: Any = results.get(self.file)
        for step in self.path:
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is None:
            cells = ["not measured", ""]
            verdict = ""
        else:
            figure = found if isinstance(found, Mapping) else {"value": found}
            value = float(figure["value"])
            cells = [self._say(value), self._spread(figure)]
            verdict = self._verdict(value)
        return f"| {' | '.join([self.label, *cells, *self._bars(), verdict])} |"

    def _spread(self, figure: Mapping[str, float]) -> str:
        if "low" not in figure:
            return ""
        return f"{self._say(figure['low'])}–{self._say(figure['high'])}"

    def _bars(self) -> list[str]:
        sign = "<" if self._less_is_better else "≥"
        return [f"{sign} {self._say(b)}" if b is not None else "" for b in (self.bar, self.stretch)]

    def _verdict(self, value: float) -> str:
        if self.bar is None:
            return ""
        if self.stretch is not None and self._reaches(value, self.stretch):
            return "stretch reached"
        return "reached" if self._reaches(value, self.bar) else "**missed**"

    def _reaches(self, value: float, bar: float) -> bool:
        return value < bar if self._less_is_better else value >= bar

    @property
    def _less_is_better(self) -> bool:
        return self.form in ("seconds", "milliseconds", "fewer", "p")

    def _say(self, value: float) -> str:
        if self.form == "seconds":
            return f"{value:.2f} s"
        if self.form == "milliseconds":
            return f"{value:.1f} ms"
        if self.form == "times":
            return f"{value:.2f}×"
        if self.form in ("count", "fewer"):
            return f"{value:,.0f}"
        return f"{value:.4f}" if self.form == "p" else f"{value:.3f}"


def load_results(folder: Path) -> dict[str, Any]:
    """File name without suffix → content, of every result in the folder."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }


def print_rows(folder: Path, file: str) -> None:
    """Print the page's rows that `folder/FILE.json` fills."""
    results = load_results(folder)
    for line in LINES:
        if line.file == file:
            print(line.row(results))


def _retrieval(
    file: str, name: str, measure: str, bar: float | None = None, stretch: float | None = None
) -> list[Line]:
    """The three legs of one retrieval benchmark; the bar is for the fusion, as in the product."""
    legs = [("lexical", "BM25 alone"), ("dense", "dense alone"), ("fusion", "fusion")]
    return [
        Line(
            "retrieval",
            file,
            ("figures", leg, measure),
            f"{name}, {label}",
            *((bar, stretch) if leg == "fusion" else ()),
        )
        for leg, label in legs
    ]


def _better(against: str, measure: str) -> Line:
    """The paired bootstrap of fusion over one leg on the course FAQ."""
    path = ("comparisons", f"fusion − {against}", measure, "p")
    label = f"dtc_faq: p of fusion over {against}, {measure}"
    return Line("retrieval", "dtc_faq", path, label, 0.05, form="p")


def _figure(
    table: str,
    file: str,
    name: str,
    label: str,
    bar: float | None = None,
    stretch: float | None = None,
    form: Form = "share",
) -> Line:
    return Line(table, file, ("figures", name), label, bar, stretch, form)


def _group(kind: str, name: str, label: str) -> Line:
    path = (kind, name, "evidence@5")
    return Line("kinds", "course_answers", path, label)


LINES: tuple[Line, ...] = (
    *_retrieval("scifact", "SciFact test nDCG@10", "ndcg@10", 0.735, 0.75),
    *_retrieval("cacm", "CACM nDCG@10", "ndcg@10", 0.55, 0.58),
    *_retrieval("cisi", "CISI nDCG@10", "ndcg@10", 0.455, 0.48),
    *_retrieval("dtc_faq", "dtc_faq hit@5", "hit@5"),
    *_retrieval("dtc_faq", "dtc_faq MRR@10", "mrr@10", 0.927, 0.945),
    *(_better(leg, measure) for leg in ("lexical", "dense") for measure in ("hit@5", "mrr@10")),
    _figure("answers", "course_answers", "evidence@5", "evidence@5 (5,000 characters)", 0.90, 0.95),
    _figure("answers", "course_answers", "evidence@1", "evidence@1 (1,000 characters)"),
    _figure("answers", "course_answers", "evidence@10", "evidence@10 (10,000 characters)"),
    _figure("answers", "course_answers", "raw_evidence@5", "raw evidence in 5 passages"),
    _figure(
        "answers",
        "course_answers",
        "passage_characters@5",
        "mean passage length, first 5 (characters)",
        form="count",
    ),
    _figure("answers", "course_answers", "recall@5", "source recall@5"),
    _figure("answers", "course_answers", "evidence@prompt", "evidence in what the answerer read"),
    _figure("answers", "course_answers", "right", "right answers"),
    _figure("answers", "course_answers", "wrong", "wrong answers (unanswerable ones included)"),
    _figure("answers", "course_answers", "crag", "CRAG score (right − wrong)"),
    _figure("answers", "course_answers", "em", "exact match"),
    _figure("answers", "course_answers", "f1", "token F1"),
    _figure("answers", "course_answers", "abstention_precision", "abstention precision"),
    _figure("answers", "course_answers", "abstention_recall", "abstention recall"),
    _group("groups", "direct", "direct"),
    _group("groups", "paraphrased", "paraphrased"),
    _group("groups", "followup", "follow-up"),
    _group("courses", "dlai_genai_llm_course", "slides W1–W3"),
    _group("courses", "hf_course", "hf_course"),
    _group("courses", "ml_engineering", "ml_engineering"),
    *(
        _figure(
            "window",
            "prompt_window",
            f"{passages}_passages_{window}",
            f"window {window:,}, {passages} passages",
        )
        for passages in (6, 12)
        for window in (512, 1024, 2048)
    ),
    _figure("followups", "followups", "alone_evidence@5", "as asked, without history"),
    _figure("followups", "followups", "rewritten_evidence@5", "rewritten by words"),
    _figure("followups", "followups", "joined_evidence@5", "whole history joined"),
    _figure("followups", "followups", "rewritten_minus_alone", "rewritten − as asked"),
    _figure("followups", "followups", "rewritten_minus_alone_p", "p of that", form="p"),
    _figure("followups", "followups", "rewritten_minus_joined", "rewritten − joined"),
    _figure("followups", "followups", "rewritten_minus_joined_p", "p of that", form="p"),
    _figure("reading", "squad_reading", "f1", "token F1"),
    _figure("reading", "squad_reading", "em", "exact match"),
    _figure("reading", "squad_reading", "contained", "a gold answer contained in the answer"),
    _figure("reading", "squad_reading", "answer_words", "words in an answer", form="count"),
    _figure(
        "ingestion",
        "ingestion_vs_langchain",
        "ratio",
        "source characters a second against the baseline, all files",
        2.0,
        3.0,
        "times",
    ),
    _figure(
        "ingestion",
        "ingestion_vs_langchain",
        "share_ratio",
        "the same, a third of the files (median of pairs)",
        form="times",
    ),
    _figure(
        "ingestion",
        "ingestion_vs_langchain",
        "chunk_ratio",
        "chunks a second, all files",
        form="times",
    ),
    _figure(
        "ingestion",
        "ingestion_vs_langchain",
        "characters_per_second",
        "source characters a second, Lectern",
        form="count",
    ),
    _figure(
        "ingestion",
        "ingestion_vs_langchain",
        "baseline_characters_per_second",
        "source characters a second, baseline",
        form="count",
    ),
    *(
        _figure("ingestion", "ingestion_vs_langchain", f"{search}_{kind}", f"{kind}, {label}")
        for kind in ("evidence@5", "raw_evidence@5")
        for search, label in (
            ("fusion", "Lectern's search"),
            ("dense", "Lectern's chunks, dense leg alone"),
            ("baseline", "baseline"),
        )
    ),
    _figure(
        "ingestion",
        "ingestion_vs_langchain",
        "fusion_minus_baseline_evidence@5",
        "evidence@5, Lectern − baseline (not lower)",
        0.0,
    ),
    _figure(
        "speed",
        "reingest_unchanged",
        "embedded",
        "1,000 unchanged files again: embeddings computed",
        1,
        None,
        "fewer",
    ),
    _figure(
        "speed",
        "reingest_unchanged",
        "in_process",
        "1,000 unchanged files again, in process",
        1.5,
        0.5,
        "seconds",
    ),
    _figure(
        "speed",
        "reingest_unchanged",
        "process",
        "1,000 unchanged files again, `lectern ingest`",
        1.5,
        0.5,
        "seconds",
    ),
    _figure(
        "speed",
        "one_changed_file",
        "searchable",
        "one changed file among 100,000 chunks: until searchable",
        15,
        2,
        "seconds",
    ),
    _figure(
        "speed",
        "one_changed_file",
        "ingest_process",
        "of which `lectern ingest`",
        None,
        None,
        "seconds",
    ),
    *(
        _figure(
            "speed",
            "search_latency",
            f"{filtered}_p{p}",
            f"search in 100,000 chunks, {label}: p{p}",
            60 if p == 95 else None,
            25 if p == 95 else None,
            "milliseconds",
        )
        for filtered, label in (
            ("none", "no filter"),
            ("course", "course filter"),
            ("file", "file filter"),
        )
        for p in (50, 95, 99)
    ),
    _figure(
        "speed",
        "search_latency",
        "encoding_p50",
        "of which encoding the question: p50",
        None,
        None,
        "milliseconds",
    ),
    _figure("speed", "cold_start", "first_token", "`lectern ask`: first word", 7, 3.5, "seconds"),
    _figure("speed", "cold_start", "exit", "`lectern ask`: exit", None, None, "seconds"),
    *(
        _figure("confidence", "confidence", f"{weights}_{measure}", f"{label}, weights {name}")
        for weights, name in (("in_force", "in force (set by hand)"), ("fitted", "fitted here"))
        for measure, label in (
            ("auroc", "AUROC, document in the index or left out"),
            ("refused_answerable", "answerable questions refused at .5"),
            ("refused_unanswerable", "unanswerable ones refused at .5"),
        )
    ),
)
