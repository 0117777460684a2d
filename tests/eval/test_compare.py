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


def of(rows: list[Row], **hashes: str) -> Record:
    return record_of(rows, {"set": {"name": "set"}} | {part: {"sha256": found} for part, found in hashes.items()})


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


@pytest.mark.parametrize(("count", "verdict"), [(1, Verdict.NONE), (4, Verdict.NONE), (5, Verdict.WORSE)])
def test_too_few_questions_show_no_difference(record: Record, count: int, verdict: Verdict) -> None:
    found = compare(of(rows(record, count, 0.8)), of(rows(record, count, 0.2)))
    assert {c.verdict for c in found.changes if c.figure == "HasAns F1"} == {verdict}
    assert (found.is_worse, len(found.lost)) == (verdict is Verdict.WORSE, count)


def test_questions_with_other_right_answers_are_left_out_and_named(record: Record) -> None:
    old, new = rows(record, 4, 0.8), rows(record, 4, 0.2)
    new[1:3] = replace(new[1], gold=("1933",)), replace(new[2], every=True)
    found = compare(of(old), of(new))
    assert ([pair[0].id for pair in found.lost], found.only_old, found.only_new) == (
        ["q0", "q3"],
        ("q1", "q2"),
        ("q1", "q2"),
    )
    assert found.notes == ("2 questions of the same words have other right answers, and are not compared.",)


def test_order_of_right_answers_does_not_count(record: Record) -> None:
    old, new = (replace(rows(record, 1, 0.8)[0], gold=gold) for gold in (("a", "b"), ("b", "a")))
    assert compare(of([old]), of([new])).only_old == ()


def test_another_set_library_or_reader_is_said(record: Record) -> None:
    old = of(rows(record, 1, 0.8), set="a" * 64, library="b" * 64, reader="c" * 64)
    new = of(rows(record, 1, 0.8), set="d" * 64, library="b" * 64, reader="e" * 64)
    assert compare(old, old).notes == ()
    assert compare(old, new).notes == (
        "The set is another: aaaaaaaaaaaa before, dddddddddddd now.",
        "The reader is another: cccccccccccc before, eeeeeeeeeeee now.",
    )


def test_only_questions_with_the_same_words_are_compared(record: Record) -> None:
    old, new = rows(record, 3, 0.8), rows(record, 3, 0.2)
    found = compare(of(old), of([new[0], *(replace(row, question="Another?") for row in new[1:])]))
    assert ([pair[0].id for pair in found.lost], found.only_old, found.only_new) == (["q0"], ("q1", "q2"), ("q1", "q2"))
