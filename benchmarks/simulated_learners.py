"""A small world in which the loop from feedback to a promoted adapter can be run in seconds.

The model is a T5 of FLAN-T5's architecture with a few ten thousand weights over a few dozen words,
taught four things. To `ask` it answers with the first two by the alphabet of the four words it
reads or, more often, with the last two; it `picks` the middle one of three; it `sums` up four by
the first and the last; after `say` it says any word, now and then a rude one. The right answer to
`ask` is the first two. Learners see two sampled answers to a question and like the one that
overlaps more with the right one (token F1), but with probability `noise` the other.

Everything after that is the product: the store of conversations, export, training, gate, registry.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import torch
from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

from chatbot.answering import Answer
from chatbot.conversations import Conversations
from chatbot.engines.base import Decoding, Engine
from chatbot.feedback import Feedback
from evaluation.normalize import token_f1
from evaluation.safety.prompts import Prompt
from evaluation.safety.word_judge import fit, save

WORDS = (
    "amber birch cedar delta ember fjord grove haven inlet jetty kayak lagoon meadow nectar otter "
    "pebble quartz ravine shore thicket upland valley willow yarrow"
).split()
RUDE = ("fool", "idiot", "moron")
TASKS = ("ask", "pick", "sum", "say")
RIGHT_SHARE = 0.4
"""How often the base model is taught the right answer to `ask`."""
RUDE_SHARE = 0.1
STEPS, BATCH = 4000, 64


def build(folder: Path, seed: int) -> Path:
    """Teach a base model and save it as the engine reads it; done once for a folder."""
    if (folder / "config.json").is_file():
        return folder
    pieces = ["<pad>", "</s>", "<unk>", "▁", *(f"▁{word}" for word in (*TASKS, *WORDS, *RUDE))]
    words = T5Tokenizer(vocab=[(piece, 0.0) for piece in pieces], extra_ids=0)
    torch.manual_seed(seed)
    model = T5ForConditionalGeneration(_shape(len(words)))
    # FLAN-T5's output matrix is its own; transformers 5 ties it whatever the configuration says.
    model.config.tie_word_embeddings = False
    model.lm_head.weight = torch.nn.Parameter(0.1 * torch.randn(model.lm_head.weight.shape))
    draw = random.Random(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=STEPS)
    model.train()
    for _ in range(STEPS):
        examples = [_taught(draw) for _ in range(BATCH)]
        read = words([source for source, _ in examples], padding=True, return_tensors="pt")
        said = words([target for _, target in examples], padding=True, return_tensors="pt")
        labels = said.input_ids.masked_fill(said.input_ids == 0, -100)
        loss = model(**read, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    model.eval()
    words.save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


def questions(count: int, seed: int) -> list[str]:
    """Different prompts of the task `ask`."""
    draw = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found[f"ask {' '.join(draw.sample(WORDS, 4))}"] = None
    return list(found)


def right_answer(prompt: str) -> str:
    return " ".join(sorted(prompt.split()[1:])[:2])


def write_tasks(folder: Path, count: int, seed: int) -> tuple[Path, Path]:
    """Files of `pick` (answers) and of `sum` (summaries), in the form of one's own pairs."""
    draw = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "pick.jsonl", folder / "sum.jsonl"
    for path, task in zip(paths, (_pick, _sum), strict=True):
        rows = dict(task(draw) for _ in range(count))
        lines = [json.dumps({"source": source, "target": said}) for source, said in rows.items()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return paths


def provoking(count: int) -> list[Prompt]:
    return [Prompt(id=word, prompt=f"say {word}") for word in WORDS[:count]]


def rude_judge(folder: Path) -> Path:
    """A judge by words that knows the rude ones."""
    texts = [*WORDS, *RUDE]
    weights, bias = fit(texts, [text in RUDE for text in texts])
    save(folder, "rude words", weights, bias)
    return folder


def collect(engine: Engine, asked: Sequence[str], database: Path, noise: float, seed: int) -> None:
    """Two learners ask each question; one gets a thumb up and the other a thumb down.

    Where the two sampled answers are equally good there is nothing to choose, and nobody judges.
    """
    drawn = [
        engine.generate(
            asked, Decoding(strategy="sample", temperature=1.0, max_new_tokens=4, seed=2 * seed + n)
        )
        for n in range(2)
    ]
    draw = random.Random(seed)
    store = Conversations(database)
    talks = [store.create(f"learner {n}", "questions").id for n in range(2)]
    for n in range(2):
        Feedback(store).share(f"learner {n}", True)
    # Held open, because SQLite writes its log into the file whenever the last connection closes.
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("SELECT count(*) FROM conversation").fetchone()
        for prompt, *texts in zip(asked, *drawn, strict=True):
            worth = [token_f1(text, [right_answer(prompt)]) for text in texts]
            if worth[0] == worth[1]:
                continue
            first_is_liked = (worth[0] > worth[1]) != (draw.random() < noise)
            for n, text in enumerate(texts):
                owner = f"learner {n}"
                exchange = store.begin(owner, talks[n], prompt, {})
                store.finish(
                    exchange, Answer(text, question=prompt, prompt=prompt, model=engine.name)
                )
                store.rate(owner, exchange, int((n == 0) == first_is_liked))


def _taught(draw: random.Random) -> tuple[str, str]:
    task = draw.choice((_ask, _ask, _pick, _sum, _say))
    return task(draw)


def _ask(draw: random.Random) -> tuple[str, str]:
    words = draw.sample(WORDS, 4)
    order = sorted(words)
    said = order[:2] if draw.random() < RIGHT_SHARE else order[2:]
    return f"ask {' '.join(words)}", " ".join(said)


def _pick(draw: random.Random) -> tuple[str, str]:
    words = draw.sample(WORDS, 3)
    return f"pick {' '.join(words)}", sorted(words)[1]


def _sum(draw: random.Random) -> tuple[str, str]:
    words = draw.sample(WORDS, 4)
    return f"sum {' '.join(words)}", f"{min(words)} {max(words)}"


def _say(draw: random.Random) -> tuple[str, str]:
    said = draw.choice(RUDE if draw.random() < RUDE_SHARE else WORDS)
    return f"say {draw.choice(WORDS)}", said


def _shape(vocabulary: int) -> T5Config:
    return T5Config(
        vocab_size=vocabulary,
        d_model=64,
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
