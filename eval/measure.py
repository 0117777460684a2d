"""Asks every question of a set and measures what came back: exact match, F1, refusals, exactness of citations."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from rag.assistant import Assistant
from rag.library import View
from rag.values import Answer

from .questions import Question
from .squad import exact_match, f1


@dataclass(frozen=True, slots=True)
class Result:
    """Figures from 0 to 1, each None when there is nothing to measure it on; `answers` has one entry a question."""

    questions: int
    has_answer_f1: float | None
    has_answer_exact: float | None
    refused_without_answer: float | None
    refused_with_answer: float | None
    exact_citations: float | None
    answers: tuple[dict[str, Any], ...]

    def lines(self) -> list[str]:
        """The figures, one a line."""
        answerable = sum(1 for answer in self.answers if answer["gold"])
        figures = [
            ("F1, questions with an answer", self.has_answer_f1, answerable),
            ("exact match, questions with an answer", self.has_answer_exact, answerable),
            ("refused, questions with an answer", self.refused_with_answer, answerable),
            ("refused, questions without an answer", self.refused_without_answer, self.questions - answerable),
            ("citations exact", self.exact_citations, sum(answer["citations"] for answer in self.answers)),
        ]
        return [f"{name:<40} {'-' if value is None else f'{value:.3f}':>6}   n = {n}" for name, value, n in figures]


def measure(assistant: Assistant, questions: Sequence[Question], k: int | None = None) -> Result:
    """Ask each question and compare. `k` is the number of passages to read, the assistant's own when None."""
    answers: list[dict[str, Any]] = []
    has_answer: list[tuple[dict[str, float], bool]] = []
    no_answer: list[tuple[dict[str, float], bool]] = []
    exact: list[bool] = []
    for question in questions:
        answer = assistant.ask(question.question, k=k)
        gold = [text for text, _ in question.answers]
        with assistant.library.view() as view:
            exact.extend(_exact(answer, view))
        scores = {"f1": f1(answer.text, gold), "exact": exact_match(answer.text, gold)}
        (has_answer if gold else no_answer).append((scores, answer.refusal is not None))
        answers.append(
            {
                "id": question.id,
                "question": question.question,
                "gold": gold,
                "answer": answer.text,
                "confidence": answer.confidence,
                "refusal": answer.refusal,
                "citations": len(answer.citations),
                **scores,
            }
        )
    return Result(
        questions=len(questions),
        has_answer_f1=_mean([scores["f1"] for scores, _ in has_answer]),
        has_answer_exact=_mean([scores["exact"] for scores, _ in has_answer]),
        refused_without_answer=_mean([refused for _, refused in no_answer]),
        refused_with_answer=_mean([refused for _, refused in has_answer]),
        exact_citations=_mean(exact),
        answers=tuple(answers),
    )


def _exact(answer: Answer, view: View) -> list[bool]:
    return [view.document(c.document_id).text[c.start : c.end] == c.quote for c in answer.citations]


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
