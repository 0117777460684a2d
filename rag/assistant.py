"""Asking: retrieve, read, cite."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from numbers import Integral, Real
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, cast, overload

from .candidates import Candidate, by_value, candidates, same_words
from .citations import cite
from .errors import QuestionError, check_characters
from .followups import LEANS_ON, SAID, Meaning, meanings, search_query, was_said
from .library import Library, View
from .normalize import normalize
from .values import Alternative, Answer, Citation, EveryAnswer, Passage, Refusal, Stage, Turn, Value

if TYPE_CHECKING:
    from .reading import Reader, Span

History = Sequence["Turn | Answer | EveryAnswer"]

PASSAGES = 5  # read for each question
EVERY_PASSAGES = 20  # read when every answer is wanted
MOST_ALTERNATIVES = 3
AS_SURE = 0.5  # of the answer's confidence, for an alternative: of 282 below that on held-out questions 7% were right
NEAREST = 3  # passages shown with a refusal
# How much less a span's score is for each point that its passage scored less than the first. With 0, 8, 18 and 32 F1 is
# 0.632, 0.655, 0.672 and 0.668 on 1,255 held-out questions with an answer, asked of 135 paragraphs. On 299 lists, asked
# of whole documents with `every`, it is 0.477, 0.565, 0.677 and (with 24) 0.707, which then lack too many members.
FOUND_LATER = 18.0


class _Options(TypedDict, total=False):
    """What a question may be asked with, whatever comes back."""

    history: History
    k: int | None
    threshold: float | None


class Assistant:
    """Answers questions from a library in its documents' own words, to several threads at once.

    A process that was forked after a question was asked gets a ModelError when it asks: start it with "spawn".
    """

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
    def ask(self, question: str, *, every: Literal[False] = False, **options: Unpack[_Options]) -> Answer: ...

    @overload
    def ask(self, question: str, *, every: Literal[True], **options: Unpack[_Options]) -> EveryAnswer: ...

    @overload
    def ask(self, question: str, *, every: bool, **options: Unpack[_Options]) -> Answer | EveryAnswer: ...

    def ask(
        self,
        question: str,
        *,
        history: History = (),
        k: int | None = None,
        threshold: float | None = None,
        every: bool = False,
    ) -> Answer | EveryAnswer:
        """The library's answer to one question, or a refusal; the same every time for the same library.

        `history` holds the earlier turns of a conversation, oldest first: a question that leans on them is also read
        after the last two, and with their names, dates and answers in place; the surest reading counts. Of every answer
        that was given to a turn, the surest is taken. k and threshold take the place of the assistant's own. With
        `every`, all distinct answers of more passages are given (of 20, if k does not say otherwise). Raises
        QuestionError for a question that is empty or too long, and for a history, k or threshold that is none.
        """
        *_, answer = self.asking(question, history=history, k=k, threshold=threshold, every=every)
        return cast(Answer | EveryAnswer, answer)

    def asking(
        self,
        question: str,
        *,
        history: History = (),
        k: int | None = None,
        threshold: float | None = None,
        every: bool = False,
    ) -> Iterator[Stage | Answer | EveryAnswer]:
        """As `ask`, told while it goes on: each stage when it begins, and the answer last."""
        question = self._checked(question)
        k = _checked_count((EVERY_PASSAGES if every else self.passages) if k is None else k)
        turns = _turns(history)
        yield Stage.FINDING
        with self.library.view() as view:
            threshold = _checked_threshold(self.threshold_in(view) if threshold is None else threshold)
            meant = meanings(question, turns)
            passages = view.search(self.query(question, turns), k)
            yield Stage.READING
            with view.clock("read"):
                read_as, spans = self._surest(meant, passages, turns, every=every)
            found = candidates(spans, passages, self.reader.confidence)
            accepted = [candidate for candidate in found if candidate.confidence >= threshold]
            groups = by_value(accepted, normalize if every else same_words)
            even = self.reader.confidence.threshold
            asked = _Asked(question, None if read_as == question else read_as, passages, found, even, view)
            answer = _every(asked, groups) if every else _answer(asked, groups)
        yield answer

    def query(self, question: str, turns: Sequence[Turn]) -> str:
        """What passages are looked for with; the question alone where it is too long with what was said before."""
        query, embedder = search_query(question, turns), self.library.embedder
        return query if embedder.count_tokens(query) <= embedder.window else question

    def _checked(self, question: str) -> str:
        """The question without space around it. Raises QuestionError for what is none or is too long."""
        from .reading.extractive import check_length

        if not isinstance(question, str):
            raise QuestionError(f"A question is text, and {question!r:.80} is none. Give it as a string.")
        if not question.strip():
            raise QuestionError('The question is empty. Ask something, such as "Who signed the treaty?".')
        check_characters(question)
        question, embedder = question.strip(), self.library.embedder
        check_length(question)
        if (tokens := embedder.count_tokens(question)) > embedder.window:
            raise QuestionError(
                f"The question has {tokens} tokens, the embedding model takes {embedder.window}. Ask a shorter one."
            )
        return question

    def _surest(
        self, meant: list[Meaning], passages: list[Passage], turns: list[Turn], *, every: bool
    ) -> "tuple[str, list[Span]]":
        """Of what a question may mean, as typed first, that with the best span; and its spans, best first.

        What stands in a passage that was found later is less sure, and so is, where the question leans on earlier
        turns, what has the words of their answers.
        """
        read = self.reader.read_every if every else self.reader.read
        said = [turn.answer for turn in turns[-LEANS_ON:]] if len(meant) > 1 else []
        found: list[tuple[str, list[Span]]] = []
        for meaning in meant:
            try:
                spans = read(meaning.text, [passage.chunk.text for passage in passages])
            except QuestionError:  # too long with what was said before
                if meaning == meant[0]:
                    raise
                continue
            found.append((meaning.text, _weighed(spans, passages, meaning.doubt, said)))
        return max(found, key=lambda one: max((span.score for span in one[1]), default=-math.inf))

    @overload
    async def aask(self, question: str, *, every: Literal[False] = False, **options: Unpack[_Options]) -> Answer: ...

    @overload
    async def aask(self, question: str, *, every: Literal[True], **options: Unpack[_Options]) -> EveryAnswer: ...

    @overload
    async def aask(self, question: str, *, every: bool, **options: Unpack[_Options]) -> Answer | EveryAnswer: ...

    async def aask(
        self,
        question: str,
        *,
        history: History = (),
        k: int | None = None,
        threshold: float | None = None,
        every: bool = False,
    ) -> Answer | EveryAnswer:
        """As `ask`, in a thread of its own, so that an event loop goes on meanwhile."""
        import asyncio

        return await asyncio.to_thread(self.ask, question, history=history, k=k, threshold=threshold, every=every)

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


def _weighed(spans: "list[Span]", passages: list[Passage], doubt: float, said: list[str]) -> "list[Span]":
    """Spans with lower scores: by the doubt, where their passage was found later, and where their words were said."""
    weighed = []
    for span in spans:
        passage = passages[span.passage]
        later = FOUND_LATER * (passages[0].score - passage.score)
        again = SAID * was_said(passage.chunk.text[span.start : span.end], said)
        weighed.append(replace(span, score=span.score - doubt - later - again))
    return sorted(weighed, key=lambda span: -span.score)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with what was retrieved and found for it; `even`: the confidence that the reader itself wants."""

    question: str
    read_as: str | None
    passages: Sequence[Passage]
    found: Sequence[Candidate]
    even: float
    view: View

    def refusal(self) -> tuple[Refusal, tuple[Citation, ...]]:
        """The reason why there is no answer, and the passages nearest to the question, each quoted whole."""
        nearest = tuple(self.view.cited(self.passages[:NEAREST]))
        if not self.passages:
            return Refusal.NOTHING_RETRIEVED, nearest
        best = self.found[0].confidence if self.found else 0.0
        return (Refusal.BELOW_THRESHOLD if best >= self.even else Refusal.NO_ANSWER), nearest


def _answer(asked: _Asked, groups: Sequence[Sequence[Candidate]]) -> Answer:
    if not groups:
        confidence = asked.found[0].confidence if asked.found else 0.0
        reason, nearest = asked.refusal()
        timings = asked.view.clock.timings()
        return Answer(asked.question, "", confidence, (), (), reason, nearest, asked.read_as, timings)
    least = AS_SURE * groups[0][0].confidence
    best, *others = [
        Alternative(group[0].text, group[0].confidence, _citations(group, asked.view))
        for group in groups[: 1 + MOST_ALTERNATIVES]
        if group[0].confidence >= least
    ]
    return Answer(
        question=asked.question,
        text=best.text,
        confidence=best.confidence,
        citations=best.citations,
        alternatives=tuple(others),
        refusal=None,
        nearest=(),
        read_as=asked.read_as,
        timings=asked.view.clock.timings(),
    )


def _every(asked: _Asked, groups: Sequence[Sequence[Candidate]]) -> EveryAnswer:
    values = tuple(
        Value(group[0].text, normalize(group[0].text), group[0].confidence, _citations(group, asked.view))
        for group in groups
    )
    refusal, nearest = (None, ()) if values else asked.refusal()
    timings = asked.view.clock.timings()
    return EveryAnswer(asked.question, values, _disagree(groups), refusal, nearest, asked.read_as, timings)


def _disagree(groups: Iterable[Sequence[Candidate]]) -> bool:
    """Whether two documents answer and share no value."""
    said: dict[str, set[int]] = {}
    for number, group in enumerate(groups):
        for candidate in group:
            said.setdefault(candidate.document_id, set()).add(number)
    return any(one.isdisjoint(other) for one, other in combinations(said.values(), 2))


def _citations(group: Iterable[Candidate], view: View) -> tuple[Citation, ...]:
    return tuple(cite(view.document(one.document_id), one.start, one.end) for one in group)


def _turns(history: History) -> list[Turn]:
    if not isinstance(history, Iterable):
        raise _no_history(history)
    return [_turn(said) for said in history]


def _turn(said: "Turn | Answer | EveryAnswer") -> Turn:
    match said:
        case Answer():
            turn = Turn(said.question, said.text)
        case EveryAnswer():
            turn = Turn(said.question, said.values[0].text if said.values else "")
        case _:
            turn = said
    if not isinstance(turn, Turn) or not isinstance(turn.question, str) or not isinstance(turn.answer, str):
        raise _no_history(said)
    check_characters(turn.question + turn.answer)
    return turn


def _no_history(said: object) -> QuestionError:
    return QuestionError(
        f"The history holds {said!r:.80}, which is no earlier turn. Give a list, oldest first, of what `ask` returned "
        "or of Turn(question, answer), both text."
    )


def _checked_count(k: int) -> int:
    if isinstance(k, bool) or not isinstance(k, Integral) or k < 1:
        raise QuestionError(f"Cannot read {k!r} passages; read 1 or more, a whole number.")
    return int(k)


def _checked_threshold(threshold: float) -> float:
    if isinstance(threshold, bool) or not isinstance(threshold, Real) or not 0 <= threshold <= 1:
        raise QuestionError(f"A threshold of {threshold!r} is no confidence; give a number from 0 to 1.")
    return float(threshold)
