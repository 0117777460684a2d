"""Haystack's extractive reader."""

import sys

from haystack import Document
from haystack_integrations.components.readers.transformers import TransformersExtractiveReader
from loop import serve

reader = TransformersExtractiveReader(model=sys.argv[1], top_k=1)
if hasattr(reader, "warm_up"):
    reader.warm_up()


def answer(question, passages):
    """The best answer; none where "no answer" comes out above it."""
    documents = [Document(content=passage, meta={"passage": i}) for i, passage in enumerate(passages)]
    best = max(reader.run(query=question, documents=documents)["answers"], key=lambda one: one.score)
    if not best.data:
        return "", None, None
    start = best.document_offset.start if best.document_offset else None
    return best.data, best.document.meta["passage"], start


serve(answer)
