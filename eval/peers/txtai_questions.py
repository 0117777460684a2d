"""txtai's extractive pipeline: the first passage, as they come, in which it finds something. It gives no place."""

import sys

from loop import serve
from txtai.pipeline import Questions

pipeline = Questions(sys.argv[1], gpu=False)


def answer(question, passages):
    """The first answer that is not None."""
    for passage, text in enumerate(passages):
        found = pipeline([question], [text])[0]
        if found:
            return found, passage, None
    return "", None, None


serve(answer)
