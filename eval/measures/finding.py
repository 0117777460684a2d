"""How well passages are found: recall, reciprocal rank and discounted gain of a ranking.

Recall and MRR: Voorhees 1999 and the TREC evaluations since. nDCG with binary gains: Järvelin and Kekäläinen 2002.
A question with nothing to find has no figure.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from .answering import normalize

# Kana and Chinese characters, Thai and Lao, Burmese, Khmer: no spaces; Hangul: particles are glued to words.
_NOT_SPACED = (
    r"\u3041-\u30fa\u30fc-\u30ff\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    r"\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\uac00-\ud7a3"
)
_WORD = re.compile(rf"[{_NOT_SPACED}]|(?:[^\W_{_NOT_SPACED}]|(?<=\d)[.,](?=\d))+")


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
    """Discounted gain of the first k passages, of the best gain known: by taking what holds most of the places left.

    That is the best order, but for rare overlaps; where the passages found gain more, theirs is the best.
    Each place gains once, where it is found first; one that no passage holds cannot be found, and counts as missed.
    """
    if not wanted:
        return None
    reached = _discounted(_gains(found[:k], wanted))
    return reached / max(reached, _discounted(_best_gains(wanted)[:k]))


def answer_rank(texts: Sequence[str], answers: Sequence[str]) -> int | None:
    """The rank, from 1, of the first passage with a right answer's words, wherever they stand; None: none has them.

    The words must follow each other and be whole: no letter or digit stands next to them. Any other character parts
    words ("Lenin" is found in "Lenin's", "war" in "anti-war"), but not a point or comma between digits ("500" is not
    found in "8,500"). In Chinese, Thai and other writing without spaces, and in Korean, each character is a word. Case
    and articles do not count, as in `answering`; an answer of which nothing is left there is never found. One that has
    no word but signs (an emoji, an arrow) is found wherever these stand.
    """
    gold = [words for answer in answers if (words := _words(answer)).strip()]
    signs = [left for answer in answers if not _words(answer).strip() and (left := normalize(answer))]
    for rank, text in enumerate(texts if gold or signs else (), 1):
        words, whole = _words(text), normalize(text) if signs else ""
        if any(one in words for one in gold) or any(one in whole for one in signs):
            return rank
    return None


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


def _words(text: str) -> str:
    """The words of a text, a space before and after each."""
    return f" {normalize(' '.join(_WORD.findall(text.casefold())))} "
