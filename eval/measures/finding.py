"""How well passages are found: recall, reciprocal rank and discounted gain of a ranking.

Recall and MRR: Voorhees 1999 and the TREC evaluations since. nDCG with binary gains: Järvelin and Kekäläinen 2002.
A question with nothing to find has no figure.
"""

import math
from collections.abc import Sequence


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
    """Discounted gain of the first k passages, of the gain that the best order would have."""
    if not wanted:
        return None
    relevant = frozenset().union(*wanted)
    gained = sum(1 / math.log2(rank + 1) for rank, name in enumerate(found[:k], 1) if name in relevant)
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(len(relevant), k) + 1))
    return gained / best


def answer_rank(texts: Sequence[str], answers: Sequence[str]) -> int | None:
    """The rank, from 1, of the first passage with a right answer's words, wherever they stand; None: none has them."""
    gold = [_plain(answer) for answer in answers]
    return next((rank for rank, text in enumerate(texts, 1) if any(one in _plain(text) for one in gold)), None)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
