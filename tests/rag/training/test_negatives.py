"""Questions that lose their answer, and questions as people type them."""

import random

import pytest

from rag.fakes import WordEmbedder
from rag.labelled import LabelledParagraph
from rag.training.negatives import exchanged, lookalikes, opposite
from rag.training.typed import keywords, slip, unpunctuated

TEXT = "Marie Curie moved to Paris in 1891. Pierre taught 30 students in 12 rooms until 1895."


@pytest.mark.parametrize(
    ("question", "results"),
    [
        ("What happened in 1891?", {"What happened in 1895?"}),
        ("Who taught 30 students?", {"Who taught 12 students?"}),
        ("Where did Marie Curie move?", {"Where did Paris move?", "Where did Pierre move?"}),
        ("what happened there?", {None}),
        ("Paris was what?", {None}),  # the word that begins a question is not known to be a name
    ],
)
def test_a_name_number_or_year_is_exchanged_for_another_of_its_kind(question: str, results: set[str | None]) -> None:
    assert {exchanged(question, TEXT, TEXT, random.Random(seed)) for seed in range(30)} <= results


def test_what_is_exchanged_may_come_from_elsewhere() -> None:
    found = {exchanged("In what year, 1891?", TEXT, "It was 1950.", random.Random(seed)) for seed in range(30)}
    assert found == {"In what year, 1895?", "In what year, 1950?"}


@pytest.mark.parametrize(
    ("question", "results"),
    [
        ("Which was the first bridge?", {"Which was the last bridge?"}),
        ("Why did the king leave?", {"Why did the king not leave?", "Why did the king never leave?"}),
        ("Named for whom?", {None}),
    ],
)
def test_a_word_is_turned_into_its_opposite_or_the_question_negated(question: str, results: set[str | None]) -> None:
    assert {opposite(question, random.Random(seed)) for seed in range(30)} == results


def test_lookalikes_are_other_paragraphs_without_the_answer_nearest_first() -> None:
    texts = ["The bridge opened in 1932.", "A bridge opened in May.", "The bridge of 1932 opened.", "Bread is baked."]
    paragraphs = [LabelledParagraph("f", "a", text, ()) for text in texts]
    assert lookalikes([(0, "When was the bridge opened?", ["1932"])], paragraphs, WordEmbedder()) == [[1, 3]]


def test_typed_forms() -> None:
    question = "Who, in 1932, opened the bridge?"
    assert unpunctuated(question) == "who in 1932 opened the bridge"
    assert keywords(question) == "1932 opened bridge"


def test_a_slip_changes_one_long_word_and_keeps_its_ends() -> None:
    slips = {slip("Who built bridges", random.Random(seed)) for seed in range(200)}
    assert "Who built brdiges" in slips
    assert "Who built bridges" not in slips
    for changed in slips:
        who, *words = changed.split()
        assert who == "Who"
        assert [(word[0], word[-1]) for word in words] == [("b", "t"), ("b", "s")]
    assert slip("Who?", random.Random(1)) == "Who?"
