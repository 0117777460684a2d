"""How well quotes are placed: byte for byte, in the right sentence, on the right page, over the right span.

Intersection over union of character spans: Jaccard 1912. An answer that was refused, or one whose gold answer has no
place, has no figure.
"""

from collections.abc import Sequence

Place = tuple[str, int, int]  # document, start, end


def intersection_over_union(place: Place, gold: Sequence[Place]) -> float | None:
    """The share that the quote and the gold span have in common of all that they cover; the best gold span's."""
    return max((_overlap(place, other) for other in gold), default=None)


def inside(sentence: Place, gold: Sequence[Place]) -> float | None:
    """1 where the sentence around the quote holds all of a gold span, else 0."""
    if not gold:
        return None
    document, start, end = sentence
    return float(any(document == other and start <= a and b <= end for other, a, b in gold))


def _overlap(one: Place, other: Place) -> float:
    if one[0] != other[0]:
        return 0.0
    shared = max(0, min(one[2], other[2]) - max(one[1], other[1]))
    return shared / (one[2] - one[1] + other[2] - other[1] - shared)
