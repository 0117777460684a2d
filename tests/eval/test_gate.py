"""The gate: what is missed is said; faults that are put in on purpose are caught."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag import Assistant, Citation, Document, Library, Passage
from rag.errors import EvaluationError
from rag.eval.gate import misses, read_gate
from rag.eval.questions import read_questions
from rag.eval.record import Record, about, record_of
from rag.eval.rows import rows_of
from rag.eval.run import run
from rag.reading import ExtractiveReader, Span
from tests.conftest import TOP

ARTICLE_SET = TOP / "eval" / "sets" / "article.jsonl"
GATE = TOP / "eval" / "gate.toml"


def gate(folder: Path, text: str) -> Path:
    (folder / "gate.toml").write_text(text)
    return folder / "gate.toml"


def test_bars_that_are_reached_and_missed(record: Record, tmp_path: Path) -> None:
    text = '[bars]\n"HasAns F1" = 0.5\n"NoAns F1" = 0.6\n"false answers" = 0.4\n[tags.what]\n"HasAns F1" = 0.2\n'
    missed = misses(record, read_gate(gate(tmp_path, text)))
    assert [miss.line() for miss in missed] == [
        "NoAns F1 is 0.500, 0.100 below 0.600: false",
        "false answers is 0.500, 0.100 above 0.400: false",
    ]


def test_bar_on_the_lower_end_of_the_interval(record: Record, tmp_path: Path) -> None:
    (miss,) = misses(record, read_gate(gate(tmp_path, '[tags.what]\n"HasAns F1" = { low = 0.2 }\n')))
    assert miss.line() == (
        "the lower end of HasAns F1's interval [what] is 0.000 (HasAns F1 [what] is 0.250), "
        "0.200 below 0.200: silent, half"
    )
    (miss,) = misses(record, read_gate(gate(tmp_path, '[bars]\n"false answers" = { low = 0.8 }\n')))
    assert miss.line() == (
        "the upper end of false answers's interval is 1.000 (false answers is 0.500), 0.200 above 0.800: false"
    )


@pytest.mark.parametrize(("value", "missed"), [(0.8, 0), (0.7999995, 0), (0.79999, 6)])
def test_bar_that_is_reached_exactly_is_reached(record: Record, tmp_path: Path, value: float, missed: int) -> None:
    """The mean of six 0.8 is a little less in binary, and rows are rounded to six digits."""
    rows = [replace(record.rows[0], values={"F1": value, "false answers": 1 - value})] * 6
    bars = read_gate(gate(tmp_path, '[bars]\nF1 = 0.8\n"false answers" = 0.2\n'))
    found = misses(record_of(rows, record.about), bars)
    assert [len(miss.questions) for miss in found] == [missed] * 2 * bool(missed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[bars", "Cannot read the gate"),
        ("", "has no bars"),
        ("[bar]\nx = 1", "has no bars, or more than bars"),
        ('[bars]\nF1 = "high"', "The bar on 'F1' in .* is 'high'"),
        ("[bars]\nF1 = 80", "The bar on 'F1' in .* is 80"),
        ("[bars]\nF1 = { lowest = 0.5 }", "The bar on 'F1'"),
        ('[bars]\nF1 = { low = "0.5" }', "The bar on 'F1'"),
        ("[tags]\nF1 = 0.8", "a bar where a table belongs"),
        ("tags = [1]", "a bar where a table belongs"),
        ("[bars]\nF1 = true", "The bar on 'F1' in .* is True"),
        ("[bars]\nF1 = { low = false }", "The bar on 'F1'"),
        ("[bars]\nF1 = 0.5\n[tags.whoo]", r"gate.toml' has no bar under \[tags.whoo\]"),
        ("[bars]\n[tags.who]\nF1 = 0.5\n[tags.whoo]", r"has no bar under \[bars\]; \[tags.whoo\]"),
    ],
)
def test_broken_gate_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        read_gate(gate(tmp_path, text))


def test_bar_on_what_was_not_measured_is_an_error_and_never_a_pass(record: Record, tmp_path: Path) -> None:
    there = "which was not measured. There are: recall@1, hybrid; recall@5, hybrid; "
    for text in ('[bars]\n"page right" = 0.5', '[tags.when]\n"page right" = 0.5'):
        with pytest.raises(EvaluationError, match=there):
            misses(record, read_gate(gate(tmp_path, text)))
    with pytest.raises(EvaluationError, match="'who', which no question has. There are: none; what; when."):
        misses(record, read_gate(gate(tmp_path, '[tags.who]\n"F1" = 0.5')))


def measured(assistant: Assistant) -> Record:
    """Every third question, which is enough to show a fault."""
    rows = rows_of(run(assistant, read_questions(ARTICLE_SET)[::3]))
    return record_of(rows, about(assistant, ARTICLE_SET))


def figures_lost(assistant: Assistant, sound: Record) -> set[str]:
    """Figures whose bar is missed, and which are worse than without a fault."""
    record = measured(assistant)
    missed = {miss.figure: miss.value for miss in misses(record, read_gate(GATE)) if miss.tag is None}
    return {name for name, value in missed.items() if abs(value - sound.figures[name].value) > 0.05}


@pytest.fixture(scope="module")
def sound(article_assistant: Assistant) -> Record:
    """The run without a fault."""
    return measured(article_assistant)


class Shifted(ExtractiveReader):
    """Gives each span one character late."""

    def read(self, question: str, passages: Sequence[str]) -> list[Span]:
        spans = super().read(question, passages)
        return [Span(s.passage, s.start + 1, min(s.end + 1, len(passages[s.passage])), s.score) for s in spans]


def test_spans_shifted_by_a_character_miss_the_gate(article_assistant: Assistant, sound: Record) -> None:
    missed = figures_lost(Assistant(article_assistant.library, Shifted()), sound)
    assert "HasAns exact match" in missed


def test_a_threshold_that_never_refuses_misses_the_gate(article_assistant: Assistant, sound: Record) -> None:
    missed = figures_lost(Assistant(article_assistant.library, article_assistant.reader, threshold=0.0), sound)
    assert "false answers" in missed


def test_retrieval_of_random_passages_misses_the_gate(
    article_assistant: Assistant, sound: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.library import View

    search = View.search

    def anything(view: View, query: str, k: int = 10, mode: str = "hybrid") -> list[Passage]:
        found = search(view, query, 1000, "dense")
        return random.Random(query).sample(found, min(k, len(found)))

    monkeypatch.setattr(View, "search", anything)
    assert {"recall@5, hybrid", "HasAns F1"} <= figures_lost(article_assistant, sound)


def test_citations_to_the_wrong_document_miss_the_gate(
    article_folder: Path, tmp_path: Path, sound: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rag.assistant

    with Library.open(article_folder, create=False) as library:
        (tmp_path / "other.txt").write_text("Another document, of which nobody asks. " * 500)
        library.add(tmp_path / "other.txt")
        other = next(entry.id for entry in library.documents() if entry.source.endswith("other.txt"))
        cite = rag.assistant.cite

        def wrong(document: Document, start: int, end: int) -> Citation:
            citation = cite(document, start, end)
            return Citation(**{name: getattr(citation, name) for name in citation.__slots__} | {"document_id": other})

        monkeypatch.setattr(rag.assistant, "cite", wrong)
        missed = figures_lost(Assistant(library), sound)
        library.remove(other)
    assert {"citations byte-exact", "cited in the gold sentence"} <= missed
