"""Labels: what a person said of an answer, with the text that it is about, so that it outlives the document.

They are written as SQuAD 2.0 (Rajpurkar et al. 2018), which `rag.labelled` reads.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from .errors import DataError, QuestionError, check_characters
from .structure import bounds_at
from .values import Chunk, Citation, Document

WRONG_LEFT_OUT = "wrong_left_out"  # in a file of labels: how many answers judged wrong, with no right place, it lacks
_HASH = 16


class Verdict(StrEnum):
    """What a person says of an answer. Of a refusal, `RIGHT` says that the documents do not answer."""

    RIGHT = "right"
    WRONG = "wrong"
    PLACE = "the right place is here"


@dataclass(frozen=True, slots=True)
class Label:
    """A question and a verdict on the span of a document that answers it, or on its refusal.

    `question` stands alone: of a follow-up question it is what it was read as. `context` is the passage around the
    span, or the one nearest to a refused question ("" where there was none), and begins in the document's text at
    `context_start`. `start` and `end` count in the document's text too and are None for a refusal:
    `context[start - context_start : end - context_start] == quote`, always. `sha256` is that of the file's bytes,
    `at` when it was judged, in ISO 8601 with UTC. Raises QuestionError for a question that is empty, and DataError
    for a span that is blank or not inside the context, and where `PLACE` has none.
    """

    question: str
    verdict: Verdict
    document_id: str | None
    sha256: str | None
    title: str
    context: str
    context_start: int
    start: int | None
    end: int | None
    at: str

    def __post_init__(self) -> None:
        _check_question(self.question)
        if self.start is None and self.end is None:
            if self.verdict is Verdict.PLACE:
                raise DataError(f"No span is marked as the right place for {self.question!r}. Mark the words there.")
        elif not self._is_inside or not self.quote.strip():
            last = self.context_start + len(self.context)
            raise DataError(
                f"The span {self.start}-{self.end} is blank or not inside its context, which has the characters "
                f"{self.context_start}-{last}. Mark words of the context."
            )

    @property
    def quote(self) -> str:
        """The words of the span, "" for a refusal."""
        if self.start is None or self.end is None:
            return ""
        return self.context[self.start - self.context_start : self.end - self.context_start]

    @property
    def _is_inside(self) -> bool:
        if self.start is None or self.end is None:
            return False
        return self.context_start <= self.start < self.end <= self.context_start + len(self.context)


def label(document: Document, chunks: Sequence[Chunk], question: str, verdict: Verdict, start: int, end: int) -> Label:
    """The label of `document.text[start:end]`, judged now; `chunks` are the document's, in the order of its text.

    Raises DataError for a span that is blank or not inside the document, and QuestionError.
    """
    if not 0 <= start < end <= len(document.text):
        raise DataError(
            f"The span {start}-{end} is empty or not inside {document.title!r}, which has {len(document.text):,} "
            "characters. Mark words of the document."
        )
    first, last = _context(document, chunks, start, end)
    context = document.text[first:last]
    return Label(question, verdict, document.id, document.sha256, document.title, context, first, start, end, at=_now())


def refusal_label(question: str, verdict: Verdict, nearest: Citation | None) -> Label:
    """The label of a refusal, judged now; `nearest` is the passage closest to the question, if any was found."""
    if nearest is None:
        return Label(question, verdict, None, None, "", "", 0, None, None, at=_now())
    of = (nearest.document_id, nearest.sha256, nearest.title, nearest.quote, nearest.start)
    return Label(question, verdict, *of, start=None, end=None, at=_now())


def question_key(question: str) -> str:
    """What is the same for two ways to type one question: white space around it and capitals do not count."""
    return question.strip().casefold()


def squad(labels: Sequence[Label]) -> tuple[dict[str, Any], int]:
    """The labels as SQuAD 2.0, one article a title, one paragraph a context, and how many labels are left out.

    Those are left out that do not say what is right: of a wrong answer, and of a refusal with no passage near it.
    """
    articles: dict[str, dict[str, list[dict[str, Any]]]] = {}
    known = [one for one in labels if one.verdict is not Verdict.WRONG and one.context]
    for one in known:
        articles.setdefault(one.title, {}).setdefault(one.context, []).append(_entry(one))
    data = [
        {"title": title, "paragraphs": [{"context": context, "qas": entries} for context, entries in found.items()]}
        for title, found in articles.items()
    ]
    return {"version": "v2.0", "data": data}, len(labels) - len(known)


def _entry(one: Label) -> dict[str, Any]:
    answers = [] if one.start is None else [{"text": one.quote, "answer_start": one.start - one.context_start}]
    name = hashlib.sha256(json.dumps([one.question, one.context]).encode()).hexdigest()[:_HASH]
    return {"id": name, "question": one.question, "answers": answers, "is_impossible": not answers}


def _context(document: Document, chunks: Sequence[Chunk], start: int, end: int) -> tuple[int, int]:
    """The chunk that has all of the span, most in its middle; else the chunks that it touches, or its section."""
    holding = [chunk for chunk in chunks if chunk.start <= start and end <= chunk.end]
    if holding:
        best = max(holding, key=lambda chunk: min(start - chunk.start, chunk.end - end))
        return best.start, best.end
    touched = [chunk for chunk in chunks if chunk.start < end and start < chunk.end]
    if touched:
        first, last = touched[0].start, max(chunk.end for chunk in touched)
    else:
        first, last = bounds_at(document, start)
    return min(first, start), max(last, end)  # a span may begin or end in a heading, which no chunk has


def _check_question(question: str) -> None:
    if not question.strip():
        raise QuestionError("The question is empty. Judge an answer to a question.")
    check_characters(question)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
