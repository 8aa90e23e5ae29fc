"""A T5 v1.1 (gated-GELU, untied head: FLAN-T5's architecture) of a few thousand weights, for tests.

The tokenizer is a Unigram model trained on the spot. `build(folder)` writes random weights; `teach`
trains a model to sort the words after "sort:" so that generation, streaming and log-likelihoods can
be checked on text that means something (about 10 s on two cores).
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import Unigram
from tokenizers.trainers import UnigramTrainer
from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

WORDS = re.findall(
    r"\w+",
    """adapter answer attention chunk citation course decoder dialogue encoder gradient index layer
    lecture model passage policy prompt reward search sentence slide summary token vector weight
    window""",
)

CORPUS = [
    "sort: " + " ".join(WORDS),
    "Read this: The attention layer has 12 heads. Question: How many heads? Answer: unanswerable",
    "Let's think step by step. The answer is blue, red or green; so it is not 0 1 2 3 4 5 6 7 8 9.",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz .,;:!?()[]\"'-/›",
]


def tokenizer() -> T5Tokenizer:
    trained = Tokenizer(Unigram())
    trained.normalizer = normalizers.NFKC()
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    specials = ["<pad>", "</s>", "<unk>"]
    lines = [line for line in CORPUS for _ in range(20)]
    trainer = UnigramTrainer(
        vocab_size=240, special_tokens=specials, unk_token="<unk>", show_progress=False
    )
    trained.train_from_iterator(lines, trainer)
    pieces = json.loads(trained.to_str())["model"]["vocab"]
    known = {piece for piece, _ in pieces}
    whole = [(f"▁{word}", -1.0) for word in WORDS if f"▁{word}" not in known]
    return T5Tokenizer(vocab=[(piece, score) for piece, score in pieces] + whole, extra_ids=0)


def config(vocabulary: int, d_model: int = 64) -> T5Config:
    return T5Config(
        vocab_size=vocabulary,
        d_model=d_model,
        d_kv=16,
        d_ff=128,
        num_layers=2,
        num_decoder_layers=2,
        num_heads=4,
        dropout_rate=0.0,
        feed_forward_proj="gated-gelu",
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
    )


def build(folder: Path, seed: int = 0, d_model: int = 64) -> Path:
    """Random weights and a tokenizer, saved as a folder that `from_pretrained` reads."""
    torch.manual_seed(seed)
    words = tokenizer()
    model = T5ForConditionalGeneration(config(len(words), d_model))
    # transformers 5 ties the head to the embeddings whatever the config says; FLAN-T5's is its own.
    # Spread wide, because greedy decoding over near-equal logits would depend on rounding.
    model.config.tie_word_embeddings = False
    model.lm_head.weight = torch.nn.Parameter(torch.randn(model.lm_head.weight.shape))
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def teach(folder: Path, seed: int = 0, steps: int = 400) -> Path:
    """`build`, then train: "sort: b c a" → "a b c"."""
    build(folder, seed)
    words = T5Tokenizer.from_pretrained(folder)
    model = T5ForConditionalGeneration.from_pretrained(folder)
    model.config.tie_word_embeddings = False
    torch.nn.init.normal_(model.lm_head.weight, std=0.1)
    draw = random.Random(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
    model.train()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # at this size threads wait for each other longer than they work
    for _ in range(steps):
        phrases = [phrase(draw) for _ in range(16)]
        prompts = [f"sort: {words_}" for words_ in phrases]
        loss = model(**batch(words, prompts, [in_order(words_) for words_ in phrases])).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    torch.set_num_threads(threads)
    model.eval()
    model.save_pretrained(folder)
    return folder


def phrase(draw: random.Random) -> str:
    return " ".join(draw.sample(WORDS, draw.randint(2, 5)))


def in_order(words: str) -> str:
    return " ".join(sorted(words.split()))


def batch(
    words: T5Tokenizer, prompts: Sequence[str], targets: Sequence[str]
) -> dict[str, torch.Tensor]:
    inputs = words(list(prompts), padding=True, return_tensors="pt")
    labels = words(list(targets), padding=True, return_tensors="pt").input_ids
    return {
        "input_ids": inputs.input_ids,
        "attention_mask": inputs.attention_mask,
        "labels": labels.masked_fill(labels == 0, -100),
    }


def make_adapter(base: Path, folder: Path, seed: int, named: str = "") -> None:
    """A LoRA of random weights over `base`, saved in `folder`; `named` is the base it claims."""
    model = T5ForConditionalGeneration.from_pretrained(base)
    model.config.tie_word_embeddings = False
    torch.manual_seed(seed)
    shape = LoraConfig(r=4, target_modules=["q", "v"], task_type="SEQ_2_SEQ_LM")
    tuned = get_peft_model(model, shape)
    for name, weights in tuned.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weights, std=0.5)
    tuned.save_pretrained(folder)
    if named:
        config = folder / "adapter_config.json"
        config.write_text(
            json.dumps(json.loads(config.read_text()) | {"base_model_name_or_path": named})
        )
