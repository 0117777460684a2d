"""The reliability curve and its error, by hand."""

import math

import pytest

from rag.eval.measures.reliability import expected_calibration_error, reliability

CONFIDENCES = [0.9, 0.1, 0.3, 0.8]
RIGHT = [False, False, True, True]


def test_by_hand() -> None:
    assert reliability(CONFIDENCES, RIGHT, bins=2) == [(pytest.approx(0.2), 0.5, 2), (pytest.approx(0.85), 0.5, 2)]
    assert expected_calibration_error(CONFIDENCES, RIGHT, bins=2) == pytest.approx((0.3 + 0.35) / 2)


def test_bins_without_answers_are_left_out() -> None:
    assert len(reliability(CONFIDENCES, RIGHT)) == 4
    assert math.isnan(expected_calibration_error([], []))
