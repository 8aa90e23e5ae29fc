"""A vocabulary of our own, as transformers and the chatbot's engine read it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import course_text
import pytest
import sentencepiece
from transformers import AutoTokenizer

from chatbot.engines.base import Decoding
from chatbot.engines.flan_t5 import FlanT5Engine
from finetune.errors import TrainingError
from finetune.t5_shapes import SIZES, new_t5
from finetune.vocabulary import as_t5, coverage, save_vocabulary, train_vocabulary

SIZE = 420
DOCUMENTS = [course_text.document(number) for number in range(60)]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Trained, written, and read back as anybody would."""
    folder = save_vocabulary(train_vocabulary(DOCUMENTS, SIZE), tmp_path_factory.mktemp("words"))
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def test_the_marks_are_t5s(tokenizer: Any) -> None:
    assert len(tokenizer) == SIZE
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id) == (0, 1, 2)
    sentinels = [tokenizer.convert_tokens_to_ids(f"<extra_id_{n}>") for n in range(100)]
    assert sentinels == list(range(SIZE - 1, SIZE - 101, -1))
    assert tokenizer("<extra_id_0> reads <extra_id_1>").input_ids[0] == SIZE - 1


def test_text_comes_back_and_white_space_is_one_space(tokenizer: Any) -> None:
    ids = tokenizer("The  encoder\nreads 12 heads.").input_ids
    assert ids[-1] == 1
    assert 2 not in ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == "The encoder reads 12 heads."
    pieces = tokenizer.convert_ids_to_tokens(ids)
    assert [piece.strip("▁") for piece in pieces if any(c.isdigit() for c in piece)] == ["1", "2"]
    assert tokenizer("snow ☃").input_ids[-2] == 2


def test_it_cuts_as_sentencepiece_itself() -> None:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(DOCUMENTS), model_writer=model, vocab_size=320, pad_id=0, eos_id=1,
        unk_id=2, bos_id=-1, minloglevel=2,
    )  # fmt: skip
    own = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    ours = as_t5(model.getvalue())
    for text in (*DOCUMENTS[:10], "ﬁve ½ “quoted” ｆｕｌｌ　width", " a  b "):
        lines = " ".join(text.split())
        assert ours(lines, add_special_tokens=False).input_ids == own.encode(lines), text


def test_the_same_text_gives_the_same_vocabulary(tokenizer: Any) -> None:
    again = train_vocabulary(DOCUMENTS, SIZE)
    assert again.get_vocab() == tokenizer.get_vocab()
    part = train_vocabulary(DOCUMENTS, SIZE, characters=20_000, seed=1)
    assert (
        part.get_vocab() == train_vocabulary(DOCUMENTS, SIZE, characters=20_000, seed=1).get_vocab()
    )


def test_the_engine_takes_it_as_it_is(tokenizer: Any, tmp_path: Path) -> None:
    model = new_t5(SIZES["tiny"], len(tokenizer))
    model.save_pretrained(tmp_path)
    save_vocabulary(tokenizer, tmp_path)
    engine = FlanT5Engine.load(tmp_path, name="lectern-t5-tiny", device="cpu", dtype="float32")
    assert engine.count_tokens("The encoder reads.") == len(
        tokenizer("The encoder reads.").input_ids
    )
    text = engine.generate(["The encoder"], Decoding(max_new_tokens=8))[0]
    assert "<" not in text
    assert len(engine.score(["The encoder"], ["reads"])) == 1


def test_a_kill_leaves_no_half_vocabulary(
    tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(folder: Path) -> None:
        (Path(folder) / "tokenizer.json").write_text('{"version": "1.0", "trunc')
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(tokenizer, "save_pretrained", killed)
        save_vocabulary(tokenizer, tmp_path)
    assert not (tmp_path / "tokenizer.json").exists()
    save_vocabulary(tokenizer, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "tokenizer.json",
        "tokenizer_config.json",
    ]


def test_coverage(tokenizer: Any) -> None:
    figures = coverage(tokenizer, ["The encoder reads ☃"])
    assert figures["tokens_per_word"] * 4 * figures["characters_per_token"] == pytest.approx(19)
    assert figures["unknown"] > 0


def test_too_little_text_is_said() -> None:
    with pytest.raises(TrainingError, match="No vocabulary of 5000 pieces"):
        train_vocabulary(DOCUMENTS[:2], 5000)
