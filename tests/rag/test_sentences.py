"""Sentences with exact offsets."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import around, sentences


@pytest.mark.parametrize(
    "expected",
    [
        ["The talks closed on Jan. 21 in Geneva.", "Nothing came of them."],
        ["The U.S. has soldiers there.", "About 6,000 serve in the east."],
        ["V.I. Lenin led the party.", "V. I. Lenin defended their rights."],
        ['"I came," he said.', "Then he left."],
        ["It grew by 3.5 percent.", "Is that much?", "No!"],
        ["Mr. Smith met Dr. Jones at 5 p.m. on Monday.", "They talked."],
        ["See Smith et al. (2020) for more.", "It is long."],
        ["第一句。", "第二句！"],
    ],
)
def test_sentence_ends_are_told_from_other_full_stops(expected: list[str]) -> None:
    text = " ".join(expected)
    assert [text[a:b] for a, b in sentences(text)] == expected


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2003", "\u3000", "\u2028", "\u0085"])
def test_wide_spaces_are_spaces(space: str) -> None:
    text = "They chose plan B . Then they left. See Annex A . . 5"
    assert sentences(text.replace(" ", space)) == sentences(text)


def test_list_items_table_rows_and_headings_stand_alone() -> None:
    text = "# Ships\nTwo came\nin May. One left.\n- first item\n- second\n1. One. Two.\nName | Tons\nAurora | 5\n\nLast"
    assert [text[a:b] for a, b in sentences(text)] == [
        "# Ships",
        "Two came\nin May.",
        "One left.",
        "- first item",
        "- second",
        "1. One.",
        "Two.",
        "Name | Tons",
        "Aurora | 5",
        "Last",
    ]


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200)
    | st.text("ab .!?\n-|#1\"' ", max_size=200)
    | st.text('aBé .,!\u00a0\u202f\u3000\u2028\u0085("', max_size=40)
)
def test_sentences_hold_every_character_that_is_not_white_space_once_and_in_order(text: str) -> None:
    found = sentences(text)
    assert "".join("".join(text[a:b].split()) for a, b in found) == "".join(text.split())
    assert all(b <= c for (_, b), (c, _) in pairwise(found))


def test_around_gives_the_same_sentence_as_splitting_all() -> None:
    text = "One is here.\n\nTwo is there. Three\nis far. Four."
    start = text.index("far")
    assert text[slice(*around(text, start, start + 3, (0, len(text))))] == "Three\nis far."
    across = around(text, text.index("there"), text.index("far"), (0, len(text)))
    assert text[slice(*across)] == "Two is there. Three\nis far."
