"""The chain end to end over the sample course, with the packaged encoder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pypdfium2
import pytest
from stub_encoder import StubEncoder

from chatbot.answering import Answer, Citation, TextDelta
from chatbot.chain import Assistant, open_assistant
from chatbot.engines.base import Decoding
from chatbot.options import AskOptions
from chatbot.settings import ChatSettings
from ingestion.errors import IndexProblem, ModelUnavailable
from ingestion.index import Index
from ingestion.pipeline import ingest
from ingestion.readers.registry import read_document

OFF_TOPIC = "Who won the football world cup in France in 1998?"
LORA = "Why does a LoRA adapter add no latency at inference time?"


@pytest.fixture(scope="module")
def bold(course_index: Path) -> Assistant:
    """Answers whatever it is asked, in sentences of the documents."""
    return open_assistant(course_index, answerer="extractive", abstain_below=0.0)


@pytest.fixture(scope="module")
def usual(course_index: Path) -> Assistant:
    """As it comes, on a machine without a generator."""
    return open_assistant(course_index)


@pytest.fixture(scope="module")
def generative(course_index: Path, random_t5: Path) -> Assistant:
    return open_assistant(course_index, model=str(random_t5), abstain_below=0.0)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def text_at(course: Path, citation: Citation) -> str:
    """What the cited file says at the cited place, read anew from the file."""
    file, place = course / citation.file, citation.locator
    if file.suffix == ".pdf":
        first, last = place.bounds or (0, 0)
        pdf = pypdfium2.PdfDocument(file)
        pages = [pdf[n - 1].get_textpage().get_text_bounded() for n in range(first, last + 1)]
        return squeezed(" ".join(pages))
    found = []
    for block in read_document(file).blocks:
        if place.bounds is None:
            inside = block.locator.value.startswith(place.value)
        else:
            here = block.locator.bounds
            inside = here is not None and place.bounds[0] <= here[0] and here[1] <= place.bounds[1]
        if inside:
            found.append(block.text)
    return squeezed(" ".join(found))


def one_question_of_each_document() -> list[dict[str, str]]:
    lines = Path(__file__).parents[2] / "examples" / "questions.jsonl"
    questions = [json.loads(line) for line in lines.read_text().splitlines()]
    return list({q["source"]: q for q in questions}.values())


@pytest.mark.parametrize("asked", one_question_of_each_document(), ids=lambda q: q["id"])
def test_what_is_cited_stands_in_the_file_at_the_place_named(
    bold: Assistant, sample_course: Path, asked: dict[str, str]
) -> None:
    answer = bold.ask(asked["question"])
    assert not answer.abstained
    assert answer.text
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    for citation in answer.citations:
        assert squeezed(citation.sentence) in text_at(sample_course, citation)
        assert citation.sentence in citation.passage
        assert citation.answer_sentence in answer.text
        assert 0.0 <= citation.score <= 1.0
    assert asked["source"] in [passage.file for passage in answer.passages]


def test_an_off_topic_question_is_met_with_silence_and_the_nearest_places(
    usual: Assistant, sample_course: Path
) -> None:
    *deltas, answer = usual.stream(OFF_TOPIC)
    assert deltas == [], "nothing is said that would have to be withdrawn"
    assert isinstance(answer, Answer)
    assert (answer.abstained, answer.text, answer.citations) == (True, "", ())
    assert 1 <= len(answer.nearest) <= 3
    assert [c.number for c in answer.nearest] == list(range(1, len(answer.nearest) + 1))
    for citation in answer.nearest:
        assert squeezed(citation.sentence) in text_at(sample_course, citation)
    shown = answer.as_json()
    assert (shown["answer"], shown["abstained"]) == ("", True)
    assert len(shown["nearest"]) == len(answer.nearest)


def test_most_of_what_the_course_says_is_answered_and_nothing_else(usual: Assistant) -> None:
    """Calibrated elsewhere, on an FAQ and on encyclopedia articles, it must hold for slides too."""

    def refused(name: str) -> list[str]:
        lines = (Path(__file__).parents[2] / "examples" / name).read_text().splitlines()
        asked = [json.loads(line)["question"] for line in lines]
        return [question for question in asked if usual.ask(question).abstained]

    assert len(refused("questions.jsonl")) <= 2, "of 22"
    assert len(refused("unanswerable.jsonl")) == 6


@pytest.mark.parametrize("k", [1, 2, 20])
def test_confidence_does_not_hang_on_how_many_passages_are_read(usual: Assistant, k: int) -> None:
    for question in (LORA, OFF_TOPIC):
        usually = usual.ask(question)
        assert usual.ask(question, options=AskOptions(k=k)).confidence == pytest.approx(
            usually.confidence, abs=0.1
        )
        assert usually.evidence is not None


def test_the_nearest_places_are_different_ones(usual: Assistant) -> None:
    places = [(c.file, c.locator, c.sentence) for c in usual.ask(OFF_TOPIC).nearest]
    assert len(set(places)) == len(places)


def test_a_nearest_place_is_that_of_its_sentence(course_index: Path) -> None:
    shy = open_assistant(course_index, answerer="extractive", abstain_below=1.0)
    for question in ("Which models are in memory during PPO?", "What is recall at k?"):
        answer = shy.ask(question, options=AskOptions(format="subtitles"))
        by_id = {passage.chunk_id: passage for passage in answer.passages}
        for citation in answer.nearest:
            passage = by_id[citation.chunk_id]
            start = passage.text.index(citation.sentence)
            assert citation.locator == passage.locator_of(start, start + len(citation.sentence))


def test_a_nearest_place_is_a_sentence_rather_than_a_heading(usual: Assistant) -> None:
    nearest = usual.ask("How much does an hour on an H100 cost?").nearest
    assert nearest
    assert all(len(citation.sentence.split()) >= 4 for citation in nearest)


def test_the_deltas_are_the_answer_and_timings_name_every_stage(bold: Assistant) -> None:
    *deltas, answer = bold.stream(LORA)
    assert isinstance(answer, Answer)
    assert all(isinstance(delta, TextDelta) and delta.part == "answer" for delta in deltas)
    assert "".join(d.text for d in deltas if isinstance(d, TextDelta)).strip() == answer.text
    stages = {"load", "rewrite", "retrieve", "answer", "first_token", "total"}
    assert answer.timings.keys() == stages
    assert all(seconds >= 0 for seconds in answer.timings.values())
    assert answer.timings["first_token"] <= answer.timings["total"]
    assert bold.ask(LORA).text == answer.text


def test_a_follow_up_is_searched_for_with_what_it_leaves_out(bold: Assistant) -> None:
    history = [("What is LoRA?", "Low-rank adaptation.")]
    alone = bold.ask("Why does it add no latency?")
    after = bold.ask("Why does it add no latency?", history)
    assert alone.question == "Why does it add no latency?"
    assert "LoRA" in after.question
    assert after.passages[0].file == "week2/fine-tuning-lora-and-peft.docx"
    assert "added into W" in " ".join(p.text for p in after.passages)


def test_small_talk_is_not_searched_for_and_a_follow_up_looks_past_it(bold: Assistant) -> None:
    thanks = bold.ask("thanks, that helps!")
    assert thanks.text.startswith("You are welcome")
    assert not thanks.abstained and not thanks.citations and not thanks.passages
    history = [("What is LoRA?", "Low-rank adaptation."), ("thanks!", thanks.text)]
    after = bold.ask("Why does it add no latency?", history)
    assert after.question == bold.ask("Why does it add no latency?", history[:1]).question


def test_a_question_that_stands_alone_is_left_alone(bold: Assistant) -> None:
    history = [("What is BLEU?", "A measure of translations.")]
    assert bold.ask(LORA, history).question == LORA


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (AskOptions(file="week3/rlhf-lecture.srt"), "file", "week3/rlhf-lecture.srt"),
        (AskOptions(format="pdf"), "format", "pdf"),
        (AskOptions(course="course"), "course", "course"),
    ],
)
def test_filters_hold(bold: Assistant, options: AskOptions, field: str, value: str) -> None:
    answer = bold.ask("How are models trained?", options=options)
    assert answer.passages
    assert {getattr(p, field) for p in answer.passages} == {value}
    assert all(c.file in {p.file for p in answer.passages} for c in answer.citations)


def test_an_unknown_course_is_an_error_that_names_the_known_ones(bold: Assistant) -> None:
    with pytest.raises(IndexProblem, match="'physics'") as caught:
        bold.ask(LORA, course="physics")
    assert "course" in caught.value.remedy


def test_k_and_neighbours_set_how_much_is_read(course_index: Path, bold: Assistant) -> None:
    assert len(bold.ask(LORA, options=AskOptions(k=2)).passages) == 2
    wide = bold.ask(LORA, options=AskOptions(k=1, neighbours=1)).passages[0]
    assert wide.ordinals[1] > wide.ordinals[0]
    settings = ChatSettings.load(passages=3, answerer="extractive")
    assert len(open_assistant(course_index, settings).ask(LORA).passages) == 3


def test_no_index_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(IndexProblem, match="There is no index") as caught:
        open_assistant(tmp_path / "none")
    assert caught.value.remedy


# -- generative -----------------------------------------------------------------------------------


@pytest.mark.parametrize("style", [{}, {"shots": 1}, {"chain_of_thought": True}])
def test_a_generator_answers_from_packed_passages(
    generative: Assistant, style: dict[str, int]
) -> None:
    options = AskOptions(decoding=Decoding(max_new_tokens=12), **style)  # type: ignore[arg-type]
    *deltas, answer = generative.stream(LORA, options=options)
    assert isinstance(answer, Answer)
    assert answer.answerer.startswith("generative")
    parts = [answer.timings[stage] for stage in ("prompt", "generate", "attribute")]
    assert all(parts) and sum(parts) <= answer.timings["answer"] <= answer.timings["total"]
    assert answer.tokens > 0
    assert answer.notice == ""
    assert answer.given, "the blocks of the prompt"
    passages = squeezed(" ".join(p.text for p in answer.passages))
    assert any(squeezed(line) in passages for block in answer.given for line in block.splitlines())
    said = "".join(d.text for d in deltas if isinstance(d, TextDelta) and d.part == "answer")
    assert answer.abstained or squeezed(said) == squeezed(answer.text)
    assert 0.0 <= answer.confidence <= 1.0


def test_one_question_may_ask_for_the_other_answerer(generative: Assistant) -> None:
    answer = generative.ask(LORA, options=AskOptions(answerer="extractive"))
    assert answer.answerer == "extractive"


# -- summaries ------------------------------------------------------------------------------------


def test_a_summary_of_a_file_is_cited_from_it(bold: Assistant, sample_course: Path) -> None:
    path = "week3/chatbots-and-toxicity.txt"
    summary = bold.summarize(path)
    assert summary.text
    assert summary.citations
    for citation in summary.citations:
        assert citation.file == path
        assert squeezed(citation.sentence) in text_at(sample_course, citation)
        assert citation.answer_sentence in summary.text
    for same in ("chatbots-and-toxicity.txt", f"course/{path}", str(sample_course / path)):
        assert bold.summarize(same) == summary, "the last parts will do, and so will the file"


def test_a_summary_of_a_section_keeps_to_it(bold: Assistant) -> None:
    summary = bold.summarize("fine-tuning-lora-and-peft.docx", section="lora")
    assert summary.citations
    assert all("lora" in c.locator.value.casefold() for c in summary.citations)


@pytest.mark.parametrize(
    ("file", "section", "named", "remedy"),
    [
        ("nothing.pdf", None, "nothing.pdf is not in the index", "lectern status"),
        ("rlhf-lecture.srt", "Attention", "no section whose heading contains", "It has none"),
        ("tokenization.ipynb", "Attention", "contains 'Attention'", "Byte-level BPE"),
    ],
)
def test_what_is_not_there_cannot_be_summarized(
    bold: Assistant, file: str, section: str | None, named: str, remedy: str
) -> None:
    with pytest.raises(IndexProblem, match=named) as caught:
        bold.summarize(file, section)
    assert remedy in caught.value.remedy


@pytest.fixture(scope="module")
def two_weeks(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """Two files of one bare name in one course."""
    folder, encoder = tmp_path_factory.mktemp("weeks"), StubEncoder()
    for week in ("week1", "week2"):
        (folder / "c" / week).mkdir(parents=True)
        text = f"This text of {week} explains the matter at some length."
        (folder / "c" / week / "notes.md").write_text(text)
    ingest([folder / "c"], folder / "index", encoder=encoder)
    return Assistant(Index(folder / "index", encoder=encoder), ChatSettings(answerer="extractive"))


def test_an_ambiguous_name_is_refused_with_the_choices(two_weeks: Assistant) -> None:
    with pytest.raises(IndexProblem, match=r"c/week1/notes\.md, c/week2/notes\.md"):
        two_weeks.summarize("notes.md")
    assert "week2" in two_weeks.summarize("week2/notes.md").text


def test_a_file_of_another_folder_is_not_summarized_instead(bold: Assistant) -> None:
    with pytest.raises(IndexProblem, match="week9"):
        bold.summarize("week9/chatbots-and-toxicity.txt")


def test_settings_for_the_extractive_answerer_hold_for_summaries(
    course_index: Path, random_t5: Path
) -> None:
    chosen = open_assistant(course_index, answerer="extractive", model=str(random_t5))
    summary = chosen.summarize("chatbots-and-toxicity.txt")
    assert (summary.engine, summary.notice) == ("extractive", ""), "no generator was tried first"


def test_a_generator_asked_for_by_name_is_not_replaced_in_summaries(course_index: Path) -> None:
    chosen = open_assistant(course_index, answerer="generative")
    with pytest.raises(ModelUnavailable):
        chosen.summarize("chatbots-and-toxicity.txt")


@pytest.mark.parametrize("override", [{"answerer": "bogus"}, {"no_such_setting": 1}])
def test_overrides_are_checked_like_settings(
    course_index: Path, override: dict[str, object]
) -> None:
    with pytest.raises(Exception, match=r"answerer|no_such_setting"):
        open_assistant(course_index, **override)
