from __future__ import annotations

from collections.abc import Sequence

import pytest
from course_passages import ATTENTION, COURSE, GRADING
from scripted_engine import ScriptedEngine

from chatbot.answering import Draft, TextDelta
from chatbot.engines.base import Decoding
from chatbot.engines.flan_t5 import FlanT5Engine
from chatbot.generative import GenerativeAnswerer
from chatbot.options import AskOptions
from ingestion.encoders.base import Encoder
from ingestion.passage import Passage

QUESTION = "How many heads does the model have?"
EVIDENCE = "A model with 12 heads learns 12 patterns of attention at once."
OPTIONS = AskOptions.model_validate({})


def options(**changes: object) -> AskOptions:
    return AskOptions.model_validate(changes)


def ask(
    answerer: GenerativeAnswerer, passages: Sequence[Passage] = COURSE, question: str = QUESTION
) -> tuple[list[TextDelta], Draft]:
    *deltas, draft = answerer.stream(question, passages)
    assert isinstance(draft, Draft)
    assert all(isinstance(delta, TextDelta) for delta in deltas)
    return [d for d in deltas if isinstance(d, TextDelta)], draft


def joined(deltas: list[TextDelta], part: str) -> str:
    return "".join(delta.text for delta in deltas if delta.part == part).strip()


def test_it_streams_then_cites(encoder: Encoder) -> None:
    engine = ScriptedEngine(lambda prompt: "A model with 12 heads learns 12 patterns.")
    deltas, draft = ask(GenerativeAnswerer(engine, encoder, OPTIONS))
    assert len(deltas) > 3
    assert joined(deltas, "answer") == draft.text == "A model with 12 heads learns 12 patterns."
    (citation,) = draft.citations
    assert citation.sentence == EVIDENCE
    assert citation.locator.label == "page 22"
    assert 0.6 < draft.confidence < 1.0
    assert EVIDENCE in engine.prompts[0]
    assert len(draft.given) == 3
    assert all(block in engine.prompts[0] for block in draft.given)


def test_reasoning_streams_apart(encoder: Encoder) -> None:
    engine = ScriptedEngine(
        lambda prompt: "A model is described. It learns 12 patterns. The answer is 12 heads."
    )
    deltas, draft = ask(GenerativeAnswerer(engine, encoder, options(chain_of_thought=True)))
    assert joined(deltas, "reasoning") == draft.reasoning
    assert draft.reasoning == "A model is described. It learns 12 patterns."
    assert joined(deltas, "answer") == draft.text == "12 heads."
    assert [d.part for d in deltas] == sorted((d.part for d in deltas), reverse=True)
    assert draft.citations[0].sentence == EVIDENCE


@pytest.mark.parametrize("chain_of_thought", [False, True])
def test_declining_is_an_empty_draft(encoder: Encoder, chain_of_thought: bool) -> None:
    said = "It says nothing of it. The answer is unanswerable." if chain_of_thought else ""
    engine = ScriptedEngine(lambda prompt: said or "unanswerable")
    answerer = GenerativeAnswerer(engine, encoder, options(chain_of_thought=chain_of_thought))
    deltas, draft = ask(answerer)
    assert joined(deltas, "answer") == ""
    assert (draft.text, draft.citations, draft.confidence) == ("", (), 0.0)


def test_confidence_follows_likelihood_and_support(encoder: Encoder) -> None:
    def confidence(said: str, log_likelihood: float) -> float:
        engine = ScriptedEngine(lambda _: said, likelihood=lambda p, c: log_likelihood)
        return ask(GenerativeAnswerer(engine, encoder, OPTIONS))[1].confidence

    sure = confidence(EVIDENCE, -0.05)
    assert sure > confidence(EVIDENCE, -1.5) > confidence("Penguins eat fish.", -1.5) == 0.0


def test_map_rerank_answers_from_the_best_passage(encoder: Encoder) -> None:
    def complete(prompt: str) -> str:
        if "40 percent" in prompt:
            return "40 percent"
        return "Penguins." if "LoRA" in prompt else "unanswerable"

    engine = ScriptedEngine(complete)
    answerer = GenerativeAnswerer(engine, encoder, options(map_rerank=True))
    deltas, draft = ask(answerer, question="What share of the grade is the final project?")
    assert len(engine.prompts) == len(COURSE)
    assert all(sum(p.text[:20] in prompt for p in COURSE) == 1 for prompt in engine.prompts)
    assert joined(deltas, "answer") == draft.text == "40 percent"
    assert draft.citations[0].chunk_id == GRADING.chunk_id


def test_map_rerank_declines_when_all_passages_do(encoder: Encoder) -> None:
    engine = ScriptedEngine(lambda prompt: "unanswerable")
    deltas, draft = ask(GenerativeAnswerer(engine, encoder, options(map_rerank=True)))
    assert (deltas, draft.text, draft.confidence) == ([], "", 0.0)


def test_likelihood_breaks_the_tie_between_passages(encoder: Encoder) -> None:
    twin = [ATTENTION, ATTENTION]
    answers = iter(["12 heads", "12 patterns"])
    engine = ScriptedEngine(
        lambda prompt: next(answers), likelihood=lambda p, c: -0.1 if "patterns" in c else -3.0
    )
    _, draft = ask(GenerativeAnswerer(engine, encoder, options(map_rerank=True)), twin)
    assert draft.text == "12 patterns"


def test_leaving_early_closes_the_engines_stream(encoder: Encoder) -> None:
    engine = ScriptedEngine(lambda prompt: "A model with 12 heads learns 12 patterns.")
    stream = GenerativeAnswerer(engine, encoder, OPTIONS).stream(QUESTION, COURSE)
    next(stream)
    assert not engine.closed
    stream.close()  # type: ignore[attr-defined]
    assert engine.closed


def test_no_passages_no_answer(encoder: Encoder) -> None:
    engine = ScriptedEngine(lambda prompt: pytest.fail("asked the engine"))
    assert ask(GenerativeAnswerer(engine, encoder, OPTIONS), []) == ([], Draft(""))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"shots": 3, "chain_of_thought": True},
        {"map_rerank": True},
        {"decoding": {"strategy": "beam", "num_beams": 2}},
        {"decoding": {"strategy": "sample", "temperature": 1.5, "top_k": 20, "seed": 3}},
    ],
    ids=str,
)
def test_a_real_t5_answers_within_its_window(
    encoder: Encoder, sorting_engine: FlanT5Engine, changes: dict[str, object]
) -> None:
    chosen = options(**changes)
    chosen.decoding.max_new_tokens = 24
    engine = wide(sorting_engine)
    deltas, draft = ask(GenerativeAnswerer(engine, encoder, chosen))
    assert joined(deltas, "answer") == draft.text
    assert 0.0 <= draft.confidence <= 1.0


def wide(engine: FlanT5Engine) -> FlanT5Engine:
    """The same model with the largest window: its tokenizer spells most words letter by letter."""
    return FlanT5Engine(engine._model, engine._tokenizer, name=engine.name, window=2048)


def test_seeded_sampling_repeats(encoder: Encoder, sorting_engine: FlanT5Engine) -> None:
    decoding = Decoding(strategy="sample", temperature=2.0, seed=11, max_new_tokens=24)
    answerer = GenerativeAnswerer(wide(sorting_engine), encoder, options(decoding=decoding))
    assert ask(answerer)[1] == ask(answerer)[1]
