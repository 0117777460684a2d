"""Confidence against truth: the error by hand, the fit on draws whose truth is known, the threshold kept."""

import gzip
import math
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from rag import Assistant, Library
from rag.errors import CalibrationError
from rag.eval.calibration import Asked, Judged, calibration_error, fit_confidence, judge, keep_risk
from rag.eval.fitting import pick_default
from rag.fakes import NumberReader
from rag.reading import Confidence, Span
from rag.values import Turn


def test_fit_finds_the_curve_that_the_answers_were_drawn_from() -> None:
    chance = random.Random(3)
    truth = Confidence(slope=0.7, bias=-1.0)
    scores = [chance.gauss(1, 3) for _ in range(20_000)]
    judged = [Judged(0.5, score, float(chance.random() < truth.of(score)), True) for score in scores]
    fitted = fit_confidence(judged)
    assert (fitted.slope, fitted.bias) == (pytest.approx(0.7, abs=0.05), pytest.approx(-1.0, abs=0.08))
    again = [Judged(fitted.of(one.score), one.score, one.f1, True) for one in judged]
    assert (
        calibration_error(again)
        < 0.02
        < calibration_error([Judged(Confidence().of(one.score), one.score, one.f1, True) for one in judged])
    )


def test_default_threshold_lies_where_an_answer_begins_to_earn_more_than_silence() -> None:
    chance = random.Random(5)
    judged = [
        Judged(0.5, chance.gauss(1.0 if answerable else -1.0, 1.0), float(answerable), answerable)
        for answerable in [True, False] * 10_000
    ]
    # At a score s exp(2s) times as many are answerable as not, and 3 exp(2s) times where three of four are.
    assert pick_default(judged, Confidence()) == pytest.approx(Confidence().of(-math.log(3) / 2), abs=0.02)


def test_default_threshold_is_a_half_where_all_have_an_answer_and_one_where_silence_earns_more() -> None:
    judged = [Judged(0.5, score, 1.0, True) for score in (-1.0, 0.0, 1.0)]
    assert pick_default(judged, Confidence()) == 0.5
    wrong = [Judged(0.5, score, 0.0, score < 0) for score in (-1.0, 0.0, 1.0)]
    assert pick_default(wrong, Confidence()) == pytest.approx(1.0)


def test_score_is_the_inverse_of_the_confidence() -> None:
    confidence = Confidence(slope=0.5, bias=-2.0)
    assert confidence.score(confidence.of(7.25)) == pytest.approx(7.25)
    assert Confidence().of(-1000) < 1e-20
    assert math.isfinite(confidence.score(0.0))


def test_judging_refuses_nothing(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The bridge opened in 1932.")
    library.add(tmp_path / "a.txt")
    asked = [
        Asked("When did the bridge open?", ["1932"]),
        Asked("Sunk?", ["7"]),
        Asked("What of the bridge?", []),
        Asked("When?", ["1932"], [Turn("Which bridge?", "The bridge")]),
    ]
    judged = judge(Assistant(library, NumberReader(), threshold=0.99), asked)
    assert [one.right for one in judged] == [True, False, False, True]
    assert [one.answerable for one in judged] == [True, True, False, True]
    assert [round(one.score) for one in judged] == [1, -1, 1, 1]


ENDINGS = ("ton", "ham", "ville")


@pytest.fixture
def towns(library: Library, tmp_path: Path) -> list[Asked]:
    """A library of 120 facts, and a question on each that the reader of numbers gets right."""
    asked = []
    for number in range(120):
        town = " ".join("abcdefghij"[int(n)] + ending for n, ending in zip(f"{number:03}", ENDINGS, strict=True))
        (tmp_path / f"{number}.txt").write_text(f"The bridge of {town} at {town} opened in {1800 + number}.")
        asked.append(Asked(f"When was the bridge of {town} at {town} opened?", [str(1800 + number)]))
    library.add(*tmp_path.glob("*.txt"))
    return asked


def test_a_kept_promise_is_the_threshold_of_later_questions(
    library: Library, tmp_path: Path, towns: list[Asked]
) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text("{}")
    assistant = Assistant(library, NumberReader())
    assert assistant.ask("bridge hville").refusal is None
    promise = keep_risk(assistant, towns, path, 0.05)
    assert (promise.questions, promise.wrong, promise.coverage) == (120, 0, 1.0)
    assert len(promise.curve) == 10
    assert promise.curve[-1] == (promise.threshold, 0.0, 1.0)
    assert promise.expected_wrong(promise.threshold) == 0.0
    with library.view() as view:
        assert view.promise == promise
    sure = assistant.ask(towns[7].question)
    assert (sure.text, sure.refusal) == ("1807", None)
    assert assistant.ask("bridge hville").confidence < promise.threshold
    assert assistant.ask("bridge hville").refusal is not None
    assert assistant.ask("bridge hville", threshold=0.5).refusal is None
    other = NumberReader()
    other.sha256 = "1" * 64
    assert Assistant(library, other).ask("bridge hville").refusal is None


def test_what_is_added_while_answers_are_judged_was_not_promised(
    library: Library, tmp_path: Path, towns: list[Asked]
) -> None:
    class Meanwhile(NumberReader):
        def read(self, question: str, passages: Sequence[str]) -> list[Span]:
            (tmp_path / "new.txt").write_text("The tanker left.")
            library.add(tmp_path / "new.txt")
            return super().read(question, passages)

    path = tmp_path / "labels.jsonl"
    path.write_text("{}")
    keep_risk(Assistant(library, Meanwhile()), towns, path, 0.05)
    with library.view() as view:
        assert view.is_promise_behind


def test_too_few_labels_are_refused_and_nothing_is_kept(library: Library, tmp_path: Path, towns: list[Asked]) -> None:
    with pytest.raises(CalibrationError, match="104 would be needed"):
        keep_risk(Assistant(library, NumberReader()), towns[:50], tmp_path / "labels.jsonl", 0.05)
    with library.view() as view:
        assert view.promise is None


@pytest.mark.parametrize("name", ["labels.json", "labels.json.gz", "labels"])
def test_labels_without_those_judged_wrong_promise_nothing(
    library: Library, tmp_path: Path, towns: list[Asked], name: str
) -> None:
    data = b'{"version": "v2.0", "data": [], "wrong_left_out": 60}'
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    with pytest.raises(CalibrationError, match="leaves out 60 questions whose answer was judged wrong"):
        keep_risk(Assistant(library, NumberReader()), towns, path, 0.05)
    with library.view() as view:
        assert view.promise is None
