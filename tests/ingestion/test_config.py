"""Where a setting comes from: the environment over `lectern.toml` over the default."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot.chain import open_assistant
from chatbot.settings import ChatSettings
from ingestion.config import CONFIG_FILE, read_table
from ingestion.errors import LecternError
from ingestion.index import Index
from ingestion.pipeline import ingest
from ingestion.settings import IngestionSettings


def write(text: str) -> None:
    CONFIG_FILE.write_text(text, encoding="utf-8")  # conftest gives every test a folder of its own


def test_the_later_source_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert IngestionSettings.load().chunk_tokens == 256
    assert IngestionSettings.origin("chunk_tokens") == "default"
    write("[ingestion]\nchunk_tokens = 128\n")
    assert IngestionSettings.load().chunk_tokens == 128
    assert IngestionSettings.origin("chunk_tokens") == "lectern.toml"
    monkeypatch.setenv("LECTERN_CHUNK_TOKENS", "64")
    assert IngestionSettings.load().chunk_tokens == 64
    assert IngestionSettings.origin("chunk_tokens") == "LECTERN_CHUNK_TOKENS"
    assert IngestionSettings.load(chunk_tokens=50).chunk_tokens == 50
    assert IngestionSettings.load(chunk_tokens=None).chunk_tokens == 64


def test_each_room_reads_its_own_table() -> None:
    write('[chatbot]\nmodel = "my-t5"\n\n[ingestion]\nstore = "chroma"\n')
    assert ChatSettings.load().model == "my-t5"
    assert IngestionSettings.load().store == "chroma"
    assert ChatSettings.origin("model") == "lectern.toml"
    assert ChatSettings.origin("window") == "default"


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ('[ingestion]\nchunk_tokens = "many"\n', "chunk_tokens"),
        ("[ingestion]\nchunk_tokens = 3\n", "chunk_tokens"),
        ('[ingestion]\nstore = "pinecone"\n', "store"),
    ],
)
def test_a_bad_value_in_the_file_is_named_with_what_to_do(table: str, named: str) -> None:
    write(table)
    with pytest.raises(LecternError, match=rf"setting {named} cannot be") as caught:
        IngestionSettings.load()
    assert "lectern.toml" in caught.value.remedy
    assert "[ingestion]" in caught.value.remedy
    assert f"LECTERN_{named.upper()}" in caught.value.remedy


def test_a_setting_that_there_is_not_is_called_that() -> None:
    write("[ingestion]\nchunk_token = 100\n")
    with pytest.raises(LecternError, match=r"There is no setting chunk_token\.") as caught:
        IngestionSettings.load()
    assert "lectern.toml under [ingestion]" in caught.value.remedy


def test_a_bad_value_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LECTERN_FUSION_WEIGHT", "1.5")
    with pytest.raises(LecternError, match=r"fusion_weight cannot be '1.5'"):
        ChatSettings.load()


def test_a_file_that_is_not_toml_is_named() -> None:
    write("[ingestion\n")
    with pytest.raises(LecternError, match=r"lectern\.toml is not valid TOML.*line 1"):
        ChatSettings.load()
    CONFIG_FILE.write_bytes(b"[ingestion]\nencoder = '\xff'\n")
    with pytest.raises(LecternError, match=r"not valid TOML"):
        read_table("ingestion")


def test_settings_cannot_be_changed_after_loading() -> None:
    settings = ChatSettings.load()
    with pytest.raises(ValueError, match="frozen"):
        settings.model = "another"  # type: ignore[misc]


def test_a_bad_setting_reads_the_same_wherever_it_is_met(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LECTERN_CHUNK_TOKENS", "3")
    (tmp_path / "a.md").write_text("Some text.")
    with pytest.raises(LecternError, match="chunk_tokens"):
        ingest([tmp_path / "a.md"], tmp_path / "index")
    with pytest.raises(LecternError, match="chunk_tokens"):
        Index(tmp_path / "index")
    monkeypatch.setenv("LECTERN_WINDOW", "3")
    with pytest.raises(LecternError, match="window"):
        open_assistant(tmp_path / "index")


def test_the_home_folder_is_found_in_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write('[chatbot]\nhome = "~/lectern"\nadapters_dir = "~nobody-of-that-name/a"\n')
    settings = ChatSettings.load()
    assert settings.index == tmp_path / "lectern" / "index"
    assert settings.adapters_dir == Path("~nobody-of-that-name/a")


@pytest.mark.parametrize("text", ["ingestion = 3\n", "[ingestoin]\nstore = 'chroma'\n"])
def test_a_misspelt_table_is_not_passed_over(text: str) -> None:
    write(text)
    with pytest.raises(LecternError, match="ingest") as caught:
        IngestionSettings.load()
    assert "[ingestion] and [chatbot]" in caught.value.remedy
