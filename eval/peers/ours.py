"""Ours: the extractive reader."""

import sys

from loop import serve

from rag.reading import ExtractiveReader

reader = ExtractiveReader(sys.argv[1])
threshold = reader.confidence.threshold


def answer(question, passages):
    """The best span, where its confidence reaches the reader's threshold."""
    spans = reader.read(question, passages)
    if not spans or reader.confidence.of(spans[0].score) < threshold:
        return "", None, None
    best = spans[0]
    return passages[best.passage][best.start : best.end], best.passage, best.start


serve(answer)
