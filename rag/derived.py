"""The vector index of a library, kept in step with its record: loaded when its file fits, made anew when not.

The file carries the stamp of the state of the record that it was made from, and a checksum.
"""

from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from .record import Snapshot

if TYPE_CHECKING:
    from .embedding import Vectors
    from .vectors import FaissStore

INDEX_FILE = "vectors.faiss"


class DerivedIndex:
    """A FAISS index that answers for the snapshot it is asked for. Safe to use from several threads."""

    def __init__(self, folder: Path, dimension: int):
        self._path = folder / INDEX_FILE
        self._dimension = dimension
        self._store: FaissStore | None = None
        self._generation = -1
        self._lock = Lock()

    def nearest(self, snapshot: Snapshot, vector: "Vectors", k: int) -> list[tuple[int, float]]:
        """Chunk ids and scores of the k nearest to `vector` (dimension,) among the snapshot's, best first."""
        with self._lock:
            ids, scores = self._in_step(snapshot).search(vector, k)
        return list(zip(ids.tolist(), scores.tolist(), strict=True))

    def save(self, snapshot: Snapshot) -> None:
        """Write the file for the snapshot, unless another thread has gone ahead of it."""
        with self._lock:
            store = self._in_step(snapshot)
            if store is self._store:
                self._write(store, snapshot)

    def recall(self, snapshot: Snapshot, k: int, sample: int) -> float | None:
        """recall@k against an exact search, on a sample of the stored vectors; None where the index is exact."""
        from .vectors import recall

        with self._lock:
            store = self._in_step(snapshot)
            if store.is_exact:
                return None
            return recall(store, *snapshot.vectors_after(0, self._dimension), k=k, sample=sample)

    def _in_step(self, snapshot: Snapshot) -> "FaissStore":
        """The index in the state of the snapshot; to be called, and used, under the lock."""
        from .vectors import FaissStore

        if self._store is not None and self._generation > snapshot.generation:
            ids, vectors = snapshot.vectors_after(0, self._dimension)
            behind = FaissStore(self._dimension, exact_up_to=len(ids))  # another thread has gone ahead, for one search
            behind.add(ids, vectors)
            return behind
        if self._store is None:
            self._store = FaissStore.load(self._path, snapshot.stamp, self._dimension)
            if self._store is None:
                self._store = FaissStore(self._dimension)
                self._store.add(*snapshot.vectors_after(0, self._dimension))
                self._write(self._store, snapshot)
        elif self._generation < snapshot.generation:
            self._catch_up(self._store, snapshot)
        self._generation = snapshot.generation
        return self._store

    def _catch_up(self, store: "FaissStore", snapshot: Snapshot) -> None:
        import numpy as np

        held = store.ids()
        store.remove(np.setdiff1d(held, snapshot.chunk_ids()))
        store.add(*snapshot.vectors_after(int(held.max(initial=0)), self._dimension))

    def _write(self, store: "FaissStore", snapshot: Snapshot) -> None:
        with suppress(OSError):  # whoever may only read the folder keeps the index in memory
            store.save(self._path, snapshot.stamp)
