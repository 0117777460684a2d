"""From scores of tokens to spans, with scores made by hand."""

from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from rag.models import find_model
from rag.reading.channels import CHANNELS, END, INSIDE, START
from rag.reading.decoding import best_spans, inside_word, merged, runs
from rag.reading.span import Span

PASSAGE = "They burnt Brest, Rochefort and the docks of Lorient in 1,761 days."


@pytest.fixture(scope="module")
def window() -> Any:
    """`[CLS] which ports ? [SEP] they burnt brest , ...`: the passage's tokens begin at 5."""
    tokenizer = Tokenizer.from_file(str(find_model()[0] / "tokenizer.json"))
    tokenizer.no_padding()
    return tokenizer.encode("Which ports?", PASSAGE)


def tokens_of(window: Any, words: str) -> list[int]:
    start = PASSAGE.index(words)
    inside = range(start, start + len(words))
    return [i for i, (a, b) in enumerate(window.offsets) if window.type_ids[i] and a < b and a in inside]


def scores(window: Any, channel: int = INSIDE, *, marked: tuple[str, ...] = ()) -> Any:
    found = np.full((len(window.ids), CHANNELS), -1.0, np.float32)
    for words in marked:
        found[tokens_of(window, words), channel] = 1.0
    return found


def test_runs_of_likely_tokens_are_the_answers(window: Any) -> None:
    found = runs(0, PASSAGE, window, scores(window, marked=("Brest", "Rochefort", "the docks of Lorient")))
    assert [PASSAGE[span.start : span.end] for span in found] == ["Brest", "Rochefort", "the docks of Lorient"]


def test_a_word_or_number_is_an_answer_by_the_mean_of_its_tokens(window: Any) -> None:
    found = scores(window, marked=("1,761",))
    assert [PASSAGE[span.start : span.end] for span in runs(0, PASSAGE, window, found)] == ["1,761"]
    found[tokens_of(window, "1,761")[:2], INSIDE] = -4.0
    assert runs(0, PASSAGE, window, found) == []


def test_a_part_of_a_word_or_number_is_never_an_answer_by_itself(window: Any) -> None:
    found = runs(0, PASSAGE, window, scores(window, marked=("761",)))
    assert [PASSAGE[span.start : span.end] for span in found] == ["1,761"]


def test_the_question_and_the_last_token_are_never_an_answer(window: Any) -> None:
    found = scores(window)
    found[:, INSIDE] = 1.0
    assert [PASSAGE[span.start : span.end] for span in runs(0, PASSAGE, window, found)] == [PASSAGE]


def test_a_reader_without_that_score_finds_no_lists(window: Any) -> None:
    assert runs(0, PASSAGE, window, scores(window, marked=("Brest",))[:, :2]) == []


def test_best_span_is_start_plus_end_less_no_answer(window: Any) -> None:
    found = scores(window)
    first, last = tokens_of(window, "the docks of Lorient")[0], tokens_of(window, "the docks of Lorient")[-1]
    found[first, START], found[last, END], found[0, START], found[0, END] = 3.0, 2.5, 0.5, 0.25
    best = best_spans(4, PASSAGE, window, found)[0]
    assert (best.passage, PASSAGE[best.start : best.end], best.score) == (4, "the docks of Lorient", 4.75)


def test_spans_that_overlap_are_merged() -> None:
    spans = [Span(0, 10, 20, 0.0), Span(0, 0, 5, 0.0), Span(0, 15, 25, 0.0), Span(0, 25, 30, 0.0)]
    assert [(span.start, span.end) for span in merged(spans)] == [(0, 5), (10, 25), (25, 30)]


@pytest.mark.parametrize(("text", "position", "parted"), [("by .5 percent", 4, True), ("in No.5 of", 6, False)])
def test_a_number_that_begins_with_its_point_is_not_parted_from_it(text: str, position: int, parted: bool) -> None:
    assert inside_word(text, position) is parted
