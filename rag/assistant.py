"""Asking: retrieve, read, cite."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Literal, overload

from .candidates import Candidate, by_value, candidates, same_words
from .citations import cite
from .errors import QuestionError
from .library import Library, View
from .normalize import normalize
from .values import Alternative, Answer, Citation, EveryAnswer, Passage, Refusal, Value

if TYPE_CHECKING:
    from .reading import Reader

PASSAGES = 5  # read for each question
EVERY_PASSAGES = 20  # read when every answer is wanted
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
        threshold: float | None = None,
    ):
        """passages: how many are read for a question. threshold: the confidence, 0 to 1, that an answer must reach;
        when None, the one that was promised for the library and this reader (`pincite calibrate`), or the reader's own.
        """
        from .reading import ExtractiveReader

        self.library = library
        self.reader = reader or ExtractiveReader()
        self.passages = passages
        self.threshold = threshold

    @overload
    def ask(
        self, question: str, *, k: int | None = None, threshold: float | None = None, every: Literal[False] = False
    ) -> Answer: ...

    @overload
    def ask(
        self, question: str, *, k: int | None = None, threshold: float | None = None, every: Literal[True]
    ) -> EveryAnswer: ...

    @overload
    def ask(
        self, question: str, *, k: int | None = None, threshold: float | None = None, every: bool
    ) -> Answer | EveryAnswer: ...

    def ask(
        self, question: str, *, k: int | None = None, threshold: float | None = None, every: bool = False
    ) -> Answer | EveryAnswer:
        """The library's answer to one question, or a refusal; the same every time for the same library.

        k and threshold take the place of the assistant's own. With `every`, all distinct answers of the library are
        given, from more passages (20, if k does not say otherwise). Raises QuestionError for a question that is empty
        or too long.
        """
        question = _checked(question)
        k = _checked_count((EVERY_PASSAGES if every else self.passages) if k is None else k)
        with self.library.view() as view:
            threshold = _checked_threshold(self.threshold_in(view) if threshold is None else threshold)
            passages = view.search(question, k)
            with view.clock("read"):
                read = self.reader.read_every if every else self.reader.read
                spans = read(question, [passage.chunk.text for passage in passages])
            found = candidates(spans, passages, self.reader.confidence)
            accepted = [candidate for candidate in found if candidate.confidence >= threshold]
            if every:
                return _every(question, found, accepted, passages, view)
            if not accepted:
                return _refused(question, found, passages, view)
            best, *others = [_cited(group, view) for group in by_value(accepted, same_words)[: 1 + MOST_ALTERNATIVES]]
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

    def threshold_in(self, view: View) -> float:
        """The confidence that an answer must reach in a library if the question does not say."""
        if self.threshold is not None:
            return self.threshold
        promise = view.promise
        if promise and promise.reader == self.reader.sha256:
            return promise.threshold
        return self.reader.confidence.threshold

    def warm(self) -> None:
        """Load the models now, so that the first question takes no longer than the others."""
        self.library.embedder.embed(["warm"])
        self.reader.read("warm?", ["warm"])


def _cited(group: Sequence[Candidate], view: View) -> Alternative:
    return Alternative(group[0].text, group[0].confidence, _citations(group, view))


def _every(
    question: str, found: Sequence[Candidate], accepted: Sequence[Candidate], passages: Sequence[Passage], view: View
) -> EveryAnswer:
    groups = by_value(accepted, normalize)
    values = tuple(
        Value(group[0].text, normalize(group[0].text), group[0].confidence, _citations(group, view)) for group in groups
    )
    refusal = None if values else _reason(found, passages)
    nearest = () if values else _nearest(passages, view)
    return EveryAnswer(question, values, _disagree(groups), refusal, nearest, view.clock.timings())


def _disagree(groups: Iterable[Sequence[Candidate]]) -> bool:
    """Whether two documents answer and share no value."""
    said: dict[str, set[int]] = {}
    for number, group in enumerate(groups):
        for candidate in group:
            said.setdefault(candidate.document_id, set()).add(number)
    return any(one.isdisjoint(other) for one, other in combinations(said.values(), 2))


def _refused(question: str, found: Sequence[Candidate], passages: Sequence[Passage], view: View) -> Answer:
    confidence = found[0].confidence if found else 0.0
    reason, nearest = _reason(found, passages), _nearest(passages, view)
    return Answer(question, "", confidence, (), (), reason, nearest, view.clock.timings())


def _reason(found: Sequence[Candidate], passages: Sequence[Passage]) -> Refusal:
    if not passages:
        return Refusal.NOTHING_RETRIEVED
    return Refusal.BELOW_THRESHOLD if found and found[0].confidence >= _EVEN else Refusal.NO_ANSWER


def _citations(group: Iterable[Candidate], view: View) -> tuple[Citation, ...]:
    return tuple(cite(view.document(one.document_id), one.start, one.end) for one in group)


def _nearest(passages: Sequence[Passage], view: View) -> tuple[Citation, ...]:
    return tuple(_whole(passage, view) for passage in passages[:NEAREST])


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
