"""Confidence intervals and paired tests by the bootstrap over questions (Efron and Tibshirani 1993), seed fixed.

Where all questions have 0, or all have 1, drawing them again tells nothing: a share's interval is then the exact one
(Clopper and Pearson 1934), so that one right question does not prove that all are right.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

DRAWS = 1000
SEED = 20220124
LEVEL = 0.95

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95% interval and the number of questions that it was measured on."""

    value: float
    low: float
    high: float
    n: int


def mean_figure(values: Sequence[float]) -> Figure | None:
    """The mean of values, one a question; None where there are none."""
    if not values:
        return None
    array = np.asarray(values, float)
    draws = array[_drawn(len(array))].mean(axis=1)
    return _figure(float(array.mean()), draws, len(array))


def share_figure(values: Sequence[float]) -> Figure | None:
    """The mean of values from 0 to 1; None where there are none."""
    figure = mean_figure(values)
    if figure is None or set(values) not in ({0}, {1}):
        return figure
    room = 1 - ((1 - LEVEL) / 2) ** (1 / figure.n)
    return replace(figure, low=1 - room) if figure.value else replace(figure, high=room)


def whole_figure(count: int, measure: Callable[[Indices], float], *, centred: bool = False) -> Figure | None:
    """A figure of `count` questions that is no mean: `measure` gives it for the questions with these indices.

    None where it is not a number for all of them; draws for which it is none do not count. When `centred`, the others
    are moved so that their mean is the value: drawing again makes some figures higher, such as a calibration error.
    """
    value = measure(np.arange(count)) if count else float("nan")
    if np.isnan(value):
        return None
    draws = np.array([measure(indices) for indices in _drawn(count)])
    draws = draws[~np.isnan(draws)]
    return _figure(value, draws - draws.mean() + value if centred else draws, count)


def _drawn(count: int) -> Indices:
    return np.random.default_rng(SEED).integers(0, count, (DRAWS, count))


def _figure(value: float, draws: npt.NDArray[np.float64], count: int) -> Figure:
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Figure(value, float(low), float(high), count)
