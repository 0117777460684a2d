"""A run small enough to work out by hand."""

from pathlib import Path

import pytest

from rag import Assistant, Library
from rag.eval.questions import Gold, Question
from rag.eval.record import Record, about, record_of
from rag.eval.rows import rows_of
from rag.eval.run import Outcome, run
from rag.fakes import NumberReader

TEXT = "The bridge opened in 1932."

QUESTIONS = [
    Question("right", "When did the bridge open?", (Gold("1932", 21, "a.txt"),), tags=("when",)),
    Question("half", "What bridge?", (Gold("harbour 1932 bridge"),), tags=("what",)),
    Question("silent", "Tell me nothing", (Gold("1932", 21, "a.txt"),), tags=("what",)),
    Question("false", "Which bridge opened?", (), tags=("none",)),
    Question("still", "Sunk?", (), tags=("none",)),
]


@pytest.fixture
def outcomes(library: Library, tmp_path: Path) -> list[Outcome]:
    """What a reader of numbers says to five questions about one bridge."""
    (tmp_path / "a.txt").write_text(TEXT)
    library.add(tmp_path / "a.txt")
    return run(Assistant(library, NumberReader()), QUESTIONS)


@pytest.fixture
def record(library: Library, outcomes: list[Outcome], tmp_path: Path) -> Record:
    """The record of that run."""
    (tmp_path / "set.jsonl").write_text("{}")
    return record_of(rows_of(outcomes), about(Assistant(library, NumberReader()), tmp_path / "set.jsonl"))
