"""Two runs compared: verdicts on differences that are known."""

from dataclasses import replace

import pytest

from rag.errors import EvaluationError
from rag.eval.compare import Verdict, compare
from rag.eval.record import Record, record_of
from rag.eval.rows import Row


def rows(record: Record, count: int, f1: float, confidence: float = 0.5) -> list[Row]:
    row = next(row for row in record.rows if row.id == "right")
    failure = "right" if f1 >= 0.5 else "read wrong"
    values = {"HasAns F1": f1, "false refusals": 1 - f1}
    return [
        replace(row, id=f"q{n}", values=values, best_f1=f1, failure=failure, confidence=confidence)
        for n in range(count)
    ]


def of(rows: list[Row]) -> Record:
    return record_of(rows, {"set": {"name": "set"}})


def test_all_better(record: Record) -> None:
    found = compare(of(rows(record, 30, 0.2)), of(rows(record, 30, 0.8)))
    verdicts = {change.figure: change.verdict for change in found.changes}
    assert verdicts["HasAns F1"] is Verdict.BETTER
    assert verdicts["false refusals"] is Verdict.BETTER  # less of it
    assert (len(found.won), len(found.lost), found.is_worse) == (30, 0, False)


def test_worse_is_worse(record: Record) -> None:
    found = compare(of(rows(record, 30, 0.8)), of(rows(record, 30, 0.2)))
    assert {c.verdict for c in found.changes if c.figure in ("HasAns F1", "false refusals")} == {Verdict.WORSE}
    assert (len(found.won), len(found.lost), found.is_worse) == (0, 30, True)


def test_a_few_questions_show_no_difference(record: Record) -> None:
    old = rows(record, 30, 0.8)
    new = [*rows(record, 28, 0.8), *rows(record, 30, 0.2)[28:29], *rows(record, 30, 1.0)[29:]]
    found = compare(of(old), of(new))
    assert {change.verdict for change in found.changes} == {Verdict.NONE}
    assert [pair[1].id for pair in found.lost] == ["q28"]


def test_questions_of_one_run_only_are_named(record: Record) -> None:
    found = compare(of(rows(record, 3, 0.8)), of(rows(record, 5, 0.8)[1:]))
    assert (found.only_old, found.only_new) == (("q0",), ("q3", "q4"))
    with pytest.raises(EvaluationError, match="share no question"):
        compare(of(rows(record, 1, 0.8)), of([replace(rows(record, 1, 0.8)[0], id="other")]))


def test_only_questions_with_the_same_words_are_compared(record: Record) -> None:
    old, new = rows(record, 3, 0.8), rows(record, 3, 0.2)
    found = compare(of(old), of([new[0], *(replace(row, question="Another?") for row in new[1:])]))
    assert ([pair[0].id for pair in found.lost], found.only_old, found.only_new) == (["q0"], ("q1", "q2"), ("q1", "q2"))
