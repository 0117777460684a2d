"""The threshold at which few of the given answers are wrong, with a bound that holds for finitely many labels.

Risk and coverage as in selective classification (Geifman and El-Yaniv 2017). A threshold is chosen among ten, those
that would give a tenth, two tenths, ... all of the answers: the one that gives most for which "more than `risk` of the
given answers are wrong" is rejected by the exact binomial test (Clopper and Pearson 1934). Each test takes a tenth of
`delta`, so that all ten hold together (Bonferroni; Angelopoulos et al. 2021, "Learn then Test").
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .errors import CalibrationError

DELTA = 0.05  # the chance that the promise does not hold
_LEVELS = 10

Curve = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """With a probability of at least 1 - `delta`, at most `risk` of the answers given at `threshold` are wrong.

    Made on `questions` labelled questions, of which `answered` were answered and `wrong` of these wrongly, in the file
    with the hash `sha256`, on the day `date` (ISO 8601), for the reader whose weights have the hash `reader`.

    `curve` is what these questions showed at each of the ten thresholds, as `risk_curve` gives it: measured, without
    the promise's certainty. () where it was not kept. Lists, as JSON gives them, are taken for tuples.
    """

    threshold: float
    risk: float
    delta: float
    questions: int
    answered: int
    wrong: int
    sha256: str
    date: str
    reader: str
    curve: Curve = ()

    def __post_init__(self) -> None:
        points = tuple((threshold, wrong, answered) for threshold, wrong, answered in self.curve)
        object.__setattr__(self, "curve", points)

    @property
    def coverage(self) -> float:
        """The share of the questions that get an answer, 0 to 1."""
        return self.answered / self.questions

    def expected_wrong(self, threshold: float) -> float | None:
        """The share, 0 to 1, of the answers given at a threshold that are expected to be wrong; None without a curve.

        On straight lines between the points of the curve; beyond its ends as at the nearer one.
        """
        if not self.curve:
            return None
        points = [(at, wrong) for at, wrong, _ in reversed(self.curve)]
        if threshold <= points[0][0]:
            return points[0][1]
        for (low, wrong_at_low), (high, wrong_at_high) in pairwise(points):
            if threshold <= high:
                return wrong_at_low + (wrong_at_high - wrong_at_low) * (threshold - low) / (high - low)
        return points[-1][1]


def pick_threshold(
    confidences: Sequence[float], right: Sequence[bool], risk: float, delta: float = DELTA
) -> tuple[float, int, int]:
    """A threshold, how many questions are answered at it, and how many of these wrongly.

    Raises CalibrationError when no threshold keeps the risk for certain: with how many labels it could.
    """
    from scipy.stats import binom

    check_enough(len(confidences), risk, delta)
    picked: tuple[float, int, int] | None = None
    for threshold, answered, wrong in _levels(confidences, right):
        if binom.cdf(wrong, answered, risk) <= delta / _LEVELS:
            picked = threshold, answered, wrong
    if picked is None:
        tenth = [right[i] for i in _surest_first(confidences)[: math.ceil(len(right) / _LEVELS)]]
        raise CalibrationError(
            f"At no threshold can it be promised that at most {risk:.1%} of the answers are wrong: of the surest "
            f"{len(tenth)} answers, {tenth.count(False)} are. Where these are few, label more (a tenth of them should "
            f"be {labels_needed(risk, delta)} or more); else allow a higher risk."
        )
    return picked


def risk_curve(confidences: Sequence[float], right: Sequence[bool]) -> Curve:
    """What `pick_threshold` chooses from: (threshold, share of the answers given at it that are wrong, share of the
    questions answered) for each of the ten levels, thresholds descending; equal ones where answers are equally sure.

    () where there are no questions.
    """
    levels = _levels(confidences, right)
    return tuple((threshold, wrong / answered, answered / len(right)) for threshold, answered, wrong in levels)


def check_enough(labels: int, risk: float, delta: float = DELTA) -> None:
    """Raises CalibrationError when a risk cannot be promised with so many labels, were every answer right."""
    needed = labels_needed(risk, delta)
    if labels < needed:
        raise CalibrationError(
            f"{labels} labelled questions are too few to promise that at most {risk:.1%} of the answers are "
            f"wrong: even if all were right, {needed} would be needed. Label more, or allow a higher risk."
        )


def labels_needed(risk: float, delta: float = DELTA) -> int:
    """The fewest labels with which a risk can be promised at all, were every answer right."""
    return math.ceil(math.log(delta / _LEVELS) / math.log1p(-risk))


def _levels(confidences: Sequence[float], right: Sequence[bool]) -> Iterator[tuple[float, int, int]]:
    """Ten thresholds, descending, each with how many answers are given at it and how many of these are wrong."""
    order = _surest_first(confidences)
    for level in range(1, _LEVELS + 1) if order else ():
        threshold = confidences[order[math.ceil(len(order) * level / _LEVELS) - 1]]
        given = [right[i] for i in order if confidences[i] >= threshold]
        yield threshold, len(given), given.count(False)


def _surest_first(confidences: Sequence[float]) -> list[int]:
    return sorted(range(len(confidences)), key=lambda i: -confidences[i])
