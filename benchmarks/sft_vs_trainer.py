"""LoRA training against a plain `Seq2SeqTrainer` with peft: tokens a second that are no padding.

Both train the same T5 with the same adapter (same rank, targets and initial weights) on the same
dialogues of DialogSum, in batches of the same number of examples, for the same number of steps, at
the same rate and precision, without packing. They take turns (ours, Trainer, ours, …) in this
process; the ratio is the median over the pairs. The losses on held dialogues show that both learn
alike. The Trainer is as its documentation has it: `DataCollatorForSeq2Seq`, batches drawn at
random. Ours differs by batches of one length and by holding frozen weights in the precision it
computes in.

    python -m benchmarks.sft_vs_trainer --data ../shared/data --out docs/results

Without `--model` it is a T5 with FLAN-T5's vocabulary and random weights (--d-model, --layers):
right for the speed; that both learn alike shows there too. About ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import (
    DataCollatorForSeq2Seq,
    PreTrainedTokenizerFast,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    T5Config,
    T5ForConditionalGeneration,
)

from benchmarks.record import data_argument, median_of, out_argument, record
from chatbot.engines.hardware import resolve_device
from finetune.data.encoding import Encoded, encode
from finetune.data.formats import read_format
from finetune.data.mixture import Mixture, Source
from finetune.models import AdapterSettings
from finetune.precision import Precision
from finetune.processes import Processes
from finetune.scoring import Scorer
from finetune.sft.loop import SftLoop
from finetune.sft.run import order_of, prepare
from finetune.sft.settings import SftSettings

HELD = 200
VOCABULARY = 32_128


@dataclass(frozen=True)
class Run:
    """`loss`: of a target token of the held dialogues, in nats, afterwards."""

    tokens_per_second: float
    loss: float


@dataclass(frozen=True)
class Bench:
    """What both sides share."""

    model: str
    source: Source
    train: list[Encoded]
    held: list[Encoded]
    settings: SftSettings
    precision: Precision
    processes: Processes

    @property
    def tokens(self) -> int:
        """Tokens of sources and targets that one pass reads, padding left out."""
        return sum(len(one.source) + len(one.target) for one in self.train)

    def loss(self, model: Any, tokenizer: Any) -> float:
        scorer = Scorer(self.held, tokenizer, self.precision, self.processes, max_new_tokens=1)
        return scorer.loss(model)

    def ours(self, folder: Path) -> Run:
        model, tokenizer = prepare(self.model, self.settings, self.precision, self.processes)
        mixture = Mixture([self.source], [self.train], self.settings.seed)
        loop = SftLoop(
            model,
            mixture.examples,
            order_of(mixture, self.settings),
            self.settings,
            folder,
            precision=self.precision,
            processes=self.processes,
        )
        began = time.perf_counter()
        loop.run()
        seconds = time.perf_counter() - began
        return Run(self.tokens / seconds, self.loss(model, tokenizer))

    def trainer(self, folder: Path) -> Run:
        # Trainer's mixed precision starts from float32 weights.
        plain = Precision(torch.float32, self.precision.device)
        model, tokenizer = prepare(self.model, self.settings, plain, self.processes)
        rows = [
            {"input_ids": one.source, "attention_mask": [1] * len(one.source), "labels": one.target}
            for one in self.train
        ]
        settings = self.settings
        assert settings.batch is not None
        steps = -(-len(rows) // settings.batch)
        arguments = Seq2SeqTrainingArguments(
            output_dir=str(folder),
            per_device_train_batch_size=settings.batch,
            num_train_epochs=1,
            learning_rate=settings.lr,
            lr_scheduler_type="linear",
            warmup_steps=settings.warmup_steps(steps),
            max_grad_norm=settings.clip,
            adam_epsilon=1e-6,
            bf16=self.precision.compute == torch.bfloat16,
            use_cpu=self.precision.device == "cpu",
            seed=settings.seed,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        collator = DataCollatorForSeq2Seq(tokenizer, model=model)
        learner = Seq2SeqTrainer(
            model=model, args=arguments, train_dataset=rows, data_collator=collator
        )
        began = time.perf_counter()
        learner.train()
        seconds = time.perf_counter() - began
        return Run(self.tokens / seconds, self.loss(model, tokenizer))


def build(folder: Path, tokenizer: Path, d_model: int, layers: int) -> Path:
    """A T5 of FLAN-T5's kind and vocabulary, with random weights."""
    read = Tokenizer.from_str(gzip.decompress(tokenizer.read_bytes()).decode())
    words = PreTrainedTokenizerFast(
        tokenizer_object=read, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    words.save_pretrained(folder)
    torch.manual_seed(0)
    shape = T5Config(
        vocab_size=VOCABULARY, d_model=d_model, d_ff=2 * d_model, d_kv=64, num_layers=layers,
        num_decoder_layers=layers, num_heads=d_model // 64, feed_forward_proj="gated-gelu",
        decoder_start_token_id=0, pad_token_id=0, eos_token_id=1, scale_decoder_outputs=False,
    )  # fmt: skip
    model = T5ForConditionalGeneration(shape)
    model.config.tie_word_embeddings = False
    head = torch.randn(VOCABULARY, d_model) * d_model**-0.5
    model.lm_head.weight = torch.nn.Parameter(head)
    model.save_pretrained(folder)
    return folder


def measure(options: argparse.Namespace, work: Path) -> None:
    processes = Processes(resolve_device(options.device))
    precision = Precision.choose(options.precision, processes.device.type)
    name = options.model
    if name is None:
        tokenizer_file = options.data / "tokenizer" / "flan_t5_small_tokenizer.json.gz"
        name = str(build(work / "t5", tokenizer_file, options.d_model, options.layers))
    settings = SftSettings(
        adapter=AdapterSettings(r=16, alpha=32),
        batch=options.batch,
        lr=options.lr,
        epochs=1,
        precision=options.precision,
    )
    source = Source(
        format="dialogsum", path=options.data / "dialogue/dialogsum/dialogsum.train.jsonl.gz"
    )
    _, tokenizer = prepare(name, settings, precision, processes)
    examples = read_format(source.format, source.path)[: options.examples + HELD]
    fitting, lengths = encode(examples, tokenizer, max_source=512, max_target=256)
    bench = Bench(name, source, fitting[HELD:], fitting[:HELD], settings, precision, processes)
    untrained = bench.loss(*prepare(name, settings, precision, processes))
    ours, trainer = [], []
    for pair in range(options.pairs):
        ours.append(bench.ours(work / f"ours-{pair}"))
        trainer.append(bench.trainer(work / f"trainer-{pair}"))
        print(f"pair {pair + 1}: ours {ours[-1]}, Trainer {trainer[-1]}", flush=True)
    ratios = [
        one.tokens_per_second / other.tokens_per_second
        for one, other in zip(ours, trainer, strict=True)
    ]
    figures = {
        "tokens_per_second_ours": median_of([run.tokens_per_second for run in ours]),
        "tokens_per_second_trainer": median_of([run.tokens_per_second for run in trainer]),
        "ratio": median_of(ratios),
        "held_loss_ours": median_of([run.loss for run in ours]),
        "held_loss_trainer": median_of([run.loss for run in trainer]),
        "held_loss_untrained": {"value": untrained},
    }
    record(
        options.out,
        options.name,
        figures,
        model=options.model or f"random T5, d_model {options.d_model}, {options.layers} layers",
        batch=options.batch,
        examples=len(bench.train),
        left_out=lengths.long_sources + lengths.long_targets,
        tokens=bench.tokens,
        compute=str(precision.compute),
        device=processes.device.type,
        threads=torch.get_num_threads(),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    data_argument(parser)
    out_argument(parser)
    parser.add_argument("--name", default="sft_vs_trainer", help="what the result is called")
    parser.add_argument("--model", help="a T5 by folder or name; one of random weights without")
    parser.add_argument("--d-model", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--examples", type=int, default=480)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        measure(options, Path(work))


if __name__ == "__main__":
    main()
