import csv
import gzip
import io
from pathlib import Path

import pytest
from rouge_score.rouge_scorer import RougeScorer

from evaluation.rouge import MEASURES, Rouge, rouge, rouge_figures

SUMMARY = "Ann's cats were sleeping. Bob fed two of them, and left!"
REFERENCES = (
    "Bob feeds Ann's two cats while they sleep.",
    "Ann is away. Her cat sleeps. Bob comes to feed it and leaves.",
)


def lines(text: str) -> str:
    return text.replace(". ", ".\n")


def test_each_reference_scores_as_rouge_score_says() -> None:
    official = RougeScorer(list(MEASURES), use_stemmer=True)
    for reference in REFERENCES:
        expected = official.score(lines(reference), lines(SUMMARY))
        found = rouge(SUMMARY, [reference])
        assert found.mean == found.best
        assert found.mean == {name: expected[name].fmeasure for name in MEASURES}


def test_several_references_are_averaged_and_the_best_is_kept() -> None:
    official = RougeScorer(list(MEASURES), use_stemmer=True)
    both = rouge(SUMMARY, REFERENCES)
    single = [rouge(SUMMARY, [reference]).mean for reference in REFERENCES]
    best = official.score_multi([lines(r) for r in REFERENCES], lines(SUMMARY))
    for name in MEASURES:
        assert both.mean[name] == pytest.approx((single[0][name] + single[1][name]) / 2)
        assert both.best[name] == best[name].fmeasure > both.mean[name]


def test_by_hand_with_stems_and_sentences() -> None:
    found = rouge("Cats slept. Dogs barked.", ["dog barking, cat sleeping"]).mean
    # stems: cat slept dog bark / dog bark cat sleep: three of four words, one of three bigrams
    assert found["rouge1"] == pytest.approx(3 / 4)
    assert found["rouge2"] == pytest.approx(1 / 3)
    assert found["rougeL"] == pytest.approx(2 / 4)  # "dog bark"
    # the union over sentences also finds "cat"
    assert found["rougeLsum"] == pytest.approx(3 / 4)


def test_a_sentence_a_line_whoever_wrote_the_line_breaks() -> None:
    assert rouge(SUMMARY, REFERENCES) == rouge(SUMMARY.replace(". ", ".\n"), REFERENCES)


def test_an_empty_summary_scores_nothing_and_no_reference_is_an_error() -> None:
    assert rouge("", REFERENCES) == Rouge(dict.fromkeys(MEASURES, 0.0), dict.fromkeys(MEASURES, 0))
    with pytest.raises(ValueError, match="reference"):
        rouge(SUMMARY, [])


def test_figures_have_intervals_over_the_summaries() -> None:
    scored = [rouge(SUMMARY, REFERENCES), rouge("Bob left.", REFERENCES)] * 20
    found = rouge_figures(scored, seed=1)
    assert set(found) == {*MEASURES, *(f"{name}_best" for name in MEASURES)}
    mean = sum(score.mean["rouge1"] for score in scored) / 40
    assert found["rouge1"]["value"] == pytest.approx(mean, abs=1e-6)
    assert found["rouge1"]["low"] < mean < found["rouge1"]["high"]
    assert found["rouge1_best"]["value"] > found["rouge1"]["value"]
    assert found["rouge1"]["n"] == 40
    clustered = rouge_figures(scored, clusters=[0, 1] * 20, seed=1)
    assert clustered["rouge1"]["low"] < found["rouge1"]["low"]


@pytest.mark.data
@pytest.mark.parametrize(
    ("column", "known"),
    [
        ("original_model_summaries", (0.2334, 0.0760, 0.2015)),
        ("instruct_model_summaries", (0.4216, 0.1804, 0.3384)),
        ("peft_model_summaries", (0.4081, 0.1633, 0.3251)),
    ],
)
def test_the_course_labs_figures_come_out(
    shared_data: Path, column: str, known: tuple[float, ...]
) -> None:
    """DialogSum test, FLAN-T5-base: zero-shot, full fine-tune, LoRA; 500 dialogues × 3."""
    folder = shared_data / "dialogue" / "dialogsum_lab_results"
    packed = (folder / "dialogue-summary-training-results.csv.gz").read_bytes()
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(packed).decode())))
    assert len(rows) == 1500
    scored = [rouge(row[column], [row["human_baseline_summaries"]]) for row in rows]
    for name, value in zip(("rouge1", "rouge2", "rougeL"), known, strict=True):
        assert sum(score.mean[name] for score in scored) / 1500 == pytest.approx(value, abs=1e-3)
