"""Partial match, by hand."""

import pytest

from rag.eval.measures.lists import partial_match


@pytest.mark.parametrize(
    ("found", "gold", "expected"),
    [
        ([["Paris", "Rome"]], [["Paris", "Rome"]], (1.0, 1.0)),
        ([["Paris"]], [["Paris", "Rome"]], (1.0, (1 + 1 / 4) / 2)),  # an r or an o in common, of four letters
        ([["in Paris"]], [["Paris"]], (5 / 8, 1.0)),
        ([[]], [["Paris"]], (0.0, 0.0)),
        ([["x"], ["Bonn"]], [["y"], ["Bonn"]], (0.5, 0.5)),
        ([["PARIS"]], [["paris"]], (1.0, 1.0)),
    ],
)
def test_partial_match_by_hand(found: list[list[str]], gold: list[list[str]], expected: tuple[float, float]) -> None:
    precision, recall, f1 = partial_match(found, gold)
    assert (precision, recall) == pytest.approx(expected)
    total = precision + recall
    assert f1 == pytest.approx(2 * precision * recall / total if total else 0)
