"""A library: a folder that holds documents cut, embedded and indexed, to be found by question.

The record (SQLite) is what counts; the FAISS index beside it is derived, and made anew from the stored vectors when
it is missing, damaged or behind.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from .chunking import embedded_text, split
from .clock import Clock
from .errors import DocumentNotFound, FileError, LibraryNotFound, SettingsMismatch
from .loading import SUFFIXES, parse, read_bytes
from .progress import Progress
from .record import Entry, Prepared, Record, Snapshot, Transaction
from .retrieval import CONTEXT_WEIGHT, DEPTH, checked_mode, fuse, query_words
from .settings import Cutting, Settings, from_record
from .structure import context
from .values import Chunk, Document, Passage

if TYPE_CHECKING:
    from .embedding import Embedder, Vectors
    from .vectors import FaissStore

INDEX_FILE = "vectors.faiss"
GROUP = 256  # passages that are embedded together, so that batches can be sorted by length
_SCORE_DIGITS = 6  # scores that differ by less are equal: which is first must not hang on rounding


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of each file, by the source as given. `skipped` are files in a folder that are of no known kind."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    skipped: tuple[str, ...] = ()
    passages_embedded: int = 0

    def __add__(self, other: "Report") -> "Report":
        mine, others = asdict(self), asdict(other)
        merged = {key: mine[key] + others[key] for key in mine if key != "failed"}
        return Report(**merged, failed=self.failed + other.failed)


class Library:
    """Documents in a folder, found by question. Safe to use from several threads and processes at once."""

    def __init__(self, record: Record, embedder: "Embedder", settings: Settings):
        self._record = record
        self.folder = record.path.parent
        self.embedder = embedder
        self.settings = settings
        self._index: FaissStore | None = None
        self._index_generation = -1
        self._index_lock = Lock()

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        create: bool = True,
        embedder: "Embedder | None" = None,
        cutting: Cutting | None = None,
    ) -> "Library":
        """The library in a folder; an empty one is made when there is none, unless `create` is False.

        Without an embedder or a way of cutting, those that the library was built with are taken, or the defaults
        for a new one. Raises LibraryNotFound, LibraryDamaged, SettingsMismatch, and ModelError.
        """
        from .embedding import SentenceEmbedder

        folder = Path(folder)
        if not Record.stands_in(folder):
            if not create:
                raise LibraryNotFound(
                    f"There is no library in {str(folder)!r}. Make one with `pincite index PATH --library {folder}`."
                )
            embedder = embedder or SentenceEmbedder()
            settings = Settings.of(embedder, cutting or Cutting())
            record = Record.create(folder, asdict(settings))
        else:
            record = Record(folder)
        stored = _stored_settings(record)
        embedder = embedder or SentenceEmbedder(stored.model)
        differences = stored.differences(Settings.of(embedder, cutting or stored.cutting))
        if differences:
            raise SettingsMismatch(
                f"The library in {str(folder)!r} was built with {'; '.join(differences)}. "
                f"Build it again with `pincite index --rebuild --library {folder}` and the options that you want."
            )
        return cls(record, embedder, stored)

    @classmethod
    def rebuild(
        cls,
        folder: str | Path,
        *,
        embedder: "Embedder | None" = None,
        cutting: Cutting | None = None,
        progress: bool = False,
    ) -> Report:
        """Read, cut and embed every document of a library again, with these settings or the defaults.

        One change: until it is done, everyone sees the library as it was. A file that is gone or cannot be read any
        more is kept as it was read before and named among the failed.
        """
        from .embedding import SentenceEmbedder

        folder = Path(folder)
        if not Record.stands_in(folder):
            raise LibraryNotFound(f"There is no library in {str(folder)!r} to build again.")
        embedder = embedder or SentenceEmbedder()
        library = cls(Record(folder), embedder, Settings.of(embedder, cutting or Cutting()))
        with library._record.writing() as change:
            report = library._rebuild(change, progress)
        library._save_index()
        library.close()
        return report

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._record.close()

    def add(self, *paths: str | Path, progress: bool = False) -> Report:
        """Read files, and folders with all that is in them, into the library.

        A file whose bytes are known already costs no embedding; one that changed replaces what was read of it. Each
        document is one change. A file that cannot be read is reported and the rest goes on. Raises FileError for a
        path that is not there, before anything is read.
        """
        files, skipped = _files(paths)
        report = Report(skipped=tuple(map(str, skipped)))
        with Progress("Reading", sum(map(_size, files)), shown=progress) as bar:
            for group in self._groups(files, bar):
                report += group
        if report.added or report.updated:
            self._save_index()
        return report

    def sync(self, folder: str | Path, progress: bool = False) -> Report:
        """Make the library hold what the folder holds: add what is new, update what changed, drop what is gone.

        Only documents that were read from inside the folder are dropped, and none of those whose file is there but
        cannot be read any more.
        """
        if not Path(folder).is_dir():
            raise FileError(folder, "it is no folder; only a folder can be kept in step")
        report = self.add(folder, progress=progress)
        root = Path(folder).resolve()
        gone = [e for e in self.documents() if Path(e.location).is_relative_to(root) and not Path(e.location).exists()]
        for entry in gone:
            self.remove(entry.id)
        return replace(report, removed=tuple(entry.source for entry in gone))

    def remove(self, id_or_source: str | Path) -> Entry:
        """Remove a document, named by its id, its source or its path, and return what was removed.

        From then on it is found by nothing, in no process. Raises DocumentNotFound when there is none, or several.
        """
        name, location = str(id_or_source), str(Path(id_or_source).absolute().resolve())
        with self._record.writing() as change:
            entries = change.entries()
            found = [e for e in entries if e.id == name or e.location == location]
            found = found or [e for e in entries if e.source == name]
            if len(found) != 1:
                what = f"{len(found)} documents have" if found else "No document has"
                raise DocumentNotFound(
                    f"{what} the id or source {name!r}. `pincite documents` lists them with their ids."
                )
            change.drop(found[0].id)
        self._save_index()
        return found[0]

    def documents(self) -> list[Entry]:
        """What the library holds, ordered by source."""
        with self._record.reading() as snapshot:
            return snapshot.entries()

    def search(self, query: str, k: int = 10, mode: str = "hybrid") -> list[Passage]:
        """The k passages nearest to the query, best first; mode is "hybrid", "dense" or "lexical"."""
        with self.view() as view:
            return view.search(query, k, mode)

    @contextmanager
    def view(self) -> Iterator["View"]:
        """The library as it stands now, to search and read in while others write."""
        with self._record.reading() as snapshot:
            if snapshot.settings != asdict(self.settings):
                raise SettingsMismatch(
                    f"The library in {str(self.folder)!r} was built again with other settings. Open it again."
                )
            yield View(self, snapshot)

    def index_recall(self, k: int = 10, sample: int = 200) -> float | None:
        """recall@k of the vector index against an exact search, on stored vectors; None where the index is exact."""
        from .vectors import recall

        with self._record.reading() as snapshot, self._index_lock:
            index = self._index_of(snapshot)
            if index.is_exact:
                return None
            return recall(index, *snapshot.vectors_after(0, self.embedder.dimension), k=k, sample=sample)

    def _groups(self, files: Iterable[Path], bar: Progress) -> Iterator[Report]:
        """Reads files in groups that are worth embedding together, and stores each document as one change."""
        pending: list[_Reading] = []
        for path in files:
            try:
                data = read_bytes(path)
                location = str(path.resolve())
                known = self._known(location)
                if known == hashlib.sha256(data).hexdigest():
                    bar.advance(len(data))
                    yield Report(unchanged=(str(path),))
                    continue
                document = parse(data, path)
                pending.append(_Reading(document, location, len(data), known is not None, self._split(document)))
            except FileError as error:
                bar.advance(_size(path))
                yield Report(failed=(Failure(str(path), error.reason),))
            if sum(len(reading.chunks) for reading in pending) >= GROUP:
                yield self._store_all(pending, bar)
                pending = []
        yield self._store_all(pending, bar)

    def _known(self, location: str) -> str | None:
        with self._record.reading() as snapshot:
            return snapshot.sha256_at(location)

    def _split(self, document: Document) -> list[Chunk]:
        return split(
            document,
            window=self.embedder.window,
            count_window_tokens=self.embedder.count_tokens,
            budget=self.settings.budget,
            overlap=self.settings.overlap,
            encoding=self.settings.encoding,
        )

    def _store_all(self, readings: list["_Reading"], bar: Progress) -> Report:
        report = Report()
        with self._record.reading() as snapshot:
            prepared, embedded = self._embed(readings, snapshot, bar)
        for reading, chunks in zip(readings, prepared, strict=True):
            with self._record.writing() as change:
                if change.settings != asdict(self.settings):
                    raise SettingsMismatch(
                        f"The library in {str(self.folder)!r} was built again meanwhile. Open it again."
                    )
                change.put(reading.document, reading.location, reading.size, chunks)
            source = (reading.document.source,)
            report += Report(updated=source) if reading.is_update else Report(added=source)
        return replace(report, passages_embedded=embedded)

    def _embed(self, readings: list["_Reading"], snapshot: Snapshot, bar: Progress) -> tuple[list[list[Prepared]], int]:
        """The chunks with their vectors, those of texts that are in the record taken from there; how many were made."""
        texts: dict[bytes, str] = {}
        keys: list[list[bytes]] = []
        share: dict[bytes, float] = {}  # of a file's bytes, to move the bar by
        for reading in readings:
            keys.append([])
            for chunk in reading.chunks:
                text = self._embedded_text(reading.document, chunk)
                keys[-1].append(hashlib.sha256(text.encode()).digest()[:16])
                texts[keys[-1][-1]] = text
                share[keys[-1][-1]] = share.get(keys[-1][-1], 0) + reading.size / len(reading.chunks)
        vectors = snapshot.vectors_of_texts(texts)
        bar.advance(sum(share[key] for key in vectors))
        missing = [key for key in texts if key not in vectors]
        for first in range(0, len(missing), GROUP):
            group = missing[first : first + GROUP]
            vectors.update(zip(group, self.embedder.embed([texts[key] for key in group]), strict=True))
            bar.advance(sum(share[key] for key in group), passages=len(group))
        prepared = [
            [
                Prepared(chunk, context(reading.document, chunk.start), key, vectors[key])
                for chunk, key in zip(reading.chunks, its_keys, strict=True)
            ]
            for reading, its_keys in zip(readings, keys, strict=True)
        ]
        return prepared, len(missing)

    def _embedded_text(self, document: Document, chunk: Chunk) -> str:
        return embedded_text(document, chunk.start, chunk.text, self.embedder.window, self.embedder.count_tokens)

    def _rebuild(self, change: Transaction, progress: bool) -> Report:
        report = Report()
        entries = change.entries()
        model_stays = change.settings.get("model_sha256") == self.settings.model_sha256
        with Progress("Building again", sum(entry.bytes for entry in entries), shown=progress) as bar:
            for entry in entries:
                size, document = entry.bytes, change.document(entry.id)
                try:
                    data = read_bytes(entry.location)
                    size, document = len(data), replace(parse(data, entry.location), source=entry.source)
                except FileError as error:
                    report += Report(failed=(Failure(entry.source, f"{error.reason}; kept as it was read before"),))
                assert document is not None
                reading = _Reading(document, entry.location, size, True, self._split(document))
                known: Snapshot | _NoVectors = change if model_stays else _NoVectors()
                (chunks,), embedded = self._embed([reading], known, bar)  # type: ignore[arg-type]
                change.put(document, entry.location, size, chunks)
                report += Report(updated=(entry.source,), passages_embedded=embedded)
        change.settle(asdict(self.settings))
        return report

    def _nearest(self, snapshot: Snapshot, vector: "Vectors", k: int) -> list[tuple[int, float]]:
        """Chunk ids and scores from the vector index in the state of the snapshot."""
        with self._index_lock:
            ids, scores = self._index_of(snapshot).search(vector, k)
        return list(zip(ids.tolist(), scores.tolist(), strict=True))

    def _index_of(self, snapshot: Snapshot) -> "FaissStore":
        """The index brought to the state of the snapshot; to be called, and used, under the lock."""
        from .vectors import FaissStore

        dimension = self.embedder.dimension
        if self._index is not None and self._index_generation > snapshot.generation:
            behind = FaissStore(dimension)  # another thread has gone ahead: search what this snapshot sees
            behind.add(*snapshot.vectors_after(0, dimension))
            return behind
        if self._index is None:
            self._index = FaissStore.load(self.folder / INDEX_FILE, snapshot.stamp, dimension)
            if self._index is None:
                self._index = FaissStore(dimension)
                self._index.add(*snapshot.vectors_after(0, dimension))
                self._write_index(self._index, snapshot)
        elif self._index_generation < snapshot.generation:
            _catch_up(self._index, snapshot, dimension)
        self._index_generation = snapshot.generation
        return self._index

    def _save_index(self) -> None:
        with self._record.reading() as snapshot, self._index_lock:
            index = self._index_of(snapshot)
            if index is self._index:
                self._write_index(index, snapshot)

    def _write_index(self, index: "FaissStore", snapshot: Snapshot) -> None:
        with suppress(OSError):  # whoever may only read the folder keeps the index in memory
            index.save(self.folder / INDEX_FILE, snapshot.stamp)


class View:
    """One state of a library. What it finds, it can also read: nothing is removed while it is open."""

    def __init__(self, library: Library, snapshot: Snapshot):
        self._library = library
        self._snapshot = snapshot
        self.clock = Clock()

    def search(self, query: str, k: int = 10, mode: str = "hybrid") -> list[Passage]:
        """The k passages nearest to the query, best first. Raises QuestionError for a mode that is not there."""
        checked_mode(mode)
        depth = max(k, DEPTH)
        rankings = []
        if mode != "lexical":
            with self.clock("embed"):
                vector = self._library.embedder.embed([query])[0]
            with self.clock("dense"):
                rankings.append(self._library._nearest(self._snapshot, vector, depth))
        if mode != "dense":
            with self.clock("lexical"):
                rankings.append(self._lexical(query, depth))
        chunks = self._snapshot.chunks({chunk_id for ranking in rankings for chunk_id, _ in ranking})
        ordered = [_ids(ranking, chunks) for ranking in rankings]
        scores = fuse(ordered) if mode == "hybrid" else dict(_rounded(rankings[0]))
        best = _ids(list(scores.items()), chunks)[:k]
        return [Passage(chunks[chunk_id][0], scores[chunk_id]) for chunk_id in best]

    def document(self, document_id: str) -> Document:
        """The document with that id. Raises DocumentNotFound."""
        document = self._snapshot.document(document_id)
        if document is None:
            raise DocumentNotFound(f"No document has the id {document_id!r}. `pincite documents` lists them.")
        return document

    def _lexical(self, query: str, depth: int) -> list[tuple[int, float]]:
        words = query_words(query)
        return self._snapshot.matching(words, depth, CONTEXT_WEIGHT) if words else []


@dataclass(frozen=True, slots=True)
class _Reading:
    """A document that was read and cut, on its way into the record."""

    document: Document
    location: str
    size: int
    is_update: bool
    chunks: list[Chunk]


class _NoVectors:
    """Stands for a record none of whose vectors can be used again."""

    def vectors_of_texts(self, _embedded: Iterable[bytes]) -> "dict[bytes, Vectors]":
        return {}


def _ids(ranking: list[tuple[int, float]], chunks: dict[int, tuple[Chunk, str]]) -> list[int]:
    """Ids by score, equal scores by their place, so that the order does not hang on when a document was added."""
    there = [(chunk_id, score) for chunk_id, score in _rounded(ranking) if chunk_id in chunks]
    return [i for i, _ in sorted(there, key=lambda r: (-r[1], chunks[r[0]][1], chunks[r[0]][0].start))]


def _rounded(ranking: list[tuple[int, float]]) -> list[tuple[int, float]]:
    return [(chunk_id, round(score, _SCORE_DIGITS)) for chunk_id, score in ranking]


def _catch_up(index: "FaissStore", snapshot: Snapshot, dimension: int) -> None:
    import numpy as np

    from .vectors import as_ids

    held, wanted = index.ids(), snapshot.chunk_ids()
    gone = np.setdiff1d(held, wanted)
    if len(gone):
        index.remove(as_ids(gone.tolist()))
    index.add(*snapshot.vectors_after(int(held.max(initial=0)), dimension))


def _stored_settings(record: Record) -> Settings:
    with record.reading() as snapshot:
        return from_record(snapshot.settings)


def _files(paths: Iterable[str | Path]) -> tuple[list[Path], list[Path]]:
    """Files to read, each once and in a fixed order; and those in folders that are of no known kind."""
    files: dict[Path, Path] = {}
    skipped = []
    for path in map(Path, paths):
        if not path.exists():
            raise FileError(path, "there is no such file or folder")
        for file in _walk(path) if path.is_dir() else [path]:
            if path.is_dir() and file.suffix.lower() not in SUFFIXES:
                skipped.append(file)
            else:
                files.setdefault(file.resolve(), file)
    return list(files.values()), skipped


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
