"""Vectors by their ids, nearest first: FAISS, exact up to a size and IVF (Jégou et al. 2011) beyond it."""

import hashlib
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .embedding import Vectors

Ids = npt.NDArray[np.int64]

EXACT_UP_TO = 25_000  # vectors: an exact search then takes a thirtieth of what reading the passages does
LISTS_PER_ROOT = 4  # IVF lists for each square root of the number of vectors
VECTORS_EACH = 4  # of an id, as is supposed at first when the nearest ids are looked for
PROBED = 0.3  # share of the lists that a search looks into
TRAIN_PER_LIST = 40  # vectors that k-means sees for each list
REBUILD_AT = 2.0  # an IVF index is trained anew once it has grown by this factor
LEFT_BEHIND = 3600.0  # seconds after which a file half written has no writer
_MAGIC = b"pincite-vectors-1\n"


class VectorStore(Protocol):
    """Vectors by id, one or several of each. Scores are inner products: higher is nearer."""

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Hold `vectors` (n, dimension) under `ids` (n,), none of which is held yet; an id may be there repeatedly."""
        ...

    def remove(self, ids: Ids) -> None:
        """Forget `ids`, all of which are held."""
        ...

    def search(self, vector: Vectors, k: int) -> tuple[Ids, Vectors]:
        """The k ids nearest to `vector` (dimension,), best first, each with the score of its nearest vector.

        Fewer when fewer are held.
        """
        ...


class FaissStore:
    """A FAISS index that chooses its kind by the number of vectors it holds."""

    def __init__(self, dimension: int, exact_up_to: int = EXACT_UP_TO):
        self.dimension = dimension
        self.exact_up_to = exact_up_to
        self._index = _exact(dimension)
        self._trained_on = 0

    def __len__(self) -> int:
        """How many vectors it holds."""
        return int(self._index.ntotal)

    @property
    def is_exact(self) -> bool:
        """Whether a search compares with every vector."""
        return not self._trained_on

    def add(self, ids: Ids, vectors: Vectors) -> None:
        self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), ids)
        if len(self) > max(self.exact_up_to, self._trained_on * REBUILD_AT):
            self._train()

    def remove(self, ids: Ids) -> None:
        if len(ids):
            self._index.remove_ids(ids)
        if not self.is_exact and len(self) <= self.exact_up_to:
            ids, vectors = self._contents()
            self._index, self._trained_on = _exact(self.dimension), 0
            self._index.add_with_ids(vectors, ids)

    def search(self, vector: Vectors, k: int) -> tuple[Ids, Vectors]:
        if not len(self):
            return as_ids(()), np.empty(0, np.float32)
        wanted = min(k * VECTORS_EACH, len(self))
        while True:
            scores, ids = self._index.search(vector[None, :], wanted)
            found = ids[0] >= 0
            nearest = distinct(ids[0][found])
            if len(nearest) >= k or wanted == len(self) or not found.all():
                return ids[0][nearest[:k]], scores[0][nearest[:k]]
            wanted = min(wanted * VECTORS_EACH, len(self))

    def ids(self) -> Ids:
        """The id of each vector, in no order."""
        import faiss

        if self.is_exact:
            return faiss.vector_to_array(self._index.id_map).copy()
        lists = self._index.invlists
        parts = (faiss.rev_swig_ptr(lists.get_ids(i), lists.list_size(i)) for i in range(self._index.nlist))
        return np.concatenate([part.copy() for part in parts])

    def _train(self) -> None:
        import faiss

        ids, vectors = self._contents()
        lists = LISTS_PER_ROOT * int(len(ids) ** 0.5)
        quantizer = faiss.IndexFlatIP(self.dimension)
        index = faiss.IndexIVFFlat(quantizer, self.dimension, lists, faiss.METRIC_INNER_PRODUCT)
        index.nprobe = max(1, int(lists * PROBED))
        sample = np.random.default_rng(0).permutation(len(ids))[: lists * TRAIN_PER_LIST]
        index.cp.min_points_per_centroid = 1
        index.train(vectors[np.sort(sample)])
        index.add_with_ids(vectors, ids)
        self._index, self._trained_on = index, len(ids)

    def _contents(self) -> tuple[Ids, Vectors]:
        """Ids and vectors in the order of the ids."""
        import faiss

        if self.is_exact:
            vectors = self._index.index.reconstruct_n(0, len(self))
            ids = self.ids()
        else:
            lists, dimension = self._index.invlists, self.dimension
            ids = self.ids()
            vectors = np.concatenate(
                [
                    faiss.rev_swig_ptr(lists.get_codes(i), lists.list_size(i) * dimension * 4)
                    .view(np.float32)
                    .reshape(-1, dimension)
                    .copy()
                    for i in range(self._index.nlist)
                ]
            )
        order = np.argsort(ids, kind="stable")
        return ids[order], vectors[order]

    def save(self, path: Path, stamp: str) -> None:
        """Write the index with the stamp of the record that it was made from; the file is there whole or not at all."""
        import faiss

        payload = faiss.serialize_index(self._index).tobytes()
        header = {"stamp": stamp, "sha256": hashlib.sha256(payload).hexdigest(), "trained_on": self._trained_on}
        temporary = path.with_name(f"{path.name}.{stamp[:8]}.tmp")
        try:
            temporary.write_bytes(_MAGIC + json.dumps(header).encode() + b"\n" + payload)
            temporary.replace(path)
            _clear(path)
        finally:
            temporary.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path, stamp: str, dimension: int, exact_up_to: int = EXACT_UP_TO) -> "FaissStore | None":
        """The index in a file, or None when the file is missing, damaged or was made from another record."""
        import faiss

        try:
            magic, header_line, payload = path.read_bytes().split(b"\n", 2)
            header = json.loads(header_line)
        except (OSError, ValueError):
            return None
        right = magic + b"\n" == _MAGIC and isinstance(header, dict) and header.get("stamp") == stamp
        if not right or header.get("sha256") != hashlib.sha256(payload).hexdigest():
            return None
        store = cls(dimension, exact_up_to)
        store._index = faiss.deserialize_index(np.frombuffer(payload, np.uint8))
        store._trained_on = header["trained_on"]
        return store


def _clear(path: Path) -> None:
    """Take away what writers that were killed have left; a young file may be another's at work."""
    for left in path.parent.glob(f"{path.name}.*.tmp"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_BEHIND:
                left.unlink()


def _exact(dimension: int) -> Any:
    import faiss

    return faiss.IndexIDMap(faiss.IndexFlatIP(dimension))


def as_ids(ids: Iterable[int]) -> Ids:
    """Ids as FAISS takes them, ascending."""
    return np.array(sorted(ids), dtype=np.int64)


def distinct(ids: Ids) -> npt.NDArray[np.intp]:
    """Where each id stands first, in order."""
    return np.sort(np.unique(ids, return_index=True)[1])


def recall(store: VectorStore, ids: Ids, vectors: Vectors, *, k: int, sample: int) -> float:
    """Share of the k nearest ids by an exact search that the store finds too, over a sample of its own vectors."""
    queries = vectors[np.random.default_rng(0).permutation(len(ids))[:sample]]
    hits = wanted = 0
    for query in queries:
        ranked = ids[np.argsort(-(vectors @ query), kind="stable")]
        exact = ranked[distinct(ranked)[:k]]
        hits += len(np.intersect1d(exact, store.search(query, k)[0]))
        wanted += len(exact)
    return hits / wanted
