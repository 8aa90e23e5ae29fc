from evaluation.evidence import Retrieved, cut, evidence_within, holds_all, merge_neighbours
from evaluation.sources import SourceFiles


def chunk(number: int, text: str, file: str = "a.md", last: int | None = None) -> Retrieved:
    return Retrieved("course", file, number, number if last is None else last, text)


def test_evidence_across_two_neighbours_counts_in_either_order() -> None:
    evidence = ["LoRA freezes the weights."]
    left, right = chunk(4, "Recall that LoRA freezes"), chunk(5, "the weights. Then it")
    assert evidence_within([left, right], evidence, 1000)
    assert evidence_within([right, left], evidence, 1000)
    assert not holds_all([left.text, right.text], evidence)  # raw passages do not merge


def test_strangers_do_not_merge() -> None:
    evidence = ["LoRA freezes the weights."]
    left = chunk(4, "Recall that LoRA freezes")
    assert not evidence_within([left, chunk(6, "the weights. Then")], evidence, 1000)
    assert not evidence_within([left, chunk(5, "the weights. Then", "b.md")], evidence, 1000)
    stranger = Retrieved("other course", "a.md", 5, 5, "the weights. Then")
    assert not evidence_within([left, stranger], evidence, 1000)


def test_a_third_text_between_two_neighbours_spends_budget() -> None:
    evidence = ["LoRA freezes the weights."]
    texts = [chunk(4, "LoRA freezes"), chunk(9, "x" * 100), chunk(5, "the weights.")]
    assert not evidence_within(texts, evidence, 12 + 100 + 10)  # the last letter is cut off
    assert evidence_within(texts, evidence, 12 + 100 + 12)


def test_the_budget_counts_characters_in_ranked_order() -> None:
    texts = [chunk(9, "a" * 990), chunk(2, "The answer is 42 of course")]
    assert not evidence_within(texts, ["answer is 42"], 1000)
    assert evidence_within(texts, ["answer is 42"], 2000)
    assert [(t.text[-10:], t.whole) for t in cut(texts, 1000)] == [
        ("a" * 10, True),
        ("The answer", False),
    ]


def test_what_was_cut_does_not_join_what_follows_it() -> None:
    # chunk 4 comes second and loses its end, so its beginning does not run into chunk 5
    texts = [chunk(5, "the weights."), chunk(4, "LoRA freezes" + " and so on" * 5)]
    assert not evidence_within(texts, ["LoRA freezes the weights"], 12 + 12)
    # but a cut text still continues the whole one before it
    assert evidence_within(
        [chunk(4, "LoRA freezes"), chunk(5, "the weights." + " more" * 9)],
        ["LoRA freezes the weights"],
        12 + 12,
    )


def test_overlapping_ranges_say_their_common_part_once() -> None:
    common = "This sentence stands in both of them. "
    left = chunk(1, f"It begins here. {common}", last=2)
    right = chunk(2, f"{common}It ends here.", last=3)
    assert merge_neighbours([right, left]) == [f"It begins here. {common}It ends here."]


def test_a_text_inside_another_adds_nothing() -> None:
    assert merge_neighbours([chunk(2, "two"), chunk(1, "one two three", last=3)]) == [
        "one two three"
    ]


def test_all_evidence_is_needed() -> None:
    assert holds_all(["one TWO", "thr-ee"], ["two", "Three!"])
    assert not holds_all(["one TWO"], ["two", "three"])


def test_sources_by_path_and_by_unique_name() -> None:
    files = SourceFiles(
        [("ml", "W1.pdf"), ("ml", "notes/README.md"), ("nlp", "README.md"), ("nlp", "x/W2.pdf")]
    )
    assert files.find("notes/README.md") == {("ml", "notes/README.md")}
    assert files.find("./x/W2.pdf") == files.find("W2.pdf") == {("nlp", "x/W2.pdf")}
    assert files.find("README.md") == {("nlp", "README.md")}  # a path before it is a bare name
    assert files.find("README.md", course="ml") == {("ml", "notes/README.md")}
    assert files.find("nlp/README.md") == {("nlp", "README.md")}
    assert files.find("W3.pdf") == frozenset()


def test_a_bare_name_of_two_files_names_none() -> None:
    files = SourceFiles([("ml", "a/intro.md"), ("ml", "b/intro.md")])
    assert files.find("intro.md") == frozenset()
    assert files.find("b/intro.md") == {("ml", "b/intro.md")}


def test_a_duplicate_means_the_file_that_was_indexed() -> None:
    files = SourceFiles([("ml", "a/intro.md")], {("ml", "b/intro.md"): ("ml", "a/intro.md")})
    assert files.find("b/intro.md") == files.find("intro.md") == {("ml", "a/intro.md")}
