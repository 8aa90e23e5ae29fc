from __future__ import annotations

import threading
from pathlib import Path

import pytest
import tiny_t5
import torch

from chatbot.engines.base import Decoding
from chatbot.engines.flan_t5 import FlanT5Engine
from chatbot.engines.hardware import resolve_device, resolve_dtype
from ingestion.errors import ModelUnavailable

PROMPTS = [
    "sort: reward index encoder",
    "sort: token answer",
    "sort: layer gradient adapter vector",
    "sort: window course",
]
GREEDY = Decoding(max_new_tokens=16)
BEAM = Decoding(strategy="beam", num_beams=3, max_new_tokens=16)
SAMPLE = Decoding(strategy="sample", temperature=2.0, top_k=40, top_p=0.95, max_new_tokens=16)


def test_a_taught_model_says_what_it_learned(sorting_engine: FlanT5Engine) -> None:
    expected = [tiny_t5.in_order(p.removeprefix("sort: ")) for p in PROMPTS]
    said = sorting_engine.generate(PROMPTS, GREEDY)
    assert sum(a == b for a, b in zip(said, expected, strict=True)) >= 3


@pytest.mark.parametrize("decoding", [GREEDY, BEAM], ids=["greedy", "beam"])
def test_padding_changes_nothing(sorting_engine: FlanT5Engine, decoding: Decoding) -> None:
    alone = [sorting_engine.generate([prompt], decoding)[0] for prompt in PROMPTS]
    assert sorting_engine.generate(PROMPTS, decoding) == alone


@pytest.mark.parametrize(
    "decoding",
    [GREEDY, BEAM, SAMPLE.model_copy(update={"seed": 7})],
    ids=["greedy", "beam", "sample"],
)
def test_joined_stream_is_the_generation(sorting_engine: FlanT5Engine, decoding: Decoding) -> None:
    for prompt in PROMPTS:
        pieces = list(sorting_engine.stream(prompt, decoding))
        assert "".join(pieces) == sorting_engine.generate([prompt], decoding)[0]
    assert decoding.strategy == "beam" or len(pieces) > 1


def test_seed_fixes_the_sample_and_leaves_the_process_its_own_dice(
    sorting_engine: FlanT5Engine,
) -> None:
    def draw(seed: int | None) -> str:
        return sorting_engine.generate(PROMPTS[:1], SAMPLE.model_copy(update={"seed": seed}))[0]

    assert draw(1) == draw(1)
    assert len({draw(seed) for seed in range(8)}) > 1
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    draw(1)
    assert torch.equal(torch.rand(1), expected)


def test_score_is_the_mean_log_likelihood_with_end_token(sorting_engine: FlanT5Engine) -> None:
    completions = ["encoder index reward", "answer", "layer token slide course window", "course"]
    scores = sorting_engine.score(PROMPTS, completions)
    words, model = sorting_engine._tokenizer, sorting_engine._model
    for prompt, completion, score in zip(PROMPTS, completions, scores, strict=True):
        labels = words(completion, return_tensors="pt").input_ids
        assert labels[0, -1] == words.eos_token_id
        with torch.inference_mode():
            loss = model(**words(prompt, return_tensors="pt"), labels=labels).loss
        assert score == pytest.approx(-loss.item(), abs=1e-4)
    right, wrong = sorting_engine.score(
        [PROMPTS[0]] * 2, ["encoder index reward", "reward index encoder"]
    )
    assert right > wrong


def test_a_prompt_longer_than_the_window_is_refused(random_t5: Path) -> None:
    engine = FlanT5Engine.load(random_t5, name="tiny-t5", device="cpu", window=16)
    fits = "token " * 15
    assert engine.count_tokens(fits) == 16
    assert engine.generate([fits], Decoding(max_new_tokens=2))
    for ask in (
        lambda p: engine.generate([p], GREEDY),
        lambda p: list(engine.stream(p, GREEDY)),
        lambda p: engine.score([p], ["token"]),
    ):
        with pytest.raises(ValueError, match="17 tokens is longer than the window of 16"):
            ask(fits + "token")


@pytest.mark.parametrize("window", [8, 4096])
def test_window_has_bounds(random_t5: Path, window: int) -> None:
    with pytest.raises(ValueError, match="between 16 and 2048"):
        FlanT5Engine.load(random_t5, name="tiny-t5", device="cpu", window=window)


def test_closing_a_stream_stops_the_generation(random_t5: Path) -> None:
    engine = FlanT5Engine.load(random_t5, name="tiny-t5", device="cpu")
    steps = 0
    forward = engine._model.decoder.forward

    def counting(*args: object, **kwargs: object) -> object:
        nonlocal steps
        steps += 1
        return forward(*args, **kwargs)

    engine._model.decoder.forward = counting
    engine._model.generation_config.eos_token_id = None
    endless = Decoding(max_new_tokens=1024, strategy="sample", seed=0)
    stream = engine.stream("sort: token", endless)
    next(stream)
    stream.close()
    assert steps < 1024
    assert not [t for t in threading.enumerate() if t.name == "flan-t5-stream"]


def test_an_error_while_streaming_reaches_the_consumer(random_t5: Path) -> None:
    engine = FlanT5Engine.load(random_t5, name="tiny-t5", device="cpu")

    def fail(*args: object, **kwargs: object) -> object:
        raise RuntimeError("out of memory")

    engine._model.decoder.forward = fail
    with pytest.raises(RuntimeError, match="out of memory"):
        list(engine.stream("sort: token", GREEDY))


def test_counting_while_streaming(sorting_engine: FlanT5Engine) -> None:
    expected = sorting_engine.count_tokens(PROMPTS[0])
    for _ in sorting_engine.stream(PROMPTS[0], GREEDY):
        assert sorting_engine.count_tokens(PROMPTS[0]) == expected


def test_the_head_stays_untied(random_t5: Path) -> None:
    engine = FlanT5Engine.load(random_t5, name="tiny-t5", device="cpu")
    head = engine._model.lm_head.weight.clone()
    engine._model.tie_weights()
    assert torch.equal(engine._model.lm_head.weight, head)
    assert not torch.equal(head, engine._model.shared.weight)


def test_other_families_are_refused(tmp_path: Path) -> None:
    from transformers import BartConfig, BartForConditionalGeneration

    shape = BartConfig(
        vocab_size=32,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
    )
    BartForConditionalGeneration(shape).save_pretrained(tmp_path)
    with pytest.raises(ModelUnavailable, match="bart model, not a T5"):
        FlanT5Engine.load(tmp_path, name="tiny-bart", device="cpu")


def test_bfloat16_computes_close_to_float32(sorting_t5: Path, sorting_engine: FlanT5Engine) -> None:
    if not torch.cpu._is_avx512_bf16_supported():
        pytest.skip("this processor has no avx512_bf16")
    half = FlanT5Engine.load(sorting_t5, name="sorting-t5", device="cpu", dtype="bfloat16")
    assert half._model.dtype == torch.bfloat16
    completions = half.generate(PROMPTS, GREEDY)
    exact = sorting_engine.score(PROMPTS, completions)
    assert half.score(PROMPTS, completions) == pytest.approx(exact, abs=0.05)


def test_what_cannot_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    assert resolve_device("auto") == "cpu"
    with pytest.raises(ModelUnavailable, match="no CUDA GPU"):
        resolve_device("cuda:0")
    with pytest.raises(ModelUnavailable, match="no avx512_bf16"):
        resolve_dtype("bfloat16", "cpu")
    with pytest.raises(ModelUnavailable, match="overflows in T5"):
        resolve_dtype("float16", "cuda")  # type: ignore[arg-type]
    assert resolve_dtype("auto", "cuda") == torch.bfloat16
    assert resolve_dtype("auto", "cpu") == torch.float32
