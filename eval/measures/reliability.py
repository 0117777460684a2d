"""Whether confidence is what it says: the reliability curve, and its expected calibration error.

ECE (Naeini, Cooper and Hauskrecht 2015) over bins of equal mass (Nguyen and O'Connor 2015).
"""

from collections.abc import Sequence
from statistics import fmean

BINS = 15


def reliability(
    confidences: Sequence[float], right: Sequence[bool], bins: int = BINS
) -> list[tuple[float, float, int]]:
    """Mean confidence, share of right answers and count of each bin, least sure first; empty bins are left out."""
    order = sorted(range(len(confidences)), key=lambda i: confidences[i])
    parts = [order[len(order) * i // bins : len(order) * (i + 1) // bins] for i in range(bins)]
    return [(fmean(confidences[i] for i in p), fmean(right[i] for i in p), len(p)) for p in parts if p]


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = BINS) -> float:
    """The mean distance of confidence and share of right answers over the bins, 0 to 1; nan for no answers."""
    curve = reliability(confidences, right, bins)
    if not curve:
        return float("nan")
    return sum(count * abs(mean - share) for mean, share, count in curve) / len(confidences)
