"""A run's figures by hand; its record, written, read, and the same each time."""

import sys
from pathlib import Path

import numpy as np
import pytest

from rag import Assistant, Library
from rag.errors import EvaluationError
from rag.eval.intervals import Indices, share_figure, whole_figure
from rag.eval.measure import Failure
from rag.eval.measures.reliability import expected_calibration_error
from rag.eval.questions import Gold, Question
from rag.eval.record import Record, about, read_record, record_of
from rag.eval.rows import rows_of
from rag.eval.run import Outcome, run
from rag.fakes import NumberReader, WordEmbedder
from rag.values import Turn
from tests.eval.conftest import QUESTIONS


def test_figures_by_hand(record: Record) -> None:
    values = {name: figure.value for name, figure in record.figures.items()}
    expected = {
        "HasAns F1": (1 + 0.5 + 0) / 3,
        "HasAns exact match": 1 / 3,
        "NoAns F1": 1 / 2,
        "F1": (1 + 0.5 + 0 + 0 + 1) / 5,
        "right": 3 / 5,
        "false answers": 1 / 2,
        "false refusals": 1 / 3,
        "citations byte-exact": 1.0,
        "cited in the gold sentence": 1.0,
        "overlap with the gold span": 1.0,
        "recall@1, hybrid": 1.0,
        "MRR@10, dense": 1.0,
        # scores: right 1 (the, bridge), half 0, silent -1 against false 1 (bridge, opened), still -1
        "AUROC": (2 + 2 / 2) / 6,
    }
    assert {name: values[name] for name in expected} == pytest.approx(expected)
    assert record.figures["HasAns F1"].n == 3
    assert record.tags["none"]["NoAns F1"].value == 0.5
    assert "HasAns F1" not in record.tags["none"]
    assert "page right" not in values


def test_interval_holds_the_value_and_is_wider_for_fewer_questions(record: Record) -> None:
    for figure in record.figures.values():
        assert figure.low <= figure.value <= figure.high
    assert record.figures["HasAns F1"].low < record.figures["HasAns F1"].high


def test_outcomes_by_kind_of_failure(record: Record) -> None:
    assert {row.id: row.failure for row in record.rows} == {
        "right": Failure.NONE,
        "half": Failure.NONE,
        "silent": Failure.FALSE_REFUSAL,
        "false": Failure.FALSE_ANSWER,
        "still": Failure.NONE,
    }


def test_a_question_that_stands_alone_may_not_be_changed_by_what_was_said(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("It was the bridge that opened in 1932.")
    (tmp_path / "b.txt").write_text("The mill is what was opened in 1868.")
    library.add(tmp_path / "a.txt", tmp_path / "b.txt")
    said = (Turn("What is the mill?", "a mill of the mill"),)
    asked = [
        Question("kept", "When was the bridge opened?", (Gold("1932"),), history=said, tags=("alone",)),
        Question("bent", "When was it opened?", (Gold("1868"),), history=said, tags=("alone",)),
        Question("leaning", "When was it opened?", (Gold("1868"),), history=said, tags=("follow-up",)),
    ]
    outcomes = run(Assistant(library, NumberReader()), asked)
    assert [outcome.bent for outcome in outcomes] == [False, True, None]
    record = record_of(rows_of(outcomes), about(Assistant(library, NumberReader()), tmp_path / "a.txt"))
    assert record.figures["changed by what was said before"].value == 0.5


def test_same_library_and_set_the_same_record(record: Record, library: Library, tmp_path: Path) -> None:
    assistant = Assistant(library, NumberReader())
    again = record_of(rows_of(run(assistant, QUESTIONS, jobs=3)), about(assistant, tmp_path / "set.jsonl"))
    assert again.to_json() == record.to_json()


def test_record_of_files_of_one_name_is_the_same_in_another_folder(tmp_path: Path) -> None:
    found = []
    for checkout in ("here", "there"):
        docs = tmp_path / checkout / "docs"
        for name in ("a", "b"):
            (docs / name).mkdir(parents=True)
            (docs / name / "same.txt").write_text(f"The bridge of {name} opened in 1932.")
        with Library.open(tmp_path / checkout / "library", embedder=WordEmbedder()) as library:
            library.add(docs, relative_to=docs)
            asked = [Question("q", "When did it open?", (Gold("1932", None, "b/same.txt"),))]
            outcomes = run(Assistant(library, NumberReader()), asked)
            found.append(record_of(rows_of(outcomes), about(Assistant(library), docs)).to_json())
    assert found[0] == found[1]
    assert sorted(outcomes[0].found["lexical"].passages) == ["a/same.txt:0-31", "b/same.txt:0-31"]
    assert outcomes[0].wanted == (frozenset({"b/same.txt:0-31"}),)


def test_record_is_read_as_it_was_written(record: Record, tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text(record.to_json())
    assert read_record(tmp_path) == read_record(tmp_path / "record.json") == record


@pytest.mark.parametrize(
    ("content", "message"), [("{", "is no record of a run"), ('{"format": 99}', "has the format 99, not 1")]
)
def test_what_is_no_record_is_an_error_that_names_it(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "record.json").write_text(content)
    with pytest.raises(EvaluationError, match=message):
        read_record(tmp_path)


def test_costs_name_every_stage(outcomes: list[Outcome]) -> None:
    from rag.eval.costs import costs

    found = costs(outcomes)
    assert set(found) == {"embed", "dense", "lexical", "read", "rest", "total", "memory"}
    assert 0 < found["total"]["p50"] <= found["total"]["p95"]
    assert found["memory"]["peak"] > 50


def test_costs_where_the_system_does_not_tell_its_memory(
    outcomes: list[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.eval.costs import costs

    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    assert "memory" not in costs(outcomes)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([1.0], 0.025, 1.0),
        ([1.0] * 20, 0.832, 1.0),
        ([0.0] * 150, 0.0, 0.024),
        ([0.5, 0.5], 0.5, 0.5),
    ],
)
def test_interval_of_equal_values(values: list[float], low: float, high: float) -> None:
    figure = share_figure(values)
    assert figure is not None
    assert (figure.low, figure.high) == pytest.approx((low, high), abs=0.001)


def test_a_figure_that_rises_by_drawing_again_lies_in_the_middle_of_its_interval() -> None:
    draw = np.random.default_rng(1)
    confidences = draw.uniform(0.05, 0.95, 150)
    right = draw.uniform(size=150) < confidences  # calibrated, so that every draw is less so

    def error(indices: Indices) -> float:
        return expected_calibration_error(confidences[indices].tolist(), right[indices].tolist())

    figure = whole_figure(150, error, centred=True)
    assert figure is not None
    assert figure.low < figure.value < figure.high
    assert abs((figure.low + figure.high) / 2 - figure.value) < 0.01
