"""Ask a real course: retrieval, answers, follow-ups, confidence, ingestion and speed."""

from __future__ import annotations

from benchmarks.bars.line import Line, figure


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
    figure("answers", "course_answers", "evidence@5", "evidence@5 (5,000 characters)", 0.90, 0.95),
    figure("answers", "course_answers", "evidence@1", "evidence@1 (1,000 characters)"),
    figure("answers", "course_answers", "evidence@10", "evidence@10 (10,000 characters)"),
    figure("answers", "course_answers", "raw_evidence@5", "raw evidence in 5 passages"),
    figure(
        "answers",
        "course_answers",
        "passage_characters@5",
        "mean passage length, first 5 (characters)",
        form="count",
    ),
    figure("answers", "course_answers", "recall@5", "source recall@5"),
    figure("answers", "course_answers", "evidence@prompt", "evidence in what the answerer read"),
    figure("answers", "course_answers", "right", "right answers"),
    figure("answers", "course_answers", "wrong", "wrong answers (unanswerable ones included)"),
    figure("answers", "course_answers", "crag", "CRAG score (right − wrong)"),
    figure("answers", "course_answers", "em", "exact match"),
    figure("answers", "course_answers", "f1", "token F1"),
    figure("answers", "course_answers", "abstention_precision", "abstention precision"),
    figure("answers", "course_answers", "abstention_recall", "abstention recall"),
    _group("groups", "direct", "direct"),
    _group("groups", "paraphrased", "paraphrased"),
    _group("groups", "followup", "follow-up"),
    _group("courses", "dlai_genai_llm_course", "slides W1–W3"),
    _group("courses", "hf_course", "hf_course"),
    _group("courses", "ml_engineering", "ml_engineering"),
    *(
        figure(
            "window",
            "prompt_window",
            f"{passages}_passages_{window}",
            f"window {window:,}, {passages} passages",
        )
        for passages in (6, 12)
        for window in (512, 1024, 2048)
    ),
    figure("followups", "followups", "alone_evidence@5", "as asked, without history"),
    figure("followups", "followups", "rewritten_evidence@5", "rewritten by words"),
    figure("followups", "followups", "joined_evidence@5", "whole history joined"),
    figure("followups", "followups", "rewritten_minus_alone", "rewritten − as asked"),
    figure("followups", "followups", "rewritten_minus_alone_p", "p of that", form="p"),
    figure("followups", "followups", "rewritten_minus_joined", "rewritten − joined"),
    figure("followups", "followups", "rewritten_minus_joined_p", "p of that", form="p"),
    figure(
        "ingestion",
        "ingestion_vs_langchain",
        "ratio",
        "source characters a second against the baseline, all files",
        2.0,
        3.0,
        "times",
    ),
    figure(
        "ingestion",
        "ingestion_vs_langchain",
        "share_ratio",
        "the same, a third of the files (median of pairs)",
        form="times",
    ),
    figure(
        "ingestion",
        "ingestion_vs_langchain",
        "chunk_ratio",
        "chunks a second, all files",
        form="times",
    ),
    figure(
        "ingestion",
        "ingestion_vs_langchain",
        "characters_per_second",
        "source characters a second, Lectern",
        form="count",
    ),
    figure(
        "ingestion",
        "ingestion_vs_langchain",
        "baseline_characters_per_second",
        "source characters a second, baseline",
        form="count",
    ),
    *(
        figure("ingestion", "ingestion_vs_langchain", f"{search}_{kind}", f"{kind}, {label}")
        for kind in ("evidence@5", "raw_evidence@5")
        for search, label in (
            ("fusion", "Lectern's search"),
            ("dense", "Lectern's chunks, dense leg alone"),
            ("baseline", "baseline"),
        )
    ),
    figure(
        "ingestion",
        "ingestion_vs_langchain",
        "fusion_minus_baseline_evidence@5",
        "evidence@5, Lectern − baseline (not lower)",
        0.0,
    ),
    figure(
        "speed",
        "reingest_unchanged",
        "embedded",
        "1,000 unchanged files again: embeddings computed",
        1,
        None,
        "fewer",
    ),
    figure(
        "speed",
        "reingest_unchanged",
        "in_process",
        "1,000 unchanged files again, in process",
        1.5,
        0.5,
        "seconds",
    ),
    figure(
        "speed",
        "reingest_unchanged",
        "process",
        "1,000 unchanged files again, `lectern ingest`",
        1.5,
        0.5,
        "seconds",
    ),
    figure(
        "speed",
        "one_changed_file",
        "searchable",
        "one changed file among 100,000 chunks: until searchable",
        15,
        2,
        "seconds",
    ),
    figure(
        "speed",
        "one_changed_file",
        "ingest_process",
        "of which `lectern ingest`",
        None,
        None,
        "seconds",
    ),
    *(
        figure(
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
    figure(
        "speed",
        "search_latency",
        "encoding_p50",
        "of which encoding the question: p50",
        None,
        None,
        "milliseconds",
    ),
    figure("speed", "cold_start", "first_token", "`lectern ask`: first word", 7, 3.5, "seconds"),
    figure("speed", "cold_start", "exit", "`lectern ask`: exit", None, None, "seconds"),
)
