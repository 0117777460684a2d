"""A first set from a library: a gap in each of some sentences, to be turned into a question by hand."""

import json
import random
import re
from collections import Counter
from itertools import islice
from pathlib import Path

from rag.assistant import Assistant
from rag.library import Library
from rag.sentences import sentences
from rag.values import Document

from .questions import Question
from .run import too_long

_GAP = re.compile(
    r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December)(?: \d{4})?\b"
    r"|\b\d[\d,.]*\d\b|(?<=[a-z,] )[A-Z][\w'’-]+(?: (?:of |the |de )?[A-Z][\w'’-]+)*"
)
_SHORTEST, _LONGEST = 40, 300  # characters of a sentence that can be asked about


def draft(library: Library, count: int, seed: int) -> list[str]:
    """At most `count` lines of a set, each the sentence with a gap and the words of the gap as the answer.

    Names, dates and numbers are left out; sentences, no headings, are drawn evenly from all documents. Tagged as
    drafts. `eval` takes each line as it is: none is too long to be asked, and of files that share a name the answer is
    given without place.
    """
    chance = random.Random(seed)  # noqa: S311 - which sentences, no secret
    assistant = Assistant(library)
    found = []
    with library.view() as view:
        names = Counter(Path(entry.location).name for entry in view.entries())
        for entry in view.entries():
            document, name = view.document(entry.id), Path(entry.location).name
            for start, end in sentences(document.text, document.body_start):
                gaps = list(_GAP.finditer(document.text, start + 1, end))
                if gaps and _SHORTEST <= end - start <= _LONGEST and not _is_heading(document, start, end):
                    gap = chance.choice(gaps)
                    question = _question(document.text[start : gap.start()], document.text[gap.end() : end])
                    found.append((question, gap, name if names[name] == 1 else None))
    drawn = chance.sample(range(len(found)), len(found))
    fitting = (index for index in drawn if not too_long(assistant, Question("", found[index][0], ())))
    return [_line(number, *found[index]) for number, index in enumerate(sorted(islice(fitting, count)), 1)]


def _is_heading(document: Document, start: int, end: int) -> bool:
    """Whether a heading stands in a span."""
    return any(heading.start < end and start < heading.end for heading in document.headings)


def _question(before: str, after: str) -> str:
    return " ".join(f"What belongs in the gap: {before}___{after}".split())


def _line(number: int, question: str, gap: "re.Match[str]", document: str | None) -> str:
    return json.dumps(
        {
            "id": f"draft{number:03}",
            "question": question,
            "answers": [{"text": gap.group(), "start": gap.start()} if document else gap.group()],
            "document": document,
            "tags": ["draft"],
        },
        ensure_ascii=False,
    )
