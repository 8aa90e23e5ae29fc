"""FLAN-T5 on a GPU against the CPU: the same answers, how much faster, and through the server.

For each size: greedy completions and log-likelihoods on the device in float32 and bfloat16 against
float32 on the CPU; tokens per second and time to the first token by batch; and a round trip through
`lectern serve --device …` with a client of its own. Weights are random, of FLAN-T5's shapes: the
figures say nothing of quality. Exits with 1 when the device disagrees with the CPU.

    python -m benchmarks.gpu.flan_t5 --device cuda --sizes base,large,xl --out build/gpu
    python -m benchmarks.gpu.flan_t5 --device cpu --sizes tiny --prompt-tokens 32 --new-tokens 8 \
        --batches 1,2 --repeats 1 --out build/gpu
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.shaped_t5 import SHAPES, build, text
from chatbot.engines.base import Decoding
from chatbot.engines.flan_t5 import FlanT5Engine
from chatbot.engines.hardware import Dtype
from chatbot.engines.remote import RemoteEngine
from evaluation.provenance import provenance
from ingestion.errors import ModelUnavailable

WINDOW = 2048
SCORE_TOLERANCE = {"float32": 1e-3, "bfloat16": 0.1}
"""Greatest difference of mean log-likelihood per token from the CPU's in float32, in nats."""
START_SECONDS = 300


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), required=True)
    parser.add_argument("--sizes", default="base", help=f"of {', '.join(SHAPES)}; with commas")
    parser.add_argument("--batches", default="1,4,16,64", help="prompts at a time; with commas")
    parser.add_argument("--prompt-tokens", type=int, default=400)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True, help="folder to write the result into")
    asked = parser.parse_args()

    decoding = Decoding(max_new_tokens=asked.new_tokens)
    results: dict[str, Any] = {}
    agrees = True
    for size in asked.sizes.split(","):
        with tempfile.TemporaryDirectory() as place:
            folder = build(Path(place) / size, size)
            checks = [text(asked.prompt_tokens, seed) for seed in range(4)]
            reference = _Reference(
                FlanT5Engine.load(folder, name=size, device="cpu"), checks, decoding
            )
            found: dict[str, Any] = {}
            for precision in ("float32", "bfloat16"):
                try:
                    engine = _load(folder, size, asked.device, precision)
                except ModelUnavailable as error:
                    print(f"{size} {precision}: {error}")
                    continue
                found[precision] = reference.compare(engine, SCORE_TOLERANCE[precision])
                found[precision]["speed"] = [
                    _speed(engine, int(batch), asked.prompt_tokens, decoding, asked.repeats)
                    for batch in asked.batches.split(",")
                ]
                print(size, precision, json.dumps(found[precision]))
                agrees &= found[precision]["agrees"]
                del engine
            found["served"] = _served(folder, asked.device, checks, decoding)
            print(size, "served", json.dumps(found["served"]))
            agrees &= found["served"]["agrees"]
            results[size] = found
    asked.out.mkdir(parents=True, exist_ok=True)
    report = {"sizes": results, "settings": vars(asked) | {"out": str(asked.out)}, **provenance()}
    if asked.device == "cuda":
        report["gpu"] = torch.cuda.get_device_name()
    (asked.out / f"flan_t5_{asked.device}.json").write_text(json.dumps(report, indent=1) + "\n")
    print("agrees with the CPU" if agrees else "DISAGREES with the CPU")
    return 0 if agrees else 1


def _load(folder: Path, size: str, device: str, precision: Dtype) -> FlanT5Engine:
    return FlanT5Engine.load(folder, name=size, device=device, dtype=precision, window=WINDOW)


class _Reference:
    """What the CPU says in float32."""

    def __init__(self, engine: FlanT5Engine, prompts: list[str], decoding: Decoding) -> None:
        self.prompts, self.decoding = prompts, decoding
        self.completions = engine.generate(prompts, decoding)
        self.scores = engine.score(prompts, self.completions)

    def compare(self, engine: FlanT5Engine, tolerance: float) -> dict[str, Any]:
        """Log-likelihoods within tolerance; and how much of the greedy text is the same, which may
        part for good after a single near-tie and is no criterion by itself.
        """
        scores = engine.score(self.prompts, self.completions)
        apart = max(abs(a - b) for a, b in zip(scores, self.scores, strict=True))
        said = engine.generate(self.prompts, self.decoding)
        pairs = [
            (a, b)
            for mine, theirs in zip(said, self.completions, strict=True)
            for a, b in zip(mine.split(), theirs.split(), strict=False)
        ]
        return {
            "device": engine.device,
            "agrees": apart <= tolerance,
            "log_likelihood_apart": apart,
            "same_tokens": sum(a == b for a, b in pairs) / len(pairs),
        }


def _speed(
    engine: FlanT5Engine, batch: int, prompt_tokens: int, decoding: Decoding, repeats: int
) -> dict[str, float]:
    """Medians; the engine cuts large batches into its own."""
    prompts = [text(prompt_tokens, seed) for seed in range(batch)]
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    engine.generate(prompts, decoding)  # warm-up
    whole, first = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        engine.generate(prompts, decoding)
        whole.append(time.perf_counter() - start)
        start = time.perf_counter()
        stream = engine.stream(prompts[0], decoding)
        next(stream)
        first.append(time.perf_counter() - start)
        stream.close()  # type: ignore[attr-defined]
    return {
        "batch": batch,
        "tokens_per_second": batch * decoding.max_new_tokens / statistics.median(whole),
        "first_token_seconds": statistics.median(first),
        "gpu_gb": torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else 0.0,
    }


def _served(folder: Path, device: str, prompts: list[str], decoding: Decoding) -> dict[str, Any]:
    """Through `lectern serve`: what comes back is what the engine says in this process."""
    here = FlanT5Engine.load(folder, name=str(folder), device=device, window=512)
    with _server(folder, device) as url:
        there = RemoteEngine(url)
        start = time.perf_counter()
        generated = there.generate(prompts, decoding)
        seconds = time.perf_counter() - start
        streamed = "".join(there.stream(prompts[0], decoding))
        scores = there.score(prompts, generated)
        about = there.device
        there.close()
    apart = max(abs(a - b) for a, b in zip(scores, here.score(prompts, generated), strict=True))
    return {
        "device": about,
        # Batches may be cut elsewhere on a GPU, where the last digits then differ.
        "agrees": about.startswith(device) and apart <= SCORE_TOLERANCE["bfloat16"],
        "log_likelihood_apart": apart,
        "stream_is_generation": streamed == here.generate(prompts[:1], decoding)[0],
        "batch_seconds": seconds,
    }


@contextmanager
def _server(folder: Path, device: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = "from chatbot.cli import main; main()"
    arguments = ["serve", "--model", str(folder), "--device", device, "--port", str(port)]
    process = subprocess.Popen([sys.executable, "-c", program, *arguments])
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                RemoteEngine(url).close()
                break
            except ModelUnavailable:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
