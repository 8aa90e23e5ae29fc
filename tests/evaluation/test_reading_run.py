"""Reading a whole file: the measures of each answer, rows that survive a kill, the sample."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from scripted_engine import ScriptedEngine
from stub_encoder import StubEncoder

from chatbot.answerers import Chosen
from chatbot.extractive import ExtractiveAnswerer
from chatbot.generative import GenerativeAnswerer
from chatbot.options import AskOptions
from evaluation.reading.example import ReadingExample
from evaluation.reading.measures import decision_of, measure_reading
from evaluation.reading.reader import ParagraphReader, Reading
from evaluation.reading.run import QUOTES_ONLY, evaluate_reading, sample

WHERE = ReadingExample(
    id="1",
    question="Where from?",
    paragraph="The Normans came from Normandy. They sailed.",
    answers=("Normandy", "from the north"),
    document="Normans",
    kinds=("answerable",),
)
KING = WHERE.model_copy(
    update={"id": "2", "question": "Who was king?", "answers": (), "kinds": ("impossible",)}
)
DUCKS = ReadingExample(
    id="3",
    question="Do ducks float?",
    paragraph="Ducks were watched. They stayed up.",
    answers=("Ducks float.",),
    document="42",
    kinds=("gold: yes",),
    decision="yes",
)
SURE = Reading("They came from Normandy.", 0.9, abstained=False)


def test_what_was_read_and_what_is_said() -> None:
    measures = measure_reading(WHERE, SURE, decides=True)
    assert (measures["em"], measures["contained"], measures["answer_words"]) == (0.0, 1.0, 4.0)
    assert measures["f1"] == measures["spoken_f1"] == pytest.approx(2 * (1 / 4) / (1 / 4 + 1))
    unsure = measure_reading(WHERE, replace(SURE, abstained=True), decides=True)
    assert unsure["f1"] == measures["f1"]
    assert (unsure["spoken_f1"], unsure["abstained"]) == (0.0, 1.0)
    assert "decided" not in measures and "no_answer_accuracy" not in measures


def test_rouge_l_over_two_references_is_their_mean_and_their_best() -> None:
    measures = measure_reading(WHERE, replace(SURE, text="Normandy"), decides=True)
    assert (measures["rougeL"], measures["rougeL_best"]) == (0.5, 1.0)


def test_silence_is_right_where_there_is_no_answer() -> None:
    assert measure_reading(KING, replace(SURE, abstained=True), decides=True) == {
        "abstained": 1.0,
        "spoken_em": 1.0,
        "spoken_f1": 1.0,
        "no_answer_accuracy": 1.0,
    }
    assert measure_reading(KING, SURE, decides=True)["no_answer_accuracy"] == 0.0


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("Yes.", "yes"), ("No, they sink.", "no"), ("Maybe", "maybe"), ("Nobody", None), ("", None)],
)
def test_the_first_word_is_the_verdict(text: str, verdict: str | None) -> None:
    assert decision_of(text) == verdict
    measures = measure_reading(DUCKS, replace(SURE, text=text), decides=True)
    assert measures["decided"] == float(verdict is not None)
    assert measures["decision_accuracy"] == float(verdict == "yes")


def test_one_who_quotes_has_no_accuracy() -> None:
    assert "decision_accuracy" not in measure_reading(DUCKS, SURE, decides=False)


class Scripted:
    """A reader that counts what it is asked and fails at `fatal`."""

    name = "scripted"
    decides = False

    def __init__(self, fatal: str = "") -> None:
        self.asked: list[str] = []
        self._fatal = fatal

    def read(self, question: str, paragraph: str) -> Reading:
        if question == self._fatal:
            raise KeyboardInterrupt
        self.asked.append(question)
        return replace(SURE, abstained=question == "Who was king?", seconds=0.25)


def test_a_report_over_all_kinds(tmp_path: Path) -> None:
    rows = tmp_path / "R.rows.jsonl"
    report = evaluate_reading(
        Scripted(), [WHERE, KING, DUCKS], rows=rows, settings={"x": 1}, data={"f": "abc"}
    )
    figures = {name: figure["value"] for name, figure in report["figures"].items()}
    assert (figures["contained"], figures["no_answer_accuracy"]) == (0.5, 1.0)
    assert figures["abstained"] == pytest.approx(1 / 3, abs=1e-6)
    assert report["figures"]["em"]["n"] == 2
    assert set(report["groups"]) == {"answerable", "impossible", "gold: yes"}
    assert report["groups"]["impossible"]["spoken_em"]["value"] == 1.0
    assert report["counts"] == {"questions": 3, "documents": 2, "rows_resumed": 0}
    assert report["notes"] == [QUOTES_ONLY]
    assert (report["seconds"]["p50"], report["data"]) == (0.25, {"f": "abc"})
    first = json.loads(rows.read_text().splitlines()[0])
    assert (first["gold"], first["answer"]) == (list(WHERE.answers), SURE.text)
    assert first["measures"]["contained"] == 1.0


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    rows = tmp_path / "R.rows.jsonl"
    examples = [WHERE, KING, DUCKS]
    with pytest.raises(KeyboardInterrupt):
        evaluate_reading(Scripted(DUCKS.question), examples, rows=rows, settings={})
    with rows.open("a") as file:
        file.write('{"id": "3", "ans')
    again = Scripted()
    report = evaluate_reading(again, examples, rows=rows, settings={})
    assert again.asked == [DUCKS.question]
    assert report["counts"]["rows_resumed"] == 2
    other = Scripted()
    evaluate_reading(other, examples, rows=rows, settings={"x": 2})
    assert len(other.asked) == 3


def test_a_larger_sample_holds_the_smaller_one() -> None:
    examples = [WHERE.model_copy(update={"id": str(number)}) for number in range(50)]
    ten, twenty = (sample(examples, limit, 1) for limit in (10, 20))
    assert len(ten) == 10
    assert {e.id for e in ten} < {e.id for e in twenty}
    assert [int(e.id) for e in twenty] == sorted(int(e.id) for e in twenty)
    assert {e.id for e in sample(examples, 10, 2)} != {e.id for e in ten}
    assert sample(examples, None, 1) == examples


def test_the_extractive_answerer_reads_a_paragraph() -> None:
    encoder = StubEncoder()
    reader = ParagraphReader(Chosen(ExtractiveAnswerer(encoder), None), encoder, 0.0)
    reading = reader.read("Where did the Normans come from?", WHERE.paragraph)
    assert reading.text == "The Normans came from Normandy."
    assert not reading.abstained and not reader.decides
    cautious = ParagraphReader(Chosen(ExtractiveAnswerer(encoder), None), encoder, 1.0)
    assert cautious.read("Where did the Normans come from?", WHERE.paragraph) == replace(
        reading, abstained=True, seconds=pytest.approx(0, abs=60)
    )


def test_a_generator_reads_a_paragraph_and_may_decline() -> None:
    def complete(prompt: str) -> str:
        return "unanswerable" if "king" in prompt else "Normandy"

    engine, encoder = ScriptedEngine(complete), StubEncoder()
    answerer = GenerativeAnswerer(engine, encoder, AskOptions.model_validate({}))
    reader = ParagraphReader(Chosen(answerer, engine), encoder, 0.1)
    assert reader.decides
    assert reader.read(WHERE.question, WHERE.paragraph).text == "Normandy"
    assert WHERE.paragraph in engine.prompts[0]
    declined = reader.read(KING.question, KING.paragraph)
    assert (declined.text, declined.abstained) == ("", True)
