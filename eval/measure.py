"""What each question of a run is worth: a value for each measure that applies to it, and what went wrong."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import partial

from rag.retrieval import MODES

from .measures import answering, citing, finding, lists
from .run import READ, Outcome

DEPTHS = (1, 5, 10, 20, 100)
RIGHT = 0.5  # F1 with a right answer from which an answer counts as right

Value = Callable[[Outcome], float | None]


class Failure(StrEnum):
    """What went wrong with a question, if anything did."""

    NONE = "right"
    NOT_FOUND = "not found"
    NOT_READ = "found but not read"
    READ_WRONG = "read wrong"
    FALSE_ANSWER = "answered where silence was right"
    FALSE_REFUSAL = "silent where there was an answer"


def values(outcome: Outcome) -> dict[str, float]:
    """Every measure that applies to a question, by name, from 0 to 1."""
    measures = [*_of_finding(), *([] if outcome.question.documents else _of_answers())]
    found = ((name, value(outcome)) for name, value in measures)
    return {name: value for name, value in found if value is not None}


def judged(outcome: Outcome, passages: Iterable[str]) -> list[str]:
    """The names of passages, or where documents are judged theirs: each where its first passage stands."""
    return list(dict.fromkeys(name.rsplit(":", 1)[0] if outcome.question.documents else name for name in passages))


def failure(outcome: Outcome) -> Failure:
    """What went wrong. Where documents are judged and no answers, only whether one of them was among those read."""
    if outcome.question.documents:
        found = outcome.found[READ].passages[: outcome.read]
        return Failure.NONE if any(place & set(found) for place in outcome.wanted) else Failure.NOT_FOUND
    if not outcome.question.gold:
        return Failure.FALSE_ANSWER if outcome.given else Failure.NONE
    if outcome.given and (_list_points(outcome) if outcome.question.every else _points(outcome)) >= RIGHT:
        return Failure.NONE
    rank = outcome.found[READ].answer_rank
    if rank is None:
        return Failure.NOT_FOUND
    if rank > outcome.read:
        return Failure.NOT_READ
    return Failure.READ_WRONG if outcome.given else Failure.FALSE_REFUSAL


def _of_finding() -> Iterator[tuple[str, Value]]:
    for mode in MODES:
        yield from ((f"recall@{k}, {mode}", _ranking(partial(finding.recall, k=k), mode)) for k in DEPTHS)
        yield f"MRR@10, {mode}", _ranking(finding.reciprocal_rank, mode)
        yield f"nDCG@10, {mode}", _ranking(finding.ndcg, mode)
        yield f"answer in first 5, {mode}", _answer_in(mode, 5)


def _of_answers() -> Iterator[tuple[str, Value]]:
    yield "right", lambda o: float(failure(o) is Failure.NONE)
    yield "changed by what was said before", lambda o: None if o.bent is None else float(o.bent)
    yield "F1", lambda o: None if o.question.every else _points(o)
    yield "exact match", lambda o: None if o.question.every else _exact(o)
    yield "HasAns F1", lambda o: _points(o) if _has_one(o) else None
    yield "HasAns exact match", lambda o: _exact(o) if _has_one(o) else None
    yield "NoAns F1", lambda o: None if o.question.gold else _points(o)
    yield "list exact match", lambda o: _same_list(o) if o.question.every and o.question.gold else None
    yield "false answers", lambda o: None if o.question.gold else float(o.given)
    yield "false refusals", lambda o: float(not o.given) if o.question.gold else None
    yield "citations byte-exact", lambda o: float(all(o.exact)) if o.exact else None
    yield "cited in the gold sentence", _in_gold_sentence
    yield "overlap with the gold span", _overlap
    yield "page right", _page_right


def _ranking(measure: Callable[[Sequence[str], Sequence[frozenset[str]]], float | None], mode: str) -> Value:
    def value(outcome: Outcome) -> float | None:
        wanted = [frozenset(judged(outcome, place)) for place in outcome.wanted]
        return measure(judged(outcome, outcome.found[mode].passages), wanted)

    return value


def _answer_in(mode: str, k: int) -> Value:
    def value(outcome: Outcome) -> float | None:
        rank = outcome.found[mode].answer_rank
        return float(rank is not None and rank <= k) if outcome.question.gold else None

    return value


def _points(outcome: Outcome) -> float:
    """F1 of what was given, as in SQuAD 2.0: silence is right where there is no answer."""
    return answering.f1(outcome.texts[0] if outcome.given and outcome.texts else "", outcome.question.gold)


def _list_points(outcome: Outcome) -> float:
    """Partial-match F1 of all answers to one question."""
    return lists.partial_match([outcome.texts], [list(dict.fromkeys(outcome.question.gold))])[2]


def _has_one(outcome: Outcome) -> bool:
    return bool(outcome.question.gold) and not outcome.question.every


def _exact(outcome: Outcome) -> float:
    return answering.exact_match(outcome.texts[0] if outcome.texts else "", outcome.question.gold)


def _same_list(outcome: Outcome) -> float:
    ours, theirs = ({answering.normalize(text) for text in texts} for texts in (outcome.texts, outcome.question.gold))
    return float(ours == theirs)


def _in_gold_sentence(outcome: Outcome) -> float | None:
    if not outcome.citations:
        return None
    first = outcome.citations[0]
    sentence = (first.document_id, first.sentence_start, first.sentence_start + len(first.sentence))
    return citing.inside(sentence, outcome.gold_places)


def _overlap(outcome: Outcome) -> float | None:
    if not outcome.citations:
        return None
    first = outcome.citations[0]
    return citing.intersection_over_union((first.document_id, first.start, first.end), outcome.gold_places)


def _page_right(outcome: Outcome) -> float | None:
    pages = {page for page in outcome.gold_pages if page is not None}
    return float(outcome.citations[0].page in pages) if pages and outcome.citations else None
