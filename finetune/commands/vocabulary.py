"""`lectern train vocabulary`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatbot.commands import console
from finetune.commands.app import SeedOption, train_app

CorpusOption = Annotated[
    Path | None,
    typer.Option(
        "--corpus",
        exists=True,
        dir_okay=False,
        help="Text by source (TOML); else lectern-t5's own.",
    ),
]
CorpusRootOption = Annotated[
    Path | None,
    typer.Option("--data-dir", file_okay=False, help="Where folders of the corpus start."),
]


@train_app.command("vocabulary")
def vocabulary(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the tokenizer goes.")],
    corpus: CorpusOption = None,
    data_dir: CorpusRootOption = None,
    size: Annotated[
        int, typer.Option(min=300, max=65_536, help="Pieces, sentinels and marks included.")
    ] = 16_384,
    characters: Annotated[
        int, typer.Option(min=1000, help="Text that is learned from, sampled where there is more.")
    ] = 40_000_000,
    seed: SeedOption = 0,
) -> None:
    """Learn a Unigram vocabulary from a corpus, saved as a T5 tokenizer."""
    from finetune.pretraining.corpus import CORPUS, Corpus, is_held
    from finetune.vocabulary import coverage, save_vocabulary, train_vocabulary

    read = Corpus.load(corpus or CORPUS, data_dir)
    documents: list[str] = []
    held: list[str] = []
    for text in read.text:
        found = list(text.documents())
        held += [document for document in found if is_held(document, 0.01)]
        documents += [document for document in found if not is_held(document, 0.01)]
        total = sum(map(len, found))
        console.tell(f"{text.name}: {len(found):,} documents, {total:,} characters")
    console.tell(f"Learning {size:,} pieces (minutes)…")
    tokenizer = train_vocabulary(documents, size, characters=characters, seed=seed)
    save_vocabulary(tokenizer, out)
    console.show(f"{out}: {len(tokenizer):,} pieces")
    if held:
        figures = coverage(tokenizer, held)
        console.out.print(
            f"held documents: {figures['tokens_per_word']:.3f} tokens a word, "
            f"{figures['characters_per_token']:.2f} characters a token, "
            f"{figures['unknown']:.3%} unknown"
        )
