"""An ablation on the course questions: each setting's difference from the default."""

from __future__ import annotations

from benchmarks.bars.line import Line, figure

MEASURES = {"evidence@5": "evidence@5", "right": "right answers"}

POINTS = {
    "chunk_tokens=96": "chunks of 96 tokens",
    "chunk_tokens=128": "chunks of 128 tokens",
    "chunk_tokens=192": "chunks of 192 tokens",
    "heading_trail=off": "no heading trail in the embedded text",
    "fusion_weight=0.0": "BM25 alone (fusion weight 0)",
    "fusion_weight=0.25": "fusion weight .25",
    "fusion_weight=0.75": "fusion weight .75",
    "fusion_weight=1.0": "dense alone (fusion weight 1)",
    "neighbours=1": "1 neighbour on each side",
    "neighbours=2": "2 neighbours on each side",
    "passages=3": "3 passages",
    "passages=10": "10 passages",
    "answerer=generative": "FLAN-T5, direct template",
    "answerer=generative shots=1": "FLAN-T5, one-shot template",
    "answerer=generative shots=3": "FLAN-T5, three-shot template",
    "answerer=generative chain_of_thought=on": "FLAN-T5, chain-of-thought template",
}
"""Points of `benchmarks/ablation.toml` → what the page calls them."""

LINES: tuple[Line, ...] = tuple(
    line
    for name, label in MEASURES.items()
    for line in (
        figure("ablation", "ablation", f"default: {name}", f"{label}, defaults"),
        *(
            figure("ablation", "ablation", f"{point} − default: {name}", f"{label}: {said}")
            for point, said in POINTS.items()
        ),
    )
)
