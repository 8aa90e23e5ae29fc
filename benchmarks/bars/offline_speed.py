"""The offline benchmark: speed by stage, and beside a plain LangChain chain."""

from __future__ import annotations

from benchmarks.bars.line import Form, Line, figure


def _stage(name: str, label: str) -> list[Line]:
    return [
        _measured("stages", f"{name}_seconds_p{p}", f"{label}: p{p}", "brief")
        for p in (50, 90, 95, 99)
    ]


def _measured(table: str, name: str, label: str, form: Form) -> Line:
    file = {"stages": "answer_speed", "langchain": "speed_vs_langchain"}[table]
    return figure(table, file, name, label, form=form)


def _beside(label: str, form: Form, ours: str, theirs: str) -> list[Line]:
    return [
        _measured("langchain", ours, f"{label}: Lectern", form),
        _measured("langchain", theirs, f"{label}: LangChain", form),
    ]


def _answers(measure: str, label: str) -> list[Line]:
    """Ours, then the chain's with its four passages whole, and cut to our window."""
    lines = [_measured("langchain", f"lectern_{measure}", f"{label}: Lectern", "seconds")]
    for name, said in (("whole", "passages whole"), ("cut", "passages cut to 512 tokens")):
        chain = f"{label}: LangChain, {said}"
        lines.append(_measured("langchain", f"{name}_{measure}", chain, "seconds"))
        over = f"{name}_{measure}_ratio"
        lines.append(_measured("langchain", over, f"{chain}, over Lectern", "times"))
    return lines


LINES: tuple[Line, ...] = (
    *_stage("rewrite", "rewrite"),
    *_stage("retrieve", "retrieve"),
    *_stage("first_token", "first word, from the question"),
    *_stage("total", "whole answer"),
    _measured("stages", "cold_first_word_seconds", "fresh process: first word", "seconds"),
    _measured("stages", "cold_exit_seconds", "fresh process: exit", "seconds"),
    _measured("stages", "cold_peak_memory_mb", "fresh process: peak memory (MB)", "count"),
    _measured("stages", "peak_memory_mb", "after all questions: peak memory (MB)", "count"),
    *_beside("six passages, p50", "milliseconds", "retrieval_p50", "baseline_retrieval_p50"),
    *_beside("six passages, p95", "milliseconds", "retrieval_p95", "baseline_retrieval_p95"),
    _measured("langchain", "retrieval_ratio", "six passages: LangChain over Lectern", "times"),
    *_beside("fresh process, search", "seconds", "cold", "baseline_cold"),
    _measured("langchain", "cold_ratio", "fresh process: LangChain over Lectern", "times"),
    *_answers("first_token", "first token"),
    *_answers("answer", "whole answer"),
)
