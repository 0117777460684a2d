"""Fusing rankings, and the words that are looked up."""

import pytest

from rag.errors import QuestionError
from rag.retrieval import checked_mode, fuse, query_words


def test_reciprocal_ranks_add_up() -> None:
    assert fuse([7, 8], [8, 9]) == {7: 1 / 3, 8: 1 / 4 + 0.15, 9: 0.15 / 2}


def test_what_has_the_words_best_is_among_the_first_five() -> None:
    scores = fuse(range(50), [77])
    assert sorted(scores, key=lambda chunk_id: -scores[chunk_id]).index(77) == 4


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("Who is the President of France?", ["president", "france"]),
        ("who is it", ["who", "is", "it"]),
        ('NATO, nato "OR" x*', ["nato", "x"]),
        ("?!", []),
        ("V.I. Lenin's party", ["v", "lenin", "s", "party"]),
        ("Mu\u0308ller in Zu\u0308rich", ["müller", "zürich"]),
    ],
)
def test_stop_words_are_left_out_unless_there_is_nothing_else(query: str, words: list[str]) -> None:
    assert query_words(query) == words


def test_unknown_mode_lists_the_known_ones() -> None:
    with pytest.raises(QuestionError, match="no mode 'fuzzy'.*hybrid, dense, lexical"):
        checked_mode("fuzzy")
