"""The load test's figures: what they are of small inputs. No server is started."""

import math
import re
from pathlib import Path

import pytest

from rag.eval.load import QUESTIONS, Growth, Json, Sameness, Sample, differing, growth, long_pdf, percentiles, sameness
from rag.eval.questions import read_questions
from rag.loading import load
from rag.retrieval import query_words


def test_percentiles_are_in_milliseconds_and_lie_between_the_nearest_two() -> None:
    assert percentiles([0.1, 0.3, 0.2]) == pytest.approx((200, 290))
    assert percentiles([number / 1000 for number in range(101)]) == pytest.approx((50, 95))
    assert percentiles([0.25]) == pytest.approx((250, 250))


def test_percentiles_of_nothing_are_no_numbers() -> None:
    assert all(map(math.isnan, percentiles([])))


@pytest.mark.parametrize(
    ("other", "names"),
    [
        ({"text": "Ada", "confidence": 0.9, "timings": {"total": 7.5}}, []),
        ({"text": "Ada", "confidence": 0.9}, []),
        ({"text": "Ada", "confidence": 0.8, "timings": {"total": 5.0}}, ["confidence"]),
        ({"text": "Eve", "confidence": 0.8, "timings": {"total": 5.0}}, ["confidence", "text"]),
        ({"text": "Ada", "confidence": 0.9, "refusal": None}, ["refusal"]),
        (None, ["confidence", "text"]),
    ],
)
def test_answers_differ_in_every_field_but_their_timings(other: Json | None, names: list[str]) -> None:
    answer = {"text": "Ada", "confidence": 0.9, "timings": {"total": 5.0}}
    assert differing(answer, other) == names
    assert differing(other, answer) == names


@pytest.mark.parametrize(
    ("answer", "before", "after", "pdf_was_in", "kind"),
    [
        ("a", "a", "a", False, Sameness.BEFORE),
        ("a", "a", "a", True, Sameness.BEFORE),
        ("a", "a", "b", False, Sameness.BEFORE),
        ("b", "a", "b", False, Sameness.WITH_PDF),
        ("b", "a", "b", True, Sameness.WITH_PDF),
        ("a", "a", "b", True, Sameness.NEITHER),  # the state of before is gone
        ("c", "a", "b", False, Sameness.NEITHER),
        ("c", "a", "a", True, Sameness.NEITHER),
    ],
)
def test_answer_is_one_of_those_given_alone(
    answer: str, before: str, after: str, pdf_was_in: bool, kind: Sameness
) -> None:
    assert sameness({"text": answer}, {"text": before}, {"text": after}, pdf_was_in=pdf_was_in) is kind


def test_answer_to_a_question_that_failed_alone_is_as_neither() -> None:
    assert sameness({"text": "a"}, None, None, pdf_was_in=False) is Sameness.NEITHER


def test_growth_is_between_the_medians_of_first_and_last_third() -> None:
    memory = [400, 900, 404, 600, 600, 600, 420, 424, 100]  # medians 404 and 420, one of each third far off
    samples = [Sample(number, mebibytes, 50 * number) for number, mebibytes in enumerate(memory)]
    assert growth(samples) == Growth(share=pytest.approx(16 / 404), per_thousand=pytest.approx(1000 * 16 / 300))


def test_memory_has_not_grown_where_it_shrinks_nothing_was_asked_or_the_server_died() -> None:
    assert growth([Sample(n, 400 - 100 * n, 10 * n) for n in range(3)]) == Growth(-0.5, -10_000)
    assert growth([Sample(n, 400, 7) for n in range(3)]) == Growth(0, 0)
    assert growth([Sample(n, 0, 7) for n in range(3)]) == Growth(0, 0)


def test_generated_pdf_has_the_pages_asked_for_and_full_ones(tmp_path: Path) -> None:
    (tmp_path / "crafts.pdf").write_bytes(long_pdf(3, seed=1))
    document = load(tmp_path / "crafts.pdf")
    assert [page.number for page in document.pages] == [1, 2, 3]
    words = [len(document.text[page.start : page.end].split()) for page in document.pages]
    assert all(350 <= count < 380 for count in words)


def test_generated_pdf_is_the_same_for_the_same_seed() -> None:
    assert long_pdf(2, seed=1) == long_pdf(2, seed=1) != long_pdf(2, seed=2)


def test_generated_pdf_has_no_word_that_is_looked_up_for_a_question(tmp_path: Path) -> None:
    (tmp_path / "crafts.pdf").write_bytes(long_pdf(20, seed=0))
    written = set(re.findall(r"\w+", load(tmp_path / "crafts.pdf").text.lower()))
    asked = {word for question in read_questions(QUESTIONS) for word in query_words(question.question)}
    assert "teapot" in written
    assert "ukraine" in asked
    assert written & asked == set()
