"""Rankings, by hand and against ir-measures."""

import math

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, R, nDCG

from rag.eval.measures.finding import answer_rank, ndcg, recall, reciprocal_rank

NAMES = [f"p{number}" for number in range(12)]


def places(*names: str) -> list[frozenset[str]]:
    return [frozenset({name}) for name in names]


@given(st.permutations(NAMES), st.sets(st.sampled_from([*NAMES, "elsewhere"]), min_size=1), st.integers(1, 15))
def test_as_ir_measures(found: list[str], relevant: set[str], k: int) -> None:
    run = {"q": {name: float(len(found) - rank) for rank, name in enumerate(found)}}
    qrels = {"q": dict.fromkeys(relevant, 1)}
    trusted = ir_measures.calc_aggregate([R @ k, RR @ k, nDCG @ k], qrels, run)
    wanted = places(*relevant)
    assert recall(found, wanted, k) == pytest.approx(trusted[R @ k])
    assert reciprocal_rank(found, wanted, k) == pytest.approx(trusted[RR @ k])
    assert ndcg(found, wanted, k) == pytest.approx(trusted[nDCG @ k])


def test_by_hand() -> None:
    found, wanted = ["a", "b", "c", "d"], places("b", "d")
    assert [recall(found, wanted, k) for k in (1, 2, 4)] == [0.0, 0.5, 1.0]
    assert reciprocal_rank(found, wanted) == 0.5
    assert ndcg(found, wanted) == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3)))


def test_a_place_that_two_passages_hold_is_found_with_either() -> None:
    assert recall(["b"], [frozenset({"a", "b"})], 1) == 1.0


def test_nothing_to_find_has_no_figure() -> None:
    assert recall(["a"], [], 1) is None
    assert reciprocal_rank(["a"], []) is None
    assert ndcg(["a"], []) is None
    assert answer_rank(["a"], []) is None


def test_answer_in_the_text_of_a_passage() -> None:
    texts = ["The Bridge", "opened in\n1932"]
    assert answer_rank(texts, ["1931", "in 1932"]) == 2
    assert answer_rank(texts, ["1931"]) is None


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("in 1783 the czars", "3", False),
        ("the dry season", "sea", False),
        ("the 3rd season", "3", False),
        ("30 of 8,500 men", "500", False),
        ("30 of 8,500 men", "8500", True),
        ("a share of 3.5%", "3", False),
        ("in 3, perhaps 5", "3", True),
        ("it fell in 1783.", "1783", True),
        ("(the “Black Sea”)", "black sea", True),
        ("Lenin's widow", "Lenin", True),
        ("Lenin’s widow", "Lenin", True),
        ("from 1914–1918", "1918", True),
        ("an anti-war party", "war", True),
        ("an anti-war party", "anti-war", True),
        ("snake_case", "case", True),
        ("in the U.S. Army", "U.S.", True),
        ("the Straße", "STRASSE", True),
        ("Ministry of the Sea", "the Ministry of Sea", True),
        ("the sea and the black", "black sea", False),
        ("列宁于1917年回到彼得格勒。", "彼得格勒", True),
        ("列宁于1917年回到彼得格勒。", "1917", True),
        ("列宁于1917年回到彼得格勒。", "19", False),
        ("列宁于1917年回到彼得格勒。", "格彼", False),
        ("レーニンは帰国した", "レーニン", True),
        ("레닌은 돌아왔다", "레닌", True),
    ],
)
def test_answer_is_found_as_whole_words(text: str, answer: str, found: bool) -> None:
    assert answer_rank([text], [answer]) == (1 if found else None)


@pytest.mark.parametrize("answer", ["", " ", "the", "A", "...", "$"])
def test_answer_without_a_word_is_never_found(answer: str) -> None:
    assert answer_rank(["", "the $ A ..."], [answer]) is None
    assert answer_rank(["", "the $ A ...", "vitamin A"], [answer, "vitamin A"]) == 3


@pytest.mark.parametrize("answer", ["🦊", " the 🦊", "🦊 →", "🦊, →."])
def test_answer_of_signs_alone_is_found_where_they_stand(answer: str) -> None:
    assert answer_rank(["the sign", "“🦊\n→”, chosen"], [answer]) == 2
    assert answer_rank(["the sign", "the 🦝"], [answer]) is None
    assert answer_rank(["the fox", "the 🦊 →"], [answer, "fox"]) == 1


def test_a_place_gains_once_however_many_passages_hold_it() -> None:
    assert ndcg(["a", "x", "b"], [frozenset({"a", "b", "c"})]) == 1.0
    both = [frozenset({"a", "b"}), frozenset({"b", "c"})]
    assert ndcg(["b"], both) == 1.0
    assert ndcg(["a", "b"], both) == pytest.approx((1 + 1 / math.log2(3)) / 2)


def test_order_that_gains_more_than_taking_the_most_each_time_is_the_best() -> None:
    wanted = [frozenset({"a"}), frozenset({"a", "b"}), frozenset({"b", "c"}), frozenset({"c"})]
    assert ndcg(["a", "c"], wanted) == 1.0
    assert ndcg(["c", "a"], wanted) == 1.0


def test_a_place_that_no_passage_holds_is_missed() -> None:
    assert ndcg(["a"], [frozenset()]) == 0.0
    assert ndcg(["a"], [frozenset({"a"}), frozenset()]) == pytest.approx(1 / (1 + 1 / math.log2(3)))
