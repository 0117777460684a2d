"""The vector index, against an exact search in numpy."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.fakes import ExactStore
from rag.vectors import FaissStore, as_ids, recall

DIMENSION = 16


def unit_vectors(count: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30)), max_size=12), st.integers(1, 40))
def test_exact_index_equals_numpy_after_any_adding_and_removing(steps: list[tuple[bool, int]], k: int) -> None:
    store, exact, held, following = FaissStore(DIMENSION), ExactStore(DIMENSION), [], 1
    for adding, count in steps:
        if adding:
            ids = as_ids(range(following, following + count))
            vectors = unit_vectors(count, seed=following)
            following += count
            for each in (store, exact):
                each.add(ids, vectors)
            held.extend(ids.tolist())
        else:
            gone, held = held[:count], held[count:]
            for each in (store, exact):
                each.remove(as_ids(gone))
    query = unit_vectors(1, seed=99)[0]
    (ids, scores), (wanted, wanted_scores) = store.search(query, k), exact.search(query, k)
    assert ids.tolist() == wanted.tolist()
    np.testing.assert_allclose(scores, wanted_scores, atol=1e-6)
    assert sorted(store.ids().tolist()) == sorted(held)
    assert store.is_exact


@pytest.fixture
def large() -> tuple[FaissStore, np.ndarray, np.ndarray]:
    store = FaissStore(DIMENSION, exact_up_to=1000)
    ids, vectors = as_ids(range(10, 5010)), unit_vectors(5000)
    store.add(ids[:900], vectors[:900])
    assert store.is_exact
    store.add(ids[900:], vectors[900:])
    assert not store.is_exact
    return store, ids, vectors


def test_large_index_finds_nearly_all_that_an_exact_search_finds(
    large: tuple[FaissStore, np.ndarray, np.ndarray],
) -> None:
    store, ids, vectors = large
    assert sorted(store.ids().tolist()) == ids.tolist()
    assert recall(store, ids, vectors, k=10, sample=100) >= 0.6  # vectors without any structure: the hardest case
    assert store.search(vectors[7], 1)[0].tolist() == [17]


def test_large_index_forgets_what_is_removed_and_takes_more(
    large: tuple[FaissStore, np.ndarray, np.ndarray],
) -> None:
    store, _, vectors = large
    store.remove(as_ids([17]))
    assert 17 not in store.search(vectors[7], 50)[0]
    store.add(as_ids([9000]), vectors[7:8])
    assert store.search(vectors[7], 1)[0].tolist() == [9000]
    assert len(store) == 5000


def test_large_index_is_trained_again_when_it_has_doubled(large: tuple[FaissStore, np.ndarray, np.ndarray]) -> None:
    store, _, _ = large
    more = unit_vectors(6000, seed=5)
    store.add(as_ids(range(20_000, 26_000)), more)
    assert len(store) == 11_000
    assert store.search(more[3], 1)[0].tolist() == [20_003]


def test_saved_index_is_the_same_and_only_for_its_own_record(
    large: tuple[FaissStore, np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    store, _, vectors = large
    path = tmp_path / "vectors.faiss"
    store.save(path, stamp="one")
    loaded = FaissStore.load(path, "one", DIMENSION)
    assert loaded is not None
    assert loaded.search(vectors[3], 5)[0].tolist() == store.search(vectors[3], 5)[0].tolist()
    assert FaissStore.load(path, "two", DIMENSION) is None
    assert [p.name for p in tmp_path.iterdir()] == ["vectors.faiss"]


@pytest.mark.parametrize("position", [0, 30, -1])
def test_damaged_file_is_not_loaded(tmp_path: Path, position: int) -> None:
    path = tmp_path / "vectors.faiss"
    store = FaissStore(DIMENSION)
    store.add(as_ids([1, 2]), unit_vectors(2))
    store.save(path, stamp="one")
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    assert FaissStore.load(path, "one", DIMENSION) is None
    assert FaissStore.load(tmp_path / "none", "one", DIMENSION) is None


@pytest.mark.parametrize("exact_up_to", [10_000, 100])
def test_of_an_id_with_several_vectors_the_nearest_counts(exact_up_to: int) -> None:
    ids, vectors = as_ids([n for n in range(1, 61) for _ in range(n)]), unit_vectors(1830)
    store, exact = FaissStore(DIMENSION, exact_up_to), ExactStore(DIMENSION)
    for each in (store, exact):
        each.add(ids, vectors)
    assert store.is_exact is (exact_up_to > len(ids))
    gone = as_ids(range(1, 60, 2))
    for each in (store, exact):
        each.remove(gone)
    kept = np.isin(ids, gone, invert=True)
    assert len(store) == kept.sum()
    everything = store.search(vectors[40], 100)[0]
    assert len(set(everything.tolist())) == len(everything)
    assert store.search(vectors[-1], 1)[0].tolist() == [60]
    if store.is_exact:
        for query in unit_vectors(20, seed=3):
            (found, scores), (wanted, wanted_scores) = store.search(query, 7), exact.search(query, 7)
            assert found.tolist() == wanted.tolist()
            np.testing.assert_allclose(scores, wanted_scores, atol=1e-6)
        assert sorted(everything.tolist()) == list(range(2, 61, 2))
        assert recall(store, ids[kept], vectors[kept], k=10, sample=20) == 1


def test_empty_index_finds_nothing() -> None:
    assert FaissStore(DIMENSION).search(unit_vectors(1)[0], 5)[0].tolist() == []


def test_large_index_that_shrinks_is_exact_again() -> None:
    store, vectors = FaissStore(DIMENSION, exact_up_to=100), unit_vectors(200)
    store.add(as_ids(range(200)), vectors)
    assert not store.is_exact
    store.remove(as_ids(range(60, 200)))
    assert store.is_exact
    assert store.search(vectors[7], 60)[0][0] == 7
    assert sorted(store.search(vectors[7], 60)[0].tolist()) == list(range(60))
    store.remove(as_ids(range(60)))
    assert len(store) == 0


def test_what_a_killed_writer_left_is_cleared_and_a_young_file_spared(tmp_path: Path) -> None:
    store = FaissStore(DIMENSION)
    store.add(as_ids([1]), unit_vectors(1))
    old, young = tmp_path / "vectors.faiss.0000aaaa.tmp", tmp_path / "vectors.faiss.0000bbbb.tmp"
    for left in (old, young):
        left.write_bytes(b"half")
    os.utime(old, (0, 0))
    store.save(tmp_path / "vectors.faiss", stamp="one")
    assert (old.exists(), young.exists()) == (False, True)
