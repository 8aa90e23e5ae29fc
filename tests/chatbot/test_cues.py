"""What the wording of a sentence says about it as an answer."""

from __future__ import annotations

import pytest

from chatbot.cues import CODE, DEFINES, HEADING, LABELS, POINTS, cue


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is LoRA?", "LoRA (Low-Rank Adaptation) is a way to train few weights."),
        ("what's a token?", "A token is a piece of a word."),
        ("What does top-k mean?", "Top-k: select the next token among the k most probable."),
        ("Define the learning rate", "The learning rate is the size of one step."),
        ("What are special tokens?", "**Special tokens** — tokens that stand for no text."),
    ],
)
def test_a_definition_answers_what_is(question: str, text: str) -> None:
    assert cue(question, text, "") == DEFINES


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is LoRA?", "We train it with LoRA, which is a way to train few weights."),
        ("How does LoRA work?", "LoRA is a way to train few of the weights of a model."),
        ("What is attention?", "Attention weights sum to one in every row of the matrix."),
    ],
)
def test_a_mention_is_no_definition(question: str, text: str) -> None:
    assert cue(question, text, "") == 0


@pytest.mark.parametrize(
    "text",
    [
        "You can read more about quantization in the appendix of the book.",
        "In this chapter you meet the pieces that make up a tokenizer.",
        "Now let's take a look at what the model returns for that prompt.",
        "We will see how gradients flow through the frozen layers.",
    ],
)
def test_a_sentence_that_points_elsewhere_answers_nothing(text: str) -> None:
    assert cue("How do gradients flow?", text, "") == POINTS


@pytest.mark.parametrize(
    "text",
    [
        "from transformers import AutoTokenizer, AutoModel, Trainer, TrainingArguments",
        "tokenizer = AutoTokenizer.from_pretrained(checkpoint, use_fast=True) or exit(1)",
        "def tokenize(batch): return tokenizer(batch['text'], truncation=True, padding=True)",
    ],
)
def test_a_line_of_code_answers_nothing(text: str) -> None:
    assert cue("How do I load a tokenizer?", text, "") == CODE


def test_a_heading_repeated_answers_nothing() -> None:
    assert cue("What is fine-tuning?", "Fine-tuning, at scale!", "Fine-tuning at scale") == HEADING


def test_labels_of_a_figure_answer_nothing_unless_they_say_something() -> None:
    question = "What goes into the model?"
    assert cue(question, "Prompt\nModel\nCompletion", "") == LABELS
    assert cue(question, "Prompt: 512 tokens\nModel\nCompletion", "") == 0
