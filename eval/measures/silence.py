"""How well a score tells questions with an answer from those without: AUROC, and the best F1 that a threshold can give.

AUROC as the Mann-Whitney statistic (Hanley and McNeil 1982). The best threshold as in SQuAD 2.0's evaluate-v2.0.py.
"""

from collections.abc import Sequence

import numpy as np


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """The chance, 0 to 1, that a positive scores above a negative, ties half; nan when one kind is missing."""
    values, wanted = np.asarray(scores, float), np.asarray(positive, bool)
    order = np.argsort(values, kind="stable")
    ranks = np.empty(len(values))
    ranks[order] = np.arange(1, len(values) + 1)
    _, group = np.unique(values, return_inverse=True)
    ranks = (np.bincount(group, ranks) / np.bincount(group))[group]
    positives, negatives = int(wanted.sum()), int((~wanted).sum())
    if not positives or not negatives:
        return float("nan")
    return float((ranks[wanted].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def best_threshold(scores: Sequence[float], points: Sequence[float], answerable: Sequence[bool]) -> tuple[float, float]:
    """The best mean of points over all thresholds, and the threshold: answers with that score or more are given.

    `points` are what each answer earns if it is given; a question without an answer earns 1 by silence.
    """
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    total = best = float(sum(not one for one in answerable))
    threshold = float("inf")
    for place, index in enumerate(order):
        total += points[index] if answerable[index] else -1.0
        is_last = place + 1 == len(order) or scores[order[place + 1]] < scores[index]
        if is_last and total > best:
            best, threshold = total, scores[index]
    return best / len(scores), threshold
