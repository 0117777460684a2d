"""The official rules, by hand."""

import pytest

from rag.eval.measures.answering import exact_match, f1, normalize


@pytest.mark.parametrize(
    ("answer", "gold", "exact", "score"),
    [
        ("the 8,500 soldiers", ["8500 Soldiers"], 1.0, 1.0),
        ("8,500", ["as many as 8,500"], 0.0, 0.4),
        ("in Geneva", ["Geneva", "in Geneva"], 1.0, 1.0),
        ("Geneva Geneva", ["Geneva"], 0.0, 2 / 3),
        ("", ["Geneva"], 0.0, 0.0),
        ("", [], 1.0, 1.0),
        ("Geneva", [], 0.0, 0.0),
        ("the", ["a"], 1.0, 1.0),
        ("Paris", ["Geneva"], 0.0, 0.0),
        # of "A" nothing is left, so that "vitamin" alone is right
        ("", ["A", "vitamin A"], 0.0, 0.0),
        ("the", ["A", "vitamin A"], 0.0, 0.0),
        ("vitamin A", ["A", "vitamin A"], 1.0, 1.0),
        ("vitamin C", ["A", "vitamin A"], 0.0, 2 / 3),
        ("", ["A", "..."], 1.0, 1.0),
        ("vitamin A", ["A", "..."], 0.0, 0.0),
    ],
)
def test_exact_match_and_f1(answer: str, gold: list[str], exact: float, score: float) -> None:
    assert exact_match(answer, gold) == exact
    assert f1(answer, gold) == pytest.approx(score)


def test_case_punctuation_articles_and_white_space_do_not_count() -> None:
    assert normalize("  The U.S.'s\tan-swer,  an ANSWER ") == "uss answer answer"
