"""From scores of tokens to spans, with scores made by hand."""

from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from rag.models import find_model
from rag.reading.channels import CHANNELS, END, INSIDE, START
from rag.reading.decoding import best_spans, inside_word, members, merged
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


def marked(window: Any, *stretches: str) -> Any:
    """Scores by which each of the stretches looks like an answer, from its first token to its last."""
    found = np.full((len(window.ids), CHANNELS), -3.0, np.float32)
    for words in stretches:
        tokens = tokens_of(window, words)
        found[tokens, INSIDE] = found[tokens[0], START] = found[tokens[-1], END] = 3.0
    return found


def members_of(window: Any, found: Any) -> list[str]:
    return [PASSAGE[span.start : span.end] for span in members(0, PASSAGE, window, found)]


def test_stretches_of_likely_words_are_the_answers(window: Any) -> None:
    ports = ["Brest", "Rochefort", "the docks of Lorient"]
    assert members_of(window, marked(window, *ports)) == ports
    unlikely = marked(window)
    unlikely[:, INSIDE] = -6.0
    assert members_of(window, unlikely) == []


def test_what_starts_and_ends_parts_members_that_touch(window: Any) -> None:
    assert members_of(window, marked(window, "Rochefort and the docks")) == ["Rochefort and the docks"]
    assert members_of(window, marked(window, "Rochefort", "and the docks")) == ["Rochefort", "and the docks"]


def test_a_member_that_looks_far_less_likely_than_another_is_none(window: Any) -> None:
    found = marked(window, "Brest", "Rochefort")
    found[tokens_of(window, "Rochefort"), INSIDE] = -0.5
    assert members_of(window, found) == ["Brest", "Rochefort"]
    found[tokens_of(window, "Rochefort"), INSIDE] = -4.0
    assert members_of(window, found) == ["Brest"]
    found[tokens_of(window, "Rochefort"), INSIDE] = -0.5
    found[tokens_of(window, "Brest"), INSIDE] = 7.0
    assert members_of(window, found) == ["Brest"]


def test_a_word_or_number_is_an_answer_by_the_mean_of_its_tokens(window: Any) -> None:
    found = marked(window, "1,761")
    assert members_of(window, found) == ["1,761"]
    found[tokens_of(window, "1,761")[:2], INSIDE] = -12.0
    assert members_of(window, found) == []


def test_a_part_of_a_word_or_number_is_never_an_answer_by_itself(window: Any) -> None:
    found = marked(window, "761")
    found[tokens_of(window, "1,761"), START] = 3.0
    assert members_of(window, found) == ["1,761"]


def test_the_question_and_the_last_token_are_never_an_answer(window: Any) -> None:
    found = marked(window, PASSAGE)
    found[:, INSIDE] = 3.0
    assert members_of(window, found) == [PASSAGE]


def test_a_reader_without_that_score_finds_no_lists(window: Any) -> None:
    assert members_of(window, marked(window, "Brest")[:, :2]) == []


def test_best_span_is_start_plus_end_less_no_answer(window: Any) -> None:
    found = marked(window)
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


@pytest.mark.parametrize("sign", [",", "."])
def test_punctuation_alone_is_no_answer(window: Any, sign: str) -> None:
    found = marked(window, sign)
    texts = [PASSAGE[span.start : span.end] for span in best_spans(0, PASSAGE, window, found)]
    assert texts
    assert sign not in texts
    assert sign not in members_of(window, found)
