"""A row for each question of a run: what was wanted, what came, what it is worth. All figures are made from rows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rag.values import Citation

from .measure import RIGHT, failure, values
from .measures.answering import f1
from .run import READ, Outcome

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One question of a run.

    `answers` is what was given; `best` the best candidate, given or not, with its F1 `best_f1`. `gold_sentence` has the
    first right answer at `gold_at`. `values` has each measure that applies, `ranks` the rank of the first passage with
    a right answer's words in each mode (None: none of 100), `failure` what went wrong.
    """

    id: str
    question: str
    tags: tuple[str, ...]
    every: bool
    only_finding: bool
    gold: tuple[str, ...]
    gold_sentence: str
    gold_at: int
    answers: tuple[str, ...]
    best: str
    best_f1: float
    confidence: float
    refusal: str | None
    failure: str
    values: dict[str, float]
    ranks: dict[str, int | None]
    citations: tuple[dict[str, Any], ...]
    passages: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether the best candidate counts as a right answer."""
        return bool(self.gold) and self.best_f1 >= RIGHT


def rows_of(outcomes: Sequence[Outcome]) -> list[Row]:
    """The rows of a run, in its order."""
    return [_row(outcome) for outcome in outcomes]


def _row(outcome: Outcome) -> Row:
    question, gold = outcome.question, outcome.gold_sentence
    return Row(
        id=question.id,
        question=question.question,
        tags=question.tags,
        every=question.every,
        only_finding=bool(question.documents),
        gold=tuple(dict.fromkeys(question.gold)),
        gold_sentence=gold.sentence if gold else "",
        gold_at=gold.start - gold.sentence_start if gold else 0,
        answers=outcome.texts,
        best=outcome.best,
        best_f1=round(f1(outcome.best, question.gold), _DIGITS),
        confidence=round(outcome.confidence, _DIGITS),
        refusal=outcome.refusal,
        failure=failure(outcome),
        values={name: round(value, _DIGITS) for name, value in values(outcome).items()},
        ranks={mode: found.answer_rank for mode, found in outcome.found.items()},
        citations=tuple(_cited(one) for one in outcome.citations),
        passages=outcome.found[READ].passages,
    )


def _cited(citation: Citation) -> dict[str, Any]:
    """A citation without the id of its document, which hangs on where on this machine the file stands."""
    found = {**asdict(citation), "heading": list(citation.heading)}
    return {name: value for name, value in found.items() if name != "document_id"}
