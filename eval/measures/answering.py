"""Exact match and F1 of an answer, by the official rules of SQuAD 2.0 (Rajpurkar et al. 2018, evaluate-v2.0.py).

Case, punctuation, the articles a, an, the, and runs of white space do not count. A gold answer of which nothing is left
does not count either. Where no other is left, the one right answer is "": it scores 1 against "" and 0 against anything
else.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalize(text: str) -> str:
    """`text` as it is compared."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split())


def exact_match(answer: str, gold: Sequence[str]) -> float:
    """1.0 when the answer equals one of the gold answers, else 0.0; no gold answers mean that "" is right."""
    return float(normalize(answer) in _normalized(gold))


def f1(answer: str, gold: Sequence[str]) -> float:
    """The best F1, 0 to 1, over words shared with one of the gold answers; no gold answers mean that "" is right."""
    return max(_f1(normalize(answer).split(), one.split()) for one in _normalized(gold))


def _normalized(gold: Sequence[str]) -> list[str]:
    return [normalized for one in gold if (normalized := normalize(one))] or [""]


def _f1(answer: list[str], gold: list[str]) -> float:
    if not answer or not gold:
        return float(answer == gold)
    shared = sum((Counter(answer) & Counter(gold)).values())
    return 2 * shared / (len(answer) + len(gold))
