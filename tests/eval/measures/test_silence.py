"""AUROC and the best threshold, by hand and against a slow obvious version."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.eval.measures.silence import auroc, best_threshold


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_auroc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    positive = [score for score, wanted in rows if wanted]
    negative = [score for score, wanted in rows if not wanted]
    found = auroc([score for score, _ in rows], [wanted for _, wanted in rows])
    if not positive or not negative:
        assert math.isnan(found)
    else:
        pairs = [1.0 if p > n else 0.5 if p == n else 0.0 for p in positive for n in negative]
        assert found == pytest.approx(sum(pairs) / len(pairs))


def test_best_threshold_by_hand() -> None:
    scores = [4.0, 3.0, 2.0, 1.0]
    points = [1.0, 0.0, 0.5, 0.0]
    answerable = [True, False, True, False]
    # silence everywhere: 2 of 4; from 4 on: 3; from 3 on: 2; from 2 on: 2.5; from 1 on: 1.5
    assert best_threshold(scores, points, answerable) == (0.75, 4.0)


def test_equal_scores_stand_or_fall_together() -> None:
    assert best_threshold([1.0, 1.0], [1.0, 0.0], [True, False]) == (0.5, math.inf)
