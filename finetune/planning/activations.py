"""What a forward pass of a T5 keeps for the backward pass, in bytes, operator by operator.

The counts are those of transformers 5 with its "sdpa" attention and PyTorch's autograd; a test
holds them against the tensors that autograd really saves. n = batch × source tokens and m = batch ×
target tokens; d, ff, inner, heads, r as in the shape; a is 2 (bfloat16) or 4 (float32).

* A norm keeps its input (and what it has normalized, if its weight is trained), in float32.
* A linear layer keeps its input: once for all that read it in float32; under autocast each makes
  a copy in bfloat16. An adapter keeps r numbers a token more.
* Self-attention keeps query, key, value, and where the position bias is trained (full) the
  probabilities in float32; where it is frozen (LoRA) the mask that holds the bias. Cross-attention
  has no bias: it keeps its mask.
* The gated GELU keeps six tensors of width ff, the product that enters the last matrix a seventh.
* The loss keeps log-probabilities over the vocabulary in float32.
* Autocast keeps the bfloat16 copies of the weights it multiplied with.

With gradient checkpointing (Chen et al. 2016) a block keeps its input alone, and one block at a
time is computed again.
"""

from __future__ import annotations

from dataclasses import dataclass

from finetune.planning.shapes import T5Shape


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch of a step: examples, and tokens of each once padded."""

    examples: int
    source: int
    target: int

    @property
    def n(self) -> int:
        return self.examples * self.source

    @property
    def m(self) -> int:
        return self.examples * self.target


@dataclass(frozen=True, slots=True)
class Kept:
    """Counts bytes for one shape, batch and way of training; `rank` 0 is full fine-tuning."""

    shape: T5Shape
    batch: Batch
    rank: int
    a: int

    @property
    def full(self) -> bool:
        return self.rank == 0

    def total(self, checkpointing: bool = False) -> int:
        """Bytes kept when the forward pass ends."""
        layers = self.shape.layers
        encoder, decoder = self.encoder_block(), self.decoder_block()
        if checkpointing:
            inputs = 4 * self.shape.d * (self.batch.n + self.batch.m)
            blocks = layers * inputs + max(encoder, decoder)
        else:
            blocks = layers * (encoder + decoder)
        return blocks + self.ends() + self.weight_copies() + self.log_probabilities()

    def encoder_block(self) -> int:
        n, batch = self.batch.n, self.batch
        scores = batch.examples * self.shape.heads * batch.source**2
        return 2 * self.norm(n) + self.self_attention(n, scores) + self.feed_forward(n)

    def decoder_block(self) -> int:
        m, batch = self.batch.m, self.batch
        # The causal mask is one for all examples; the probabilities are not.
        scores = (batch.examples if self.full else 1) * self.shape.heads * batch.target**2
        return (
            3 * self.norm(m)
            + self.self_attention(m, scores)
            + self.cross_attention()
            + self.feed_forward(m)
        )

    def norm(self, tokens: int) -> int:
        copies = 8 if self.full else 4 + (self.a if self.a == 2 else 0)
        return tokens * (copies * self.shape.d + 4)

    def inputs(self, tokens: int, width: int, readers: int) -> int:
        """The input of `readers` linear layers."""
        copies = readers if self.a == 2 else 1
        return self.a * tokens * (copies * width + readers * self.rank)

    def self_attention(self, tokens: int, scores: int) -> int:
        d, inner, heads = self.shape.d, self.shape.inner, self.shape.heads
        linear = self.inputs(tokens, d, 3) + self.inputs(tokens, inner, 1)
        if self.full:
            return linear + 4 * (3 * tokens * inner + scores)
        output = tokens * inner if self.a == 2 else 0
        return linear + self.a * (3 * tokens * inner + output + scores) + 4 * tokens * heads

    def cross_attention(self) -> int:
        d, inner, heads = self.shape.d, self.shape.inner, self.shape.heads
        n, m = self.batch.n, self.batch.m
        mask = self.batch.examples * heads * self.batch.target * self.batch.source
        linear = self.inputs(m, d, 1) + self.inputs(m, inner, 1)
        # In float32 all layers read one encoder output, counted in `ends`.
        states = self.inputs(n, d, 2) if self.a == 2 else 2 * self.a * n * self.rank
        output = m * inner if self.a == 2 and not self.full else 0
        kept = m * inner + output + 2 * n * inner + mask
        return linear + states + self.a * kept + 4 * m * heads

    def feed_forward(self, tokens: int) -> int:
        d, ff = self.shape.d, self.shape.ff
        return self.inputs(tokens, d, 2) + self.inputs(tokens, ff, 1) + self.a * 6 * tokens * ff

    def ends(self) -> int:
        """The last norms, and what is read after them."""
        n, m, d = self.batch.n, self.batch.m, self.shape.d
        states = 4 * n * d if self.a == 4 else 0
        head = self.a * m * d if self.full else 0
        # The first norms read embeddings; where those are frozen, their inputs are not kept.
        frozen = 0 if self.full else self.norm(n) + self.norm(m)
        return self.norm(n) + self.norm(m) + states + head - frozen

    def weight_copies(self) -> int:
        if self.a == 4:
            return 0
        return 2 * (self.shape.linear if self.full else self.shape.lora(self.rank))

    def log_probabilities(self) -> int:
        return 4 * self.batch.m * self.shape.vocabulary
