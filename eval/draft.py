"""A first set from a library: a gap in each of some sentences, to be turned into a question by hand."""

import json
import random
import re

from rag.library import Library
from rag.sentences import sentences

_GAP = re.compile(
    r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December)(?: \d{4})?\b"
    r"|\b\d[\d,.]*\d\b|(?<=[a-z,] )[A-Z][\w'’-]+(?: (?:of |the |de )?[A-Z][\w'’-]+)*"
)
_SHORTEST, _LONGEST = 40, 300  # characters of a sentence that can be asked about


def draft(library: Library, count: int, seed: int) -> list[str]:
    """At most `count` lines of a set, each the sentence with a gap and the words of the gap as the answer.

    Names, dates and numbers are left out; sentences are drawn evenly from all documents. Tagged as drafts.
    """
    chance = random.Random(seed)  # noqa: S311 - which sentences, no secret
    found = []
    with library.view() as view:
        for entry in view.entries():
            document = view.document(entry.id)
            for start, end in sentences(document.text, document.body_start):
                gaps = list(_GAP.finditer(document.text, start + 1, end))
                if gaps and _SHORTEST <= end - start <= _LONGEST:
                    found.append((entry.location.rsplit("/", 1)[-1], document.text, start, end, chance.choice(gaps)))
    chosen = sorted(chance.sample(range(len(found)), min(count, len(found))))
    return [_line(number, *found[index]) for number, index in enumerate(chosen, 1)]


def _line(number: int, document: str, text: str, start: int, end: int, gap: "re.Match[str]") -> str:
    sentence = " ".join(f"{text[start : gap.start()]}___{text[gap.end() : end]}".split())
    answer = {"text": gap.group(), "start": gap.start()}
    return json.dumps(
        {
            "id": f"draft{number:03}",
            "question": f"What belongs in the gap: {sentence}",
            "answers": [answer],
            "document": document,
            "tags": ["draft"],
        },
        ensure_ascii=False,
    )
