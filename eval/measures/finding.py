"""How well passages are found: recall, reciprocal rank and discounted gain of a ranking.

Recall and MRR: Voorhees 1999 and the TREC evaluations since. nDCG with binary gains: Järvelin and Kekäläinen 2002.
A question with nothing to find has no figure.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence


def recall(found: Sequence[str], wanted: Sequence[frozenset[str]], k: int) -> float | None:
    """The share of the wanted places that the first k passages hold; each place is the set of passages that hold it."""
    if not wanted:
        return None
    first = set(found[:k])
    return sum(not place.isdisjoint(first) for place in wanted) / len(wanted)


def reciprocal_rank(found: Sequence[str], wanted: Sequence[frozenset[str]], k: int = 10) -> float | None:
    """1 / rank of the first passage that holds a wanted place, ranks from 1; 0 where none of the first k does."""
    if not wanted:
        return None
    relevant = frozenset().union(*wanted)
    return next((1 / rank for rank, name in enumerate(found[:k], 1) if name in relevant), 0.0)


def ndcg(found: Sequence[str], wanted: Sequence[frozenset[str]], k: int = 10) -> float | None:
    """Discounted gain of the first k passages, of the gain that the best order would have.

    Each place gains once, where it is found first; one that no passage holds cannot be found, and counts as missed.
    """
    if not wanted:
        return None
    return _discounted(_gains(found[:k], wanted)) / _discounted(_best_gains(wanted)[:k])


def answer_rank(texts: Sequence[str], answers: Sequence[str]) -> int | None:
    """The rank, from 1, of the first passage with a right answer's words, wherever they stand; None: none has them."""
    gold = [_plain(answer) for answer in answers]
    return next((rank for rank, text in enumerate(texts, 1) if any(one in _plain(text) for one in gold)), None)


def _gains(found: Iterable[str], wanted: Sequence[frozenset[str]]) -> list[int]:
    """How many places each passage is the first to hold."""
    gains, left = [], list(wanted)
    for name in found:
        gains.append(sum(name in place for place in left))
        left = [place for place in left if name not in place]
    return gains


def _best_gains(wanted: Sequence[frozenset[str]]) -> list[int]:
    """The gains of an order in which each next passage holds most of the places that are left."""
    gains, left = [], [place for place in wanted if place]
    while left:
        held = Counter(name for place in left for name in place)
        best = max(sorted(held), key=lambda name: held[name])
        gains.append(held[best])
        left = [place for place in left if best not in place]
    return gains + [1] * sum(not place for place in wanted)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
