"""The threshold that keeps a risk: by hand, and against many draws."""

import random

import pytest

from rag.errors import CalibrationError
from rag.risk import labels_needed, pick_threshold


def test_labels_needed_by_hand() -> None:
    assert labels_needed(0.05, 0.05) == 104  # 0.95 ** 104 <= 0.005 < 0.95 ** 103
    assert labels_needed(0.5, 0.05) == 8


def test_most_answers_are_given_where_all_are_right() -> None:
    confidences = [n / 200 for n in range(200)]
    assert pick_threshold(confidences, [True] * 200, 0.05) == (0.0, 200, 0)


def test_threshold_parts_the_right_from_the_wrong() -> None:
    confidences = [n / 1000 for n in range(1000)]
    right = [n >= 500 for n in range(1000)]
    assert pick_threshold(confidences, right, 0.05) == (0.5, 500, 0)


def test_equal_confidences_are_never_parted() -> None:
    right = [True] * 190 + [False] * 10
    with pytest.raises(CalibrationError, match="of the surest 20 answers"):
        pick_threshold([0.7] * 200, right, 0.05)


def test_too_few_labels_are_refused_with_the_number_needed() -> None:
    with pytest.raises(CalibrationError, match=r"103 labelled questions are too few .* at most 5.0% .* 104 would"):
        pick_threshold([0.9] * 103, [True] * 103, 0.05)


def test_wrong_answers_among_the_surest_are_refused() -> None:
    with pytest.raises(CalibrationError, match=r"At no threshold .* of the surest 50 answers, \d+ are"):
        pick_threshold([n / 500 for n in range(500)], [n % 3 > 0 for n in range(500)], 0.05)


def test_the_promise_holds_as_often_as_it_says() -> None:
    """Answers are right with a probability equal to their confidence; the risk at a threshold is then known."""
    chance = random.Random(5)
    broken = made = 0
    for _ in range(300):
        confidences = [chance.random() ** 0.2 for _ in range(800)]
        right = [chance.random() < confidence for confidence in confidences]
        try:
            threshold, _, _ = pick_threshold(confidences, right, 0.1)
        except CalibrationError:
            continue
        made += 1
        # confidence c has the density 5 c^4, so that the mean of 1 - c above t is 1 - 5/6 (1 - t^6) / (1 - t^5)
        risk = 1 - 5 / 6 * (1 - threshold**6) / (1 - threshold**5)
        broken += risk > 0.1
    assert made > 150
    assert broken / made <= 0.05
