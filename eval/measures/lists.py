"""Figures of several answers at once: partial match of MultiSpanQA (Li et al. 2022, section 4)."""

from collections.abc import Sequence
from difflib import SequenceMatcher


def partial_match(found: Sequence[Sequence[str]], gold: Sequence[Sequence[str]]) -> tuple[float, float, float]:
    """Precision, recall and F1, 0 to 1, over all questions, each with the answers found and the right ones.

    Two answers agree in the share that their longest common substring has: of the found one for precision, of the
    right one for recall; each answer counts with its best partner.
    """
    precision = recall = 0.0
    for ours, theirs in zip(found, gold, strict=True):
        common = {(one, other): _common(one.lower(), other.lower()) for one in ours for other in theirs}
        precision += sum(max((common[one, other] for other in theirs), default=0) / len(one) for one in ours)
        recall += sum(max((common[one, other] for one in ours), default=0) / len(other) for other in theirs)
    precision /= max(sum(map(len, found)), 1)
    recall /= max(sum(map(len, gold)), 1)
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _common(one: str, other: str) -> int:
    return SequenceMatcher(None, one, other, autojunk=False).find_longest_match().size
