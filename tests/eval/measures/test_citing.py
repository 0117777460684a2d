"""Places of quotes, by hand."""

import pytest

from rag.eval.measures.citing import inside, intersection_over_union


@pytest.mark.parametrize(
    ("place", "gold", "expected"),
    [
        (("a", 0, 10), [("a", 0, 10)], 1.0),
        (("a", 0, 10), [("a", 5, 15)], 5 / 15),
        (("a", 0, 10), [("a", 5, 15), ("a", 0, 5)], 0.5),
        (("a", 0, 10), [("b", 0, 10)], 0.0),
        (("a", 0, 10), [("a", 10, 20)], 0.0),
        (("a", 0, 10), [], None),
    ],
)
def test_intersection_over_union(
    place: tuple[str, int, int], gold: list[tuple[str, int, int]], expected: float | None
) -> None:
    assert intersection_over_union(place, gold) == expected


def test_a_sentence_holds_all_of_a_gold_span_or_not() -> None:
    assert inside(("a", 0, 50), [("a", 40, 50)]) == 1.0
    assert inside(("a", 0, 50), [("a", 40, 51), ("b", 0, 5)]) == 0.0
    assert inside(("a", 0, 50), []) is None
