"""The threshold that keeps a risk: by hand, and against many draws."""

import json
import random
from dataclasses import asdict, replace

import pytest

from rag.errors import CalibrationError
from rag.risk import Promise, labels_needed, pick_threshold, risk_curve


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


def test_curve_by_hand() -> None:
    """The surest ten of twenty answers are right, of the others every second one."""
    confidences = [n / 20 for n in range(20)]
    right = [n >= 10 or n % 2 == 1 for n in range(20)]
    assert risk_curve(confidences, right) == (
        (0.9, 0.0, 0.1),
        (0.8, 0.0, 0.2),
        (0.7, 0.0, 0.3),
        (0.6, 0.0, 0.4),
        (0.5, 0.0, 0.5),
        (0.4, 1 / 12, 0.6),
        (0.3, 2 / 14, 0.7),
        (0.2, 3 / 16, 0.8),
        (0.1, 4 / 18, 0.9),
        (0.0, 0.25, 1.0),
    )


def test_curve_of_equal_confidences_is_one_point_and_of_no_questions_empty() -> None:
    assert set(risk_curve([0.7] * 20, [True] * 15 + [False] * 5)) == {(0.7, 0.25, 1.0)}
    assert risk_curve([], []) == ()


def test_picked_threshold_is_a_point_of_the_curve() -> None:
    confidences = [n / 1000 for n in range(1000)]
    right = [n >= 500 for n in range(1000)]
    assert pick_threshold(confidences, right, 0.05) == (0.5, 500, 0)
    assert (0.5, 0.0, 0.5) in risk_curve(confidences, right)


PROMISE = Promise(
    threshold=0.5,
    risk=0.1,
    delta=0.05,
    questions=200,
    answered=100,
    wrong=4,
    sha256="0" * 64,
    date="2024-09-16",
    reader="1" * 64,
    curve=((0.75, 0.0, 0.25), (0.5, 0.125, 0.5), (0.25, 0.375, 1.0)),
)


@pytest.mark.parametrize(
    ("threshold", "wrong"),
    [
        (1.0, 0.0),
        (0.75, 0.0),
        (0.625, 0.0625),
        (0.5, 0.125),
        (0.375, 0.25),
        (0.25, 0.375),
        (0.0, 0.375),
    ],
)
def test_expected_wrong_lies_on_straight_lines_between_the_points_and_is_constant_beyond(
    threshold: float, wrong: float
) -> None:
    assert PROMISE.expected_wrong(threshold) == wrong


def test_expected_wrong_where_two_points_have_one_threshold() -> None:
    promise = replace(PROMISE, curve=((0.75, 0.0, 0.25), (0.5, 0.125, 1.0), (0.5, 0.125, 1.0)))
    assert [promise.expected_wrong(threshold) for threshold in (0.25, 0.5, 0.625)] == [0.125, 0.125, 0.0625]


def test_without_a_curve_nothing_is_expected() -> None:
    assert replace(PROMISE, curve=()).expected_wrong(0.5) is None


def test_promise_survives_json_and_one_stored_without_a_curve_has_an_empty_one() -> None:
    stored = json.loads(json.dumps(asdict(PROMISE)))
    assert stored["curve"] == [[0.75, 0.0, 0.25], [0.5, 0.125, 0.5], [0.25, 0.375, 1.0]]
    assert Promise(**stored) == PROMISE
    del stored["curve"]
    assert Promise(**stored) == replace(PROMISE, curve=())


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
