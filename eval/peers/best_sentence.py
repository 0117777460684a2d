"""Plain sentence-transformers: the sentence of the passages that is nearest to the question. It always answers."""

import re
import sys

from loop import serve
from sentence_transformers import SentenceTransformer

model = SentenceTransformer(sys.argv[2], device="cpu", local_files_only=True)


def answer(question, passages):
    """The nearest sentence."""
    found = [(i, m) for i, passage in enumerate(passages) for m in re.finditer(r"[^.!?]+[.!?]*", passage)]
    found = [(i, m) for i, m in found if m.group().strip()]
    vectors = model.encode([question, *(m.group().strip() for _, m in found)], normalize_embeddings=True)
    passage, match = found[int((vectors[1:] @ vectors[0]).argmax())]
    text = match.group().strip()
    return text, passage, match.start() + len(match.group()) - len(match.group().lstrip())


serve(answer)
