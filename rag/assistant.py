"""Asking: retrieve, read, cite."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .citations import cite
from .errors import QuestionError
from .library import Library, View
from .values import Alternative, Answer, Citation, Passage, Refusal

if TYPE_CHECKING:
    from .reading import Reader, Span

PASSAGES = 5  # read for each question
THRESHOLD = 0.5  # confidence below which a question is refused: here an answer is as likely as none
MOST_ALTERNATIVES = 3
NEAREST = 3  # passages shown with a refusal
_EVEN = 0.5


class Assistant:
    """Answers questions from a library in its documents' own words."""

    def __init__(
        self,
        library: Library,
        reader: "Reader | None" = None,
        *,
        passages: int = PASSAGES,
        threshold: float = THRESHOLD,
    ):
        """passages: how many are read for a question. threshold: the confidence, 0 to 1, that an answer must reach."""
        from .reading import ExtractiveReader

        self.library = library
        self.reader = reader or ExtractiveReader()
        self.passages = passages
        self.threshold = threshold

    def ask(self, question: str, *, k: int | None = None, threshold: float | None = None) -> Answer:
        """The library's answer to one question, or a refusal; the same every time for the same library.

        k and threshold take the place of the assistant's own. Raises QuestionError for a question that is empty or
        too long.
        """
        question = _checked(question)
        k = _checked_count(self.passages if k is None else k)
        threshold = _checked_threshold(self.threshold if threshold is None else threshold)
        with self.library.view() as view:
            passages = view.search(question, k)
            with view.clock("read"):
                spans = self.reader.read(question, [passage.chunk.text for passage in passages])
            candidates = _places(spans, passages)
            accepted = [candidate for candidate in candidates if candidate.confidence >= threshold]
            if not accepted:
                return _refusal(question, candidates, passages, view)
            best, *others = [_cited(group, view) for group in _by_value(accepted)[: 1 + MOST_ALTERNATIVES]]
            return Answer(
                question=question,
                text=best.text,
                confidence=best.confidence,
                citations=best.citations,
                alternatives=tuple(others),
                refusal=None,
                nearest=(),
                timings=view.clock.timings(),
            )

    async def aask(self, question: str, *, k: int | None = None, threshold: float | None = None) -> Answer:
        """As `ask`, in a thread of its own, so that an event loop goes on meanwhile."""
        import asyncio

        return await asyncio.to_thread(self.ask, question, k=k, threshold=threshold)

    def ask_many(
        self, questions: Iterable[str], *, k: int | None = None, threshold: float | None = None
    ) -> list[Answer]:
        """The answer to each question, in order; each as if it had been asked alone."""
        return [self.ask(question, k=k, threshold=threshold) for question in questions]

    def warm(self) -> None:
        """Load the models now, so that the first question takes no longer than the others."""
        self.library.embedder.embed(["warm"])
        self.reader.read("warm?", ["warm"])


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A place that may hold the answer."""

    document_id: str
    start: int
    end: int
    text: str
    score: float

    @property
    def confidence(self) -> float:
        """Probability of the span against "no answer" of its passage, by the reader's two scores alone."""
        return 1 / (1 + math.exp(-max(min(self.score, 50.0), -50.0)))


def _places(spans: "Sequence[Span]", passages: Sequence[Passage]) -> list[_Candidate]:
    """Spans as places in their documents, best first; of those that overlap, as passages do, the best one."""
    kept: list[_Candidate] = []
    found = [_place(span, passages[span.passage]) for span in spans]
    for candidate in sorted(found, key=lambda c: (-c.score, c.document_id, c.start, c.end)):
        if not any(_overlap(candidate, other) for other in kept):
            kept.append(candidate)
    return kept


def _place(span: "Span", passage: Passage) -> _Candidate:
    chunk = passage.chunk
    text = chunk.text[span.start : span.end]
    return _Candidate(chunk.document_id, chunk.start + span.start, chunk.start + span.end, text, span.score)


def _overlap(one: _Candidate, other: _Candidate) -> bool:
    return one.document_id == other.document_id and one.start < other.end and other.start < one.end


def _by_value(candidates: Sequence[_Candidate]) -> list[list[_Candidate]]:
    """Candidates that say the same but for case and white space, together; best first, as they come."""
    groups: dict[str, list[_Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(" ".join(candidate.text.casefold().split()), []).append(candidate)
    return list(groups.values())


def _cited(group: Sequence[_Candidate], view: View) -> Alternative:
    citations = tuple(cite(view.document(c.document_id), c.start, c.end) for c in group)
    return Alternative(group[0].text, group[0].confidence, citations)


def _refusal(question: str, candidates: Sequence[_Candidate], passages: Sequence[Passage], view: View) -> Answer:
    confidence = candidates[0].confidence if candidates else 0.0
    if not passages:
        reason = Refusal.NOTHING_RETRIEVED
    else:
        reason = Refusal.NO_ANSWER if confidence < _EVEN else Refusal.BELOW_THRESHOLD
    nearest = tuple(_whole(passage, view) for passage in passages[:NEAREST])
    return Answer(question, "", confidence, (), (), reason, nearest, view.clock.timings())


def _whole(passage: Passage, view: View) -> Citation:
    return cite(view.document(passage.chunk.document_id), passage.chunk.start, passage.chunk.end)


def _checked(question: str) -> str:
    if not isinstance(question, str) or not question.strip():
        raise QuestionError('The question is empty. Ask something, such as "Who signed the treaty?".')
    return question.strip()


def _checked_count(k: int) -> int:
    if k < 1:
        raise QuestionError(f"Cannot read {k} passages; read 1 or more.")
    return k


def _checked_threshold(threshold: float) -> float:
    if not 0 <= threshold <= 1:
        raise QuestionError(f"A threshold of {threshold} is no confidence; give one from 0 to 1.")
    return threshold
