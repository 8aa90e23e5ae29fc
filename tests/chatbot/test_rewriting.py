from __future__ import annotations

import pytest
from scripted_engine import ScriptedEngine

from chatbot.anaphora import content_words, leans_on_history
from chatbot.rewriting import rewrite

LORA = [
    ("What is LoRA?", "A way to train small matrices beside the frozen weights of a large model.")
]


@pytest.mark.parametrize(
    "question",
    [
        "What are its drawbacks?",
        "How does it work?",
        "And what about the decoder?",
        "What about BERT?",
        "Why?",
        "Why is that?",
        "How many layers?",
        "The disadvantages?",
        "Can they be combined?",
        "Which one is faster?",
        "Which is cheaper?",
        "Who invented it?",
        "Is there another example?",
        "What else?",
        "How is this different from full fine-tuning?",
        "Does the second one need a GPU?",
        "When should I use that instead?",
        "How do these models compare?",
        "Could you explain more about that?",
        "Tell me more",
        "How does BERT differ from it?",
    ],
)
def test_follow_ups_take_the_topic_along(question: str) -> None:
    made = rewrite(question, LORA)
    assert made.changed
    assert made.method == "words"
    assert made.text.startswith(question)
    assert "LoRA" in made.text


@pytest.mark.parametrize(
    "question",
    [
        "What is LoRA?",
        "How does self-attention work?",
        "What is the layer that maps tokens to vectors?",
        "Is it possible to fine-tune FLAN-T5 on one GPU?",
        "What does this course cover?",
        "Define overfitting.",
        "Overfitting?",
        "Why does overfitting happen?",
        "Which optimizer works best?",
        "What is the difference between top-k and top-p sampling?",
        "How long does it take to train GPT-3?",
        "What is the first step of RLHF?",
        "What is catastrophic forgetting and how can one avoid it?",
        "What happens if the learning rate is too high?",
        "How does BERT split its input?",
    ],
)
def test_questions_that_stand_alone_are_left_alone(question: str) -> None:
    made = rewrite(question, LORA)
    assert (made.text, made.changed, made.method) == (question, False, "none")


def test_without_history_nothing_changes() -> None:
    assert not rewrite("How does it work?", []).changed


def test_the_topic_survives_several_follow_ups() -> None:
    history = [*LORA, ("What are its drawbacks?", "It adds hyperparameters."), ("Why?", "Rank.")]
    assert "LoRA" in rewrite("And how much memory does it need?", history).text


def test_a_short_answer_names_what_is_meant_a_long_one_does_not() -> None:
    who = [("Who wrote the paper on the transformer?", "Vaswani et al. at Google")]
    assert "Vaswani" in rewrite("Where did they work?", who).text
    assert "matrices" not in rewrite("How does it work?", LORA).text


def test_words_asked_again_are_not_doubled() -> None:
    made = rewrite("Why does LoRA do that?", LORA)
    assert made.text.count("LoRA") == 1


def test_the_engine_rewrites() -> None:
    engine = ScriptedEngine(lambda prompt: "What are the drawbacks of LoRA?")
    made = rewrite("What are its drawbacks?", LORA, engine)
    assert (made.text, made.changed, made.method) == (
        "What are the drawbacks of LoRA?",
        True,
        "engine",
    )
    assert "What is LoRA?" in engine.prompts[0]


@pytest.mark.parametrize(
    "output",
    [
        "",
        "What are its drawbacks?",
        "What is LoRA?",
        "LoRA",
        "What are the drawbacks of reinforcement learning from human feedback on small GPUs?",
        "drawbacks " * 80 + "LoRA",
    ],
)
def test_a_degenerate_rewriting_is_not_used(output: str) -> None:
    made = rewrite("What are its drawbacks?", LORA, ScriptedEngine(lambda prompt: output))
    assert (made.text, made.method) == ("What are its drawbacks? (LoRA)", "words")


def test_long_history_is_cut_to_the_window() -> None:
    engine = ScriptedEngine(lambda prompt: "What are the drawbacks of LoRA?", window=60)
    history = [("What is " + "attention " * 30 + "?", "long " * 100), *LORA]
    assert rewrite("What are its drawbacks?", history, engine).method == "engine"
    assert "attention" not in engine.prompts[0]


def test_content_words_keep_names_whole() -> None:
    assert content_words("What is the FLAN-T5 model's top-p?") == ["FLAN-T5", "model's", "top-p"]
    assert leans_on_history("...")
