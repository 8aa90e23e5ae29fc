import pytest

from ingestion.errors import UnreadableDocument
from ingestion.readers.subtitles import SubtitleReader


@pytest.fixture
def read(tmp_path):
    def of(text, name="lecture.srt"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return SubtitleReader().read(path)

    return of


def said(document):
    return [(b.locator.label, b.text) for b in document.blocks]


def test_sentences_over_cues_get_their_times(read):
    document = read(
        "1\n00:00:01,000 --> 00:00:03,500\n- We pad the batch\nto one length\n\n"
        "2\n00:00:03,500 --> 00:00:06,000\nwith zeros. Then we\n\n"
        "3\n00:01:06,000 --> 00:01:08,000\nmask them.\n"
    )
    assert said(document) == [
        ("00:01–00:06", "We pad the batch to one length with zeros."),
        ("00:03–00:06", "Then we"),
        ("01:06–01:08", "mask them."),
    ]


def test_sentence_without_a_pause_is_joined(read):
    document = read(
        "1\n00:59:58,000 --> 01:00:00,000\nThe loss goes\n\n"
        "2\n01:00:01,000 --> 01:00:02,000\ndown slowly.\n"
    )
    assert said(document) == [("59:58–1:00:02", "The loss goes down slowly.")]


def test_markup_and_sounds_go(read):
    document = read(
        "1\n00:00:00,000 --> 00:00:01,000\n(air whooshing)\n\n"
        "2\n00:00:01,000 --> 00:00:02,000\n{\\an8}<i>Hello</i> &amp; welcome [laughs] all.\n\n"
        "3\n00:00:02,000 --> 00:00:03,000\n[Music] ♪ la la ♪\n"
    )
    assert said(document) == [("00:01–00:02", "Hello & welcome [laughs] all.")]


def test_vtt_voices_notes_and_inline_times_go(read):
    document = read(
        "WEBVTT\n\nNOTE a remark\n\nSTYLE\n::cue { color: red }\n\n"
        "intro\n00:01.000 --> 00:02.000 align:start\n"
        "<v Ann>Attention <c.yellow>weights</c> <00:01.500>sum to one.\n",
        "lecture.vtt",
    )
    assert said(document) == [("00:01–00:02", "Attention weights sum to one.")]


def test_rolling_captions_are_said_once(read):
    document = read(
        "WEBVTT\n\n"
        "00:00.000 --> 00:02.000\nso today we look\n\n"
        "00:02.000 --> 00:04.000\nso today we look\nat beam search\n\n"
        "00:04.000 --> 00:06.000\nat beam search\nand at sampling.\n",
        "lecture.vtt",
    )
    assert said(document) == [("00:00–00:06", "so today we look at beam search and at sampling.")]


def test_speech_without_full_stops_is_parted_at_cues(read):
    cues = "".join(
        f"{n}\n00:00:{n:02},000 --> 00:00:{n + 1:02},000\n{'word ' * 10}{n}\n\n" for n in range(50)
    )
    document = read(cues)
    assert len(document.blocks) > 3
    assert all(len(b.text) < 600 for b in document.blocks)


def test_file_without_cues_is_refused(read):
    with pytest.raises(UnreadableDocument, match=r"lecture\.srt holds no subtitles"):
        read("just some words\n")
    with pytest.raises(UnreadableDocument, match=r"lecture\.vtt is not WebVTT"):
        read("just some words\n", "lecture.vtt")


@pytest.mark.data
def test_real_subtitles_read_as_sentences(real_data):
    path = sorted((real_data / "courses").rglob("*.srt"))[0]
    blocks = SubtitleReader().read(path).blocks
    ended = sum(b.text.endswith((".", "?", "!")) for b in blocks)
    assert ended > 0.9 * len(blocks)
    starts = [b.locator.bounds[0] for b in blocks]
    assert starts == sorted(starts)
