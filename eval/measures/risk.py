"""How much can be answered at what risk: the risk-coverage curve, its area, and the coverage at a risk.

El-Yaniv and Wiener 2010; area: Geifman, Uziel and El-Yaniv 2019. Questions are taken surest first; those with equal
confidence together. Risk is the share of wrong answers among those given; a question without an answer counts as wrong
when it is answered.
"""

from collections.abc import Sequence


def risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float]]:
    """Points (coverage, risk), each 0 to 1, one for each distinct confidence, surest first."""
    order = sorted(range(len(confidences)), key=lambda i: -confidences[i])
    points, wrong = [], 0
    for given, index in enumerate(order, 1):
        wrong += not right[index]
        if given == len(order) or confidences[order[given]] < confidences[index]:
            points.append((given / len(order), wrong / given))
    return points


def area(points: Sequence[tuple[float, float]]) -> float:
    """The mean risk over all coverages, 0 to 1, lower is better; each point stands for the coverage gained at it."""
    before = total = 0.0
    for coverage, risk in points:
        total += (coverage - before) * risk
        before = coverage
    return total


def coverage_at(points: Sequence[tuple[float, float]], risk: float) -> float:
    """The highest coverage, 0 to 1, whose risk is not above `risk`; 0 where there is none."""
    return max((coverage for coverage, at in points if at <= risk), default=0.0)
