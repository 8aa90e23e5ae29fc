"""A BERT sentence encoder of a few thousand random weights, in the layout of all-MiniLM."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel

LAYERS = 2


def build(folder: Path, words: Sequence[str], d: int = 16, seed: int = 0) -> Path:
    """Every word is a token; others are `[UNK]`. Reads up to 64 tokens."""
    torch.manual_seed(seed)
    folder.mkdir(parents=True)
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocabulary = {word: number for number, word in enumerate([*marks, *words])}
    inner = 2 * d
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(vocabulary), d),
        "embeddings.position_embeddings.weight": (64, d),
        "embeddings.token_type_embeddings.weight": (2, d),
        "embeddings.LayerNorm.weight": (d,),
        "embeddings.LayerNorm.bias": (d,),
    }
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        for name, out, into in (
            ("attention.self.query", d, d),
            ("attention.self.key", d, d),
            ("attention.self.value", d, d),
            ("attention.output.dense", d, d),
            ("intermediate.dense", inner, d),
            ("output.dense", d, inner),
        ):
            shapes[f"{at}.{name}.weight"] = (out, into)
            shapes[f"{at}.{name}.bias"] = (out,)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"{at}.{name}.weight"] = (d,)
            shapes[f"{at}.{name}.bias"] = (d,)
    weights = {name: torch.randn(shape) * 0.3 for name, shape in shapes.items()}
    for name in weights:
        if name.endswith("LayerNorm.weight"):
            weights[name] = torch.ones(d)
    save_file(weights, folder / "model.safetensors")

    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": d,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 2,
        "layer_norm_eps": 1e-12,
    }
    kinds = ("Transformer", "Pooling", "Normalize")
    modules = [{"path": f"{i}_{k}", "type": f"models.{k}"} for i, k in enumerate(kinds)]
    pooling = {"pooling_mode_mean_tokens": True}
    (folder / modules[1]["path"]).mkdir()
    for file, content in {
        "config.json": config,
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": 64},
        "1_Pooling/config.json": pooling,
    }.items():
        (folder / file).write_text(json.dumps(content))
    return folder
