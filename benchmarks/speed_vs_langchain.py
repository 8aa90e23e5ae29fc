"""Questions against a plain LangChain chain: the same documents, encoder weights and generator.

A third of the Markdown of hf_course, ml_engineering and d2l, drawn with a seed, is indexed by both
(`benchmarks.langchain_baseline` is the chain). Then, in turns, the one to go first changing:

* retrieval, six passages each: Lectern's also ranks by words, fuses and drops near-duplicates;
* a fresh process that opens its index, finds six passages, prints them and ends;
* question → whole answer, by one T5 of FLAN-T5-small's shapes with *random weights* and FLAN-T5's
  tokenizer: it always writes 64 tokens, so this is speed without sense. Lectern packs sentences of
  six passages into 512 tokens, scores the answer and attributes its sentences; the chain stuffs its
  four passages whole into up to 2,048 tokens, or what of them fits into 512, and does no more.

Ratios are LangChain's time over ours: more than 1 is in our favor. About fifteen minutes on two
cores, half of it ingestion, which `--work` keeps:

    python -m benchmarks.speed_vs_langchain --data ../shared/data --work build/bench/langchain \\
        --out docs/results
"""

from __future__ import annotations

import argparse
import gzip
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.fresh_process import LECTERN, PYTHON, timed
from benchmarks.gpu import shaped_t5
from benchmarks.in_turns import Work, in_turns, percentiles, ratio
from benchmarks.ingestion_vs_langchain import COURSES, QUESTIONS, copy_markdown, run_pair
from benchmarks.langchain_baseline import answering_chain, open_store
from benchmarks.record import Figure, data_argument, median_of, out_argument, record
from chatbot.chain import open_assistant
from chatbot.engines.base import Decoding
from chatbot.engines.factory import load_engine
from chatbot.engines.llm import EngineLLM
from evaluation.progress import progress_bar
from evaluation.questions import load_questions

PASSAGES = 6
TOKENS = 64
WINDOW, WHOLE = 512, 2048
TOKENIZER = Path("tokenizer") / "flan_t5_small_tokenizer.json.gz"

Figures = dict[str, Figure]


def indexes(data: Path, work: Path, share: float, seed: int) -> None:
    """Both indexes in `work/indexes`, unless an earlier run came to their end."""
    done = work / f"indexed-{share}-{seed}"
    if not done.is_file():
        copy_markdown(data, work / "source", share, seed)
        run_pair(work / "source", work / "indexes")
        done.touch()


def compare_retrieval(folder: Path, questions: Sequence[str], rounds: int) -> Figures:
    """Both retrievers in this process, warm."""
    ours = open_assistant(folder / "ours", answerer="extractive").retriever
    theirs = open_store(folder / "baseline").as_retriever(search_kwargs={"k": PASSAGES})
    systems: Mapping[str, Work] = {
        "Lectern": lambda question: clock(lambda: ours.search(question, PASSAGES)),
        "LangChain": lambda question: clock(lambda: theirs.invoke(question)),
    }
    with progress_bar() as progress:
        taken = in_turns(systems, questions, rounds, progress=progress)
    mine, other = taken["Lectern"]["seconds"], taken["LangChain"]["seconds"]
    return {
        **percentiles("retrieval", mine),
        **percentiles("baseline_retrieval", other),
        "retrieval_ratio": ratio(other, mine, rounds),
    }


def compare_cold_starts(folder: Path, question: str, runs: int) -> Figures:
    """Fresh processes from start to exit; the files are in the page cache by the first pair."""
    k = ("--k", str(PASSAGES))
    ours = [LECTERN, "search", question, "--index", str(folder / "ours"), *k]
    theirs = [PYTHON, "-m", "benchmarks.langchain_baseline", "--ask", question, *k]
    theirs += ["--store", str(folder / "baseline")]
    systems: Mapping[str, Work] = {
        "Lectern": lambda _: {"seconds": timed(ours, folder)[1]},
        "LangChain": lambda _: {"seconds": timed(theirs, folder)[1]},
    }
    taken = in_turns(systems, [question], runs, warm_up=1)
    mine, other = taken["Lectern"]["seconds"], taken["LangChain"]["seconds"]
    return {
        "cold": median_of(mine),
        "baseline_cold": median_of(other),
        "cold_ratio": ratio(other, mine, runs),
    }


def compare_answers(folder: Path, model: Path, questions: Sequence[str]) -> Figures:
    """Whole answers and first tokens; each question is a pair."""
    decoding = Decoding(max_new_tokens=TOKENS)
    assistant = open_assistant(
        folder / "ours", model=str(model), answerer="generative", window=WINDOW, abstain_below=0.0
    )
    options = assistant.default_options().model_copy(update={"decoding": decoding})
    store = open_store(folder / "baseline")
    wide = load_engine(str(model), device=assistant.settings.device, window=WHOLE)
    llm = EngineLLM(engine=wide, decoding=decoding)
    whole, cut = answering_chain(store, llm, WHOLE), answering_chain(store, llm, WINDOW)
    systems: Mapping[str, Work] = {
        "lectern": lambda question: streamed(assistant.stream(question, options=options)),
        "whole": lambda question: streamed(whole.stream(question)),
        "cut": lambda question: streamed(cut.stream(question)),
    }
    with progress_bar() as progress:
        taken = in_turns(systems, questions, progress=progress)
    figures: Figures = {}
    for name, measures in taken.items():
        for measure, seconds in measures.items():
            figures[f"{name}_{measure}"] = median_of(seconds)
            if name != "lectern":
                mine = taken["lectern"][measure]
                figures[f"{name}_{measure}_ratio"] = ratio(seconds, mine, len(questions))
    return figures


def random_generator(data: Path, folder: Path, size: str) -> Path:
    """A T5 of random weights that reads and writes by FLAN-T5's own tokenizer."""
    if not (folder / "model.safetensors").is_file():
        shaped_t5.build(folder, size)
        packed = (data / TOKENIZER).read_bytes()
        (folder / "tokenizer.json").write_bytes(gzip.decompress(packed))
    return folder


def clock(work: Callable[[], Any]) -> dict[str, float]:
    start = time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - start}


def streamed(pieces: Iterable[Any]) -> dict[str, float]:
    """Seconds to the first piece and to the last."""
    start = time.perf_counter()
    first = None
    for _ in pieces:
        first = first or time.perf_counter() - start
    assert first is not None, "every answer has a piece"
    return {"first_token": first, "answer": time.perf_counter() - start}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder for indexes and generator")
    parser.add_argument("--share", type=float, default=1 / 3, help="of the Markdown files")
    parser.add_argument("--rounds", type=int, default=7, help="of retrieval, and of cold starts")
    parser.add_argument("--questions", type=int, help="first N (default: all of these courses)")
    parser.add_argument("--answers", type=int, default=12, help="questions that are answered")
    parser.add_argument("--size", choices=list(shaped_t5.SHAPES), default="small")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    data, work = Path(asked.data), asked.work.resolve()
    indexes(data, work, asked.share, asked.seed)
    held = [q for q in load_questions(QUESTIONS) if q.course in COURSES and not q.history]
    questions = [question.question for question in held[: asked.questions]]
    folder = work / "indexes"
    model = random_generator(data, work / asked.size, asked.size)
    figures = {
        **compare_retrieval(folder, questions, asked.rounds),
        **compare_cold_starts(folder, questions[0], asked.rounds),
        **compare_answers(folder, model, questions[: asked.answers]),
    }
    record(
        asked.out,
        "speed_vs_langchain",
        figures,
        unit="p50 and p95: milliseconds; other times: seconds",
        passages=PASSAGES,
        tokens=TOKENS,
        windows={"lectern": WINDOW, "whole": WHOLE, "cut": WINDOW},
        generator=f"{asked.size} shapes, random weights",
        share=asked.share,
        seed=asked.seed,
    )


if __name__ == "__main__":
    main()
