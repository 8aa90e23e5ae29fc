"""First questions from headings."""

from __future__ import annotations

import pytest

from chatbot.ui.welcome import topic


@pytest.mark.parametrize(
    ("trails", "found"),
    [
        ([("Tuning", "Full fine-tuning", "Catastrophic forgetting")], "catastrophic forgetting"),
        ([("4. Multi-head attention",)], "multi-head attention"),
        ([("Methods", "LoRA")], "LoRA"),
        ([("Decoding",), ("Decoding", "Temperature")], "temperature"),
        ([("Summary",), ("What it costs",), ("Number formats",), ("8. Counting parameter",)], None),
        ([("Check your data",), ("Why it matters",)], None),
        ([(), ("Evaluation: ROUGE, BLEU and Benchmarks",)], None),
    ],
)
def test_a_topic_is_a_heading_that_names_one_thing(
    trails: list[tuple[str, ...]], found: str | None
) -> None:
    assert topic(trails) == found
