"""Questions as people type them: without a question mark, as keywords, with a slip of the finger."""

import random
import re

from ..retrieval import query_words

_LONG_WORD = re.compile(r"[A-Za-z]{5,}")


def unpunctuated(question: str) -> str:
    """Lower case and nothing but spaces between the words, as in a search box."""
    return " ".join(question.lower().replace("?", " ").replace(",", " ").split()).rstrip(".")


def keywords(question: str) -> str:
    """Only the words that carry meaning, in lower case."""
    return " ".join(query_words(question))


def slip(question: str, chance: random.Random) -> str:
    """With a letter inside a long word left out, doubled, or changed with its neighbour."""
    words = list(_LONG_WORD.finditer(question))
    if not words:
        return question
    word = chance.choice(words)
    at = chance.randrange(word.start() + 1, word.end() - 2)
    one, two = question[at], question[at + 1]
    return question[:at] + chance.choice([two, one + one + two, two + one]) + question[at + 2 :]
