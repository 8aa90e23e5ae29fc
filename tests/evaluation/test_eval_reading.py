import json
from pathlib import Path

import pytest

from evaluation.reading import evaluate_reading, load_squad
from ingestion.errors import LecternError

SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "Normans",
            "paragraphs": [
                {
                    "context": "The Normans came from Normandy in the 10th century.",
                    "qas": [
                        {
                            "id": "1",
                            "question": " Where did they come from?",
                            "answers": [{"text": "Normandy", "answer_start": 22}],
                            "is_impossible": False,
                        },
                        {
                            "id": "2",
                            "question": "Who was king?",
                            "answers": [],
                            "is_impossible": True,
                        },
                        {
                            "id": "3",
                            "question": "When?",
                            "answers": [{"text": "the 10th century", "answer_start": 34}],
                        },
                    ],
                }
            ],
        }
    ],
}


def test_reads_the_answerable_half(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    path.write_text(json.dumps(SQUAD))
    questions = load_squad(path)
    assert [q.id for q in questions] == ["1", "3"]
    assert questions[0].question == "Where did they come from?"
    seen = []

    def read(question: str, paragraph: str) -> str:
        seen.append((question, paragraph[:11]))
        return "from Normandy" if question.startswith("Where") else "10th century"

    report = evaluate_reading(read, questions)
    assert seen == [("Where did they come from?", "The Normans"), ("When?", "The Normans")]
    assert report["figures"]["em"]["value"] == 0.5
    assert report["figures"]["f1"]["value"] == pytest.approx((2 / 3 + 1) / 2, abs=1e-6)
    assert report["figures"]["answer_words"]["value"] == 2


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    path.write_text('{"data": [{"paragraphs": 3}]}')
    with pytest.raises(LecternError, match=r"dev\.json is not a SQuAD file"):
        load_squad(path)


@pytest.mark.data
def test_squad_dev_has_its_published_counts(shared_data: Path) -> None:
    questions = load_squad(shared_data / "qa" / "squad_v2_dev" / "dev-v2.0.json.gz")
    assert len({q.id for q in questions}) == len(questions) == 2910
    assert all(q.answers for q in questions)
    assert evaluate_reading(lambda question, _: "", questions[:50])["figures"]["f1"]["value"] == 0
