"""Question sets and their figures."""

import json
from pathlib import Path

import pytest

from rag import Assistant, Library
from rag.corpora import shipped_corpus
from rag.errors import EvaluationError
from rag.eval.measure import measure
from rag.eval.questions import Question, read_questions
from rag.loading import load
from tests.conftest import TOP

ARTICLE_SET = TOP / "eval" / "sets" / "article.jsonl"


def test_every_gold_answer_of_the_article_stands_where_it_is_said_to() -> None:
    questions = read_questions(ARTICLE_SET)
    assert (len(questions), sum(not q.answers for q in questions)) == (40, 12)
    for question in questions:
        assert question.document is not None
        text = load(shipped_corpus() / question.document).text
        assert all(text[start : start + len(answer)] == answer for answer, start in question.answers)


def test_article_is_answered_as_well_as_it_was_measured(article_assistant: Assistant) -> None:
    result = measure(article_assistant, read_questions(ARTICLE_SET))
    assert result.exact_citations == 1.0
    assert result.has_answer_f1 is not None
    assert result.refused_without_answer is not None
    assert result.has_answer_f1 >= 0.60
    assert result.refused_without_answer >= 0.70


def test_figures_by_hand(library: Library, assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The bridge opened in 1932.")
    library.add(tmp_path / "a.txt")
    questions = [
        Question("1", "When did the bridge open?", (("1932", 21),), "a.txt", ()),
        Question("2", "What bridge?", (("harbour 1932 bridge", 0),), "a.txt", ()),
        Question("3", "Tell me nothing", (("1932", 21),), "a.txt", ()),
        Question("4", "Which bridge opened?", (), None, ()),
        Question("5", "Sunk?", (), None, ()),
    ]
    result = measure(assistant, questions)
    assert result.has_answer_f1 == pytest.approx((1 + 0.5 + 0) / 3)
    assert result.has_answer_exact == pytest.approx(1 / 3)
    assert result.refused_with_answer == pytest.approx(1 / 3)
    assert result.refused_without_answer == pytest.approx(1 / 2)
    assert result.exact_citations == 1.0
    assert result.lines()[0] == f"{'F1, questions with an answer':<40}  0.500   n = 3"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"set.jsonl:2 is no question \(JSONDecodeError"),
        ('{"id": "1", "answers": []}', r"set.jsonl:2 is no question \(KeyError: 'question'"),
        ("[]", r"set.jsonl:2 is no question \(TypeError"),
    ],
)
def test_broken_line_is_named_by_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    good = json.dumps({"id": "1", "question": "Who?", "answers": []})
    (tmp_path / "set.jsonl").write_text(f"{good}\n{line}\n")
    with pytest.raises(EvaluationError, match=message):
        read_questions(tmp_path / "set.jsonl")


def test_empty_set_and_missing_file_are_errors(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text("\n")
    with pytest.raises(EvaluationError, match="is empty"):
        read_questions(tmp_path / "set.jsonl")
    with pytest.raises(EvaluationError, match="Cannot read the question set"):
        read_questions(tmp_path / "none.jsonl")
