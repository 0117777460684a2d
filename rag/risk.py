"""The threshold at which few of the given answers are wrong, with a bound that holds for finitely many labels.

Risk and coverage as in selective classification (Geifman and El-Yaniv 2017). A threshold is chosen among ten, those
that would give a tenth, two tenths, ... all of the answers: the one that gives most for which "more than `risk` of the
given answers are wrong" is rejected by the exact binomial test (Clopper and Pearson 1934). Each test takes a tenth of
`delta`, so that all ten hold together (Bonferroni; Angelopoulos et al. 2021, "Learn then Test").
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import CalibrationError

DELTA = 0.05  # the chance that the promise does not hold
_LEVELS = 10


@dataclass(frozen=True, slots=True)
class Promise:
    """With a probability of at least 1 - `delta`, at most `risk` of the answers given at `threshold` are wrong.

    Made on `questions` labelled questions, of which `answered` were answered and `wrong` of these wrongly, in the file
    with the hash `sha256`, on the day `date` (ISO 8601), for the reader whose weights have the hash `reader`.
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

    @property
    def coverage(self) -> float:
        """The share of the questions that get an answer, 0 to 1."""
        return self.answered / self.questions


def pick_threshold(
    confidences: Sequence[float], right: Sequence[bool], risk: float, delta: float = DELTA
) -> tuple[float, int, int]:
    """A threshold, how many questions are answered at it, and how many of these wrongly.

    Raises CalibrationError when no threshold keeps the risk for certain: with how many labels it could.
    """
    from scipy.stats import binom

    check_enough(len(confidences), risk, delta)
    order = sorted(range(len(confidences)), key=lambda i: -confidences[i])
    picked: tuple[float, int, int] | None = None
    for level in range(1, _LEVELS + 1):
        threshold = confidences[order[math.ceil(len(order) * level / _LEVELS) - 1]]
        given = [right[i] for i in order if confidences[i] >= threshold]
        wrong = given.count(False)
        if binom.cdf(wrong, len(given), risk) <= delta / _LEVELS:
            picked = threshold, len(given), wrong
    if picked is None:
        tenth = [right[i] for i in order[: math.ceil(len(order) / _LEVELS)]]
        raise CalibrationError(
            f"At no threshold can it be promised that at most {risk:.1%} of the answers are wrong: of the surest "
            f"{len(tenth)} answers, {tenth.count(False)} are. Where these are few, label more (a tenth of them should "
            f"be {labels_needed(risk, delta)} or more); else allow a higher risk."
        )
    return picked


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
