"""Risk and coverage, by hand."""

import pytest

from rag.eval.measures.risk import area, coverage_at, risk_coverage


def test_by_hand() -> None:
    points = risk_coverage([0.9, 0.8, 0.7, 0.6], [True, True, False, True])
    assert points == [(0.25, 0.0), (0.5, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.25)]
    assert area(points) == pytest.approx((0 + 0 + 1 / 3 + 1 / 4) / 4)
    assert [coverage_at(points, risk) for risk in (0.0, 0.25, 0.5)] == [0.5, 1.0, 1.0]


def test_equal_confidences_are_one_point() -> None:
    points = risk_coverage([0.5, 0.5, 0.1], [True, False, True])
    assert points == [(pytest.approx(2 / 3), 0.5), (1.0, pytest.approx(1 / 3))]
    assert area(points) == pytest.approx(2 / 3 * 0.5 + 1 / 3 * 1 / 3)
    assert coverage_at(points, 0.1) == 0.0


def test_nothing_asked() -> None:
    assert risk_coverage([], []) == []
    assert (area([]), coverage_at([], 0.5)) == (0.0, 0.0)
