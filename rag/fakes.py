"""Stand-ins for the three seams, small enough to foretell their results by hand. For tests, ours and yours."""

import re
import zlib
from collections.abc import Sequence

import numpy as np

from .embedding import Vectors
from .reading import Confidence, Span
from .vectors import Ids, distinct

_WORD = re.compile(r"\w+")


class WordEmbedder:
    """Counts words in 256 buckets: texts with the same words have the same vector. A token is a word."""

    name = "words"
    sha256 = "0" * 64
    dimension = 256

    def __init__(self, window: int = 256):
        self.window = window
        self.embedded = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded += len(texts)
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in _words(text) or [""]:
                row[zlib.crc32(word.encode()) % self.dimension] += 1
        normalized: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normalized

    def count_tokens(self, text: str) -> int:
        return len(_WORD.findall(text)) + 2


class ExactStore:
    """Compares with every vector, in numpy."""

    def __init__(self, dimension: int):
        self._ids = np.empty(0, np.int64)
        self._vectors = np.empty((0, dimension), np.float32)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        self._ids = np.concatenate([self._ids, ids])
        self._vectors = np.concatenate([self._vectors, vectors])

    def remove(self, ids: Ids) -> None:
        kept = ~np.isin(self._ids, ids)
        self._ids, self._vectors = self._ids[kept], self._vectors[kept]

    def search(self, vector: Vectors, k: int) -> tuple[Ids, Vectors]:
        scores = self._vectors @ vector
        ranked = np.lexsort((self._ids, -scores))
        best = ranked[distinct(self._ids[ranked])[:k]]
        return self._ids[best], scores[best]


class NumberReader:
    """Answers with each number in a passage; its score is how many words of the question the passage has, less one."""

    confidence = Confidence()
    sha256 = "0" * 64

    def read(self, question: str, passages: Sequence[str]) -> list[Span]:
        asked = set(_words(question))
        spans = [
            Span(index, match.start(), match.end(), float(len(asked & set(_words(passage))) - 1))
            for index, passage in enumerate(passages)
            for match in re.finditer(r"\d+", passage)
        ]
        return sorted(spans, key=lambda span: (-span.score, span.passage, span.start))

    def read_every(self, question: str, passages: Sequence[str]) -> list[Span]:
        return self.read(question, passages)


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
