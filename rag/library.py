"""A library: a folder that holds documents cut, embedded and indexed, to be found by question.

The record (SQLite) is what counts; the FAISS index beside it is derived, and made anew from the stored vectors when
it is missing, damaged or behind.
"""

import hashlib
import os
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

from .citations import cite
from .clock import Clock
from .derived import DerivedIndex
from .encoding import encoding
from .errors import (
    DocumentNotFound,
    FileError,
    LibraryError,
    LibraryNotFound,
    QuestionError,
    SettingsMismatch,
    check_characters,
)
from .intake import GROUP, Failure, Intake, Reading, Report, files_in, given, size_of
from .labels import Label
from .loading import locate, parse, read_bytes
from .progress import Progress, Told
from .record import Entry, Record, Snapshot, Transaction, damaged
from .retrieval import CONTEXT_WEIGHT, DEPTH, checked_mode, fuse, query_words
from .risk import Promise
from .settings import Cutting, Settings
from .values import Chunk, Citation, Document, Passage

if TYPE_CHECKING:
    from .embedding import Embedder, Vectors

Ranking = list[tuple[int, float]]  # chunk ids with scores, best first

MOST_PASSAGES = 1_000_000
_KEPT = "kept as it was read before"
_SCORE_DIGITS = 6  # scores that differ by less are equal: which is first must not hang on rounding


class Library:
    """Documents in a folder, found by question. Safe to use from several threads and processes at once.

    But a process that was forked after a model ran gets a ModelError from every model: start it with "spawn".
    """

    def __init__(self, record: Record, embedder: "Embedder", settings: Settings):
        self._record = record
        self.folder = record.path.parent
        self.embedder = embedder
        self.settings = settings
        self._intake = Intake(embedder, settings)
        self._index = DerivedIndex(self.folder, embedder.dimension)

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
                    f"There is no library in {str(folder)!r}. "
                    f"Make one with `pincite index PATH --library {_pasted(folder)}`."
                )
            embedder = embedder or SentenceEmbedder()
            settings = Settings.of(embedder, cutting or Cutting())
            encoding(settings.encoding)  # raises before anything is made
            record = Record.create(folder, asdict(settings))
        else:
            record = Record(folder)
        try:
            stored = _stored_settings(record)
            embedder = embedder or SentenceEmbedder(stored.model)
            differences = stored.differences(Settings.of(embedder, cutting or stored.cutting))
            if differences:
                raise SettingsMismatch(
                    f"The library in {str(folder)!r} was built with {'; '.join(differences)}. "
                    f"Build it again with `pincite index --rebuild --library {_pasted(folder)}` and the "
                    "options that you want."
                )
            return cls(record, embedder, stored)
        except BaseException:
            record.close()
            raise

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
        settings = Settings.of(embedder, cutting or Cutting())
        encoding(settings.encoding)  # raises before anything is changed
        with cls(Record(folder), embedder, settings) as library:
            with library._record.writing() as change:
                report = library._rebuild(change, progress)
            library._save_index()
        return report

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._record.close()

    def add(self, *paths: str | Path, relative_to: str | Path | None = None, progress: Told = False) -> Report:
        """Read files, and folders with all that is in them, into the library.

        A file whose bytes are known already costs no embedding; one that changed replaces what was read of it. Each
        document is one change. A file that cannot be read is reported and the rest goes on; what was read of it before
        is kept. The source of a document is its path as given, or seen from the folder `relative_to`. `progress`: True
        for a bar on standard error, or a function that is told the share of the bytes that are done. Raises FileError
        for a path that is not there or is empty, `relative_to` too, before anything is read.
        """
        root = None if relative_to is None else locate(given(relative_to))
        files, others = files_in(paths)
        with Progress("Reading", sum(map(size_of, files)), shown=progress) as bar:
            report = Report.total([others, *self._groups(files, bar, root)])
        if report.added or report.updated:
            self._save_index()
        return report

    def sync(self, folder: str | Path, progress: bool = False) -> Report:
        """Make the library hold what the folder holds: add what is new, update what changed, drop what is gone.

        Only documents that were read from inside the folder are dropped, and none of those whose file is there but
        cannot be read any more.
        """
        root = locate(given(folder))
        if not root.is_dir():
            raise FileError(folder, "it is no folder; only a folder can be kept in step")
        report = self.add(folder, progress=progress)
        inside = [entry for entry in self.documents() if Path(entry.location).is_relative_to(root)]
        gone = [entry for entry in inside if _is_gone(Path(entry.location))]
        if gone:
            with self._record.writing() as change:
                self._check_settings(change)
                for entry in gone:
                    change.drop(entry.id)
            self._save_index()
        return replace(report, removed=tuple(entry.source for entry in gone))

    def remove(self, id_or_source: str | Path) -> Entry:
        """Remove a document, named by its id, its source or its path, and return what was removed.

        From then on it is found by nothing, in no process. Raises DocumentNotFound when there is none, or several.
        """
        name, location = str(id_or_source), os.path.abspath(id_or_source)  # noqa: PTH100 - as `locate`, but it may be gone
        with self._record.writing() as change:
            self._check_settings(change)
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
            self._check_settings(snapshot)
            view = View(self, snapshot)
            try:
                yield view
            finally:
                view._end()

    def keep_promise(self, promise: Promise, generation: int | None = None) -> None:
        """Store a threshold: an `Assistant` with the reader that it was picked for keeps to it from now on.

        `generation` is the library's when the answers were judged; by default the one it has now.
        """
        with self._record.writing() as change:
            self._check_settings(change)
            change.promise_that(asdict(promise), change.generation if generation is None else generation)

    def judge(self, label: Label) -> None:
        """Keep a label, in the place of the one of the same question. Documents may come and go, labels stay."""
        with self._record.writing() as change:
            change.keep_label(label)

    def labels(self) -> list[Label]:
        """What was judged, oldest first."""
        with self._record.reading() as snapshot:
            return snapshot.labels()

    def forget_label(self, question: str) -> None:
        """Remove the label of a question; nothing happens when it has none."""
        with self._record.writing() as change:
            change.drop_label(question)

    def index_recall(self, k: int = 10, sample: int = 200) -> float | None:
        """recall@k of the vector index against an exact search, on stored vectors; None where the index is exact."""
        with self._record.reading() as snapshot:
            self._check_settings(snapshot)
            return self._index.recall(snapshot, k, sample)

    def _groups(self, files: Iterable[Path], bar: Progress, root: Path | None) -> Iterator[Report]:
        """Reads files in groups that are worth embedding together, and stores each document as one change."""
        pending: list[Reading] = []
        for path in files:
            known: str | None = None
            try:
                location = str(locate(path))
                known = self._sha256_at(location)
                data = read_bytes(path)
                if known == hashlib.sha256(data).hexdigest():
                    bar.advance(len(data))
                    yield Report(unchanged=(str(path),))
                    continue
                document = parse(data, path)
                if root is not None:
                    document = replace(document, source=os.path.relpath(location, root))
                pending.append(self._intake.cut(document, location, len(data), is_update=known is not None))
            except FileError as error:
                bar.advance(size_of(path))
                reason = f"{error.reason}; {_KEPT}" if known else error.reason
                yield Report(failed=(Failure(str(path), reason),))
            if sum(len(reading.chunks) for reading in pending) >= GROUP:
                yield self._store(pending, bar)
                pending = []
        yield self._store(pending, bar)

    def _sha256_at(self, location: str) -> str | None:
        with self._record.reading() as snapshot:
            return snapshot.sha256_at(location)

    def _store(self, readings: list[Reading], bar: Progress) -> Report:
        with self._record.reading() as snapshot:
            prepared, embedded = self._intake.embed(readings, snapshot.vectors_of_texts, bar)
        for reading, chunks in zip(readings, prepared, strict=True):
            with self._record.writing() as change:
                self._check_settings(change)
                change.put(reading.document, reading.location, reading.size, chunks)
        return Report(
            added=tuple(reading.document.source for reading in readings if not reading.is_update),
            updated=tuple(reading.document.source for reading in readings if reading.is_update),
            passages_embedded=embedded,
        )

    def _rebuild(self, change: Transaction, progress: bool) -> Report:
        reports: list[Report] = []
        entries = change.entries()
        stored = change.settings
        same_vectors = all(stored.get(name) == getattr(self.settings, name) for name in ("model_sha256", "embedding"))
        with Progress("Building again", sum(entry.bytes for entry in entries), shown=progress) as bar:
            for entry in entries:
                try:
                    data = read_bytes(entry.location)
                    size, document = len(data), replace(parse(data, entry.location), id=entry.id, source=entry.source)
                except FileError as error:
                    size, document = entry.bytes, change.document(entry.id)
                    reason = f"{error.reason}; {_KEPT}"
                    reports.append(Report(failed=(Failure(entry.source, reason),)))
                reading = self._intake.cut(document, entry.location, size, is_update=True)
                known_vectors = change.vectors_of_texts if same_vectors else lambda _: {}
                (chunks,), embedded = self._intake.embed([reading], known_vectors, bar)
                change.put(document, entry.location, size, chunks)
                reports.append(Report(updated=(entry.source,), passages_embedded=embedded))
        change.settle(asdict(self.settings))
        return Report.total(reports)

    def _save_index(self) -> None:
        with self._record.reading() as snapshot:
            self._check_settings(snapshot)
            self._index.save(snapshot)

    def _check_settings(self, snapshot: Snapshot) -> None:
        if snapshot.settings != asdict(self.settings):
            raise SettingsMismatch(
                f"The library in {str(self.folder)!r} was built again with other settings. Open it again."
            )


class View:
    """One state of a library. What it finds, it can also read: nothing is removed while it is open.

    After its `with` everything but the clock raises LibraryError.
    """

    def __init__(self, library: Library, snapshot: Snapshot):
        self._library = library
        self._while_open: Snapshot | None = snapshot
        self._documents: dict[str, Document] = {}
        self.clock = Clock()

    @property
    def _snapshot(self) -> Snapshot:
        if self._while_open is None:
            raise LibraryError("This view of the library is over. Read in it inside its `with`, or open another.")
        return self._while_open

    def _end(self) -> None:
        self._while_open = None

    def search(self, query: str, k: int = 10, mode: str = "hybrid") -> list[Passage]:
        """The k passages nearest to the query, best first.

        Raises QuestionError for a mode that is not there, a k below 1, and a query that is empty, no text, or longer
        than the embedding model's window (but for the lexical mode, which has no limit).
        """
        checked_mode(mode)
        self._check_query(query, mode)
        if isinstance(k, bool) or not isinstance(k, Integral) or k < 1:
            raise QuestionError(f"Cannot find {k!r} passages; ask for 1 or more, a whole number.")
        k = min(int(k), MOST_PASSAGES)
        rankings = self._rankings(query, max(k, DEPTH), mode)
        places = self._snapshot.places({chunk_id for ranking in rankings for chunk_id, _ in ranking})
        ordered = [_ids(ranking, places) for ranking in rankings]
        scores = fuse(*ordered) if mode == "hybrid" else dict(_rounded(rankings[0]))
        best = _ids(list(scores.items()), places)[:k]
        return [Passage(self._snapshot.chunk(chunk_id), scores[chunk_id]) for chunk_id in best]

    def cited(self, passages: Iterable[Passage]) -> list[Citation]:
        """The place of each passage, quoted whole."""
        chunks = [passage.chunk for passage in passages]
        return [cite(self.document(chunk.document_id), chunk.start, chunk.end) for chunk in chunks]

    def location(self, document_id: str) -> str:
        """The absolute path of the file that a document was read from. Raises DocumentNotFound."""
        return self._snapshot.location(document_id)

    @property
    def generation(self) -> int:
        """How often the library was changed."""
        return self._snapshot.generation

    @property
    def promise(self) -> Promise | None:
        """What was promised of the answers at a threshold, if anything was."""
        stored = self._snapshot.promise
        try:
            return Promise(**stored) if stored else None
        except (TypeError, ValueError) as error:
            raise damaged(self._library._record.path, f"its promise cannot be read: {error}") from error

    @property
    def is_promise_behind(self) -> bool:
        """Whether the library changed, or was built again, since what was promised; False where that was not noted."""
        promised_at = self._snapshot.promised_at
        return promised_at is not None and promised_at < self.generation

    def entries(self) -> list[Entry]:
        """What the library holds, ordered by source."""
        return self._snapshot.entries()

    def document(self, document_id: str) -> Document:
        """The document with that id. Raises DocumentNotFound."""
        snapshot = self._snapshot
        if document_id not in self._documents:
            self._documents[document_id] = snapshot.document(document_id)
        return self._documents[document_id]

    def passages(self, document_id: str) -> list[Chunk]:
        """All chunks of a document, in the order of its text; none where there is no such document."""
        return self._snapshot.chunks_of(document_id)

    def _check_query(self, query: str, mode: str) -> None:
        if not isinstance(query, str) or not query.strip():
            raise QuestionError(f"The query {query!r} is empty or no text. Search for something.")
        check_characters(query)
        embedder = self._library.embedder
        if mode != "lexical" and (tokens := embedder.count_tokens(query)) > embedder.window:
            raise QuestionError(
                f"The query has {tokens} tokens, the embedding model takes {embedder.window}. "
                "Ask something shorter, or search with the mode lexical."
            )

    def _rankings(self, query: str, depth: int, mode: str) -> list[Ranking]:
        from concurrent.futures import ThreadPoolExecutor

        if mode == "lexical":
            with self.clock("lexical"):
                return [self._lexical(query, depth)]
        if mode == "dense":
            return [self._dense(self._vector(query), depth)]
        with ThreadPoolExecutor(1) as aside:  # the words are looked up while the query is embedded
            by_words = aside.submit(self._lexical, query, depth)
            vector = self._vector(query)
            with self.clock("lexical"):
                lexical = by_words.result()
        return [self._dense(vector, depth), lexical]

    def _vector(self, query: str) -> "Vectors":
        with self.clock("embed"):
            vector: Vectors = self._library.embedder.embed([query])[0]
            return vector

    def _dense(self, vector: "Vectors", depth: int) -> Ranking:
        with self.clock("dense"):
            return self._library._index.nearest(self._snapshot, vector, depth)

    def _lexical(self, query: str, depth: int) -> Ranking:
        words = query_words(query)
        return self._snapshot.matching(words, depth, CONTEXT_WEIGHT) if words else []


def _ids(ranking: Ranking, places: dict[int, tuple[str, int]]) -> list[int]:
    """Ids by score, equal scores by their place, so that the order does not hang on when a document was added.

    An id without a place was removed from this snapshot, or is not in it yet, and is left out.
    """
    there = [(chunk_id, score) for chunk_id, score in _rounded(ranking) if chunk_id in places]
    return [chunk_id for chunk_id, _ in sorted(there, key=lambda entry: (-entry[1], places[entry[0]]))]


def _rounded(ranking: Ranking) -> Ranking:
    return [(chunk_id, round(score, _SCORE_DIGITS)) for chunk_id, score in ranking]


def _pasted(folder: Path) -> str:
    """A folder as it is typed into this system's command line."""
    return subprocess.list2cmdline([str(folder)]) if os.name == "nt" else shlex.quote(str(folder))


def _stored_settings(record: Record) -> Settings:
    with record.reading() as snapshot:
        stored = snapshot.settings
    try:
        return Settings(**stored)
    except (TypeError, LibraryError) as error:
        raise damaged(record.path, f"its settings cannot be read: {error}") from error


def _is_gone(path: Path) -> bool:
    """Whether a file is not there any more; not so where its folder may not be looked into."""
    try:
        return not path.is_file()
    except OSError:
        return False
