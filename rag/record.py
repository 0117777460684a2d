"""The record of a library: documents, chunks, vectors and words in one SQLite file, one transaction a change.

Each change raises `generation` by one and draws a new `stamp`, so that what is derived from the record can tell
whether it still fits. Labels and the promise are no such change: nothing is derived from them.
"""

import hashlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, astuple, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import DocumentNotFound, LibraryBusy, LibraryDamaged, LibraryError
from .labels import Label, Verdict, question_key
from .values import Chunk, Document, Heading, Page

if TYPE_CHECKING:
    from .embedding import Vectors
    from .vectors import Ids

T = TypeVar("T")

FILE = "library.sqlite"
FORMAT = 1
BUSY_SECONDS = 60.0  # how long a writer waits for another; one document takes far less
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY, location TEXT NOT NULL UNIQUE, source TEXT NOT NULL, title TEXT NOT NULL,
    sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, added TEXT NOT NULL, metadata TEXT NOT NULL,
    pages TEXT NOT NULL, headings TEXT NOT NULL, body_start INTEGER NOT NULL, text TEXT NOT NULL
);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, embedded BLOB NOT NULL, vector BLOB NOT NULL
);
CREATE INDEX chunks_of_document ON chunks (document_id, start);
CREATE INDEX chunks_embedded ON chunks (embedded);
CREATE VIRTUAL TABLE words USING fts5 (context, body, tokenize = 'porter unicode61 remove_diacritics 2');
"""
_LABELS = """
CREATE TABLE IF NOT EXISTS labels (
    key TEXT PRIMARY KEY, question TEXT NOT NULL, verdict TEXT NOT NULL, document_id TEXT, sha256 TEXT,
    title TEXT NOT NULL, context TEXT NOT NULL, context_start INTEGER NOT NULL, start INTEGER, "end" INTEGER,
    at TEXT NOT NULL
)
"""  # made with the first label, in libraries of any age
_CHUNK = 'SELECT document_id, start, "end", body FROM chunks JOIN words ON words.rowid = chunks.id'


@dataclass(frozen=True, slots=True)
class Entry:
    """What a library holds of a document besides its text. `location` is the file's absolute path, `bytes` the
    file's size, `passages` the number of chunks, `added` when it was read, in ISO 8601 with UTC."""

    id: str
    title: str
    source: str
    location: str
    sha256: str
    bytes: int
    pages: int
    passages: int
    added: str
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A chunk on its way into the record: `embedded` is the hash of the texts that `vectors` (n, dimension) come of."""

    chunk: Chunk
    context: str
    embedded: bytes
    vectors: "Vectors"


class Record:
    """The SQLite file, with connections for reading that are kept and used again.

    Raises LibraryDamaged when the file is no record or is broken.
    """

    def __init__(self, folder: Path):
        self.path = folder.absolute() / FILE  # the same one, wherever the program goes
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = Lock()
        with explained(self.path):
            self._checked()

    @classmethod
    def create(cls, folder: Path, settings: dict[str, Any]) -> "Record":
        """A record without documents in `folder`, which is made when it is not there.

        When two processes do this at once, both get the one that was first.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"Cannot make a library in {str(folder)!r}: {error.strerror}. Name another folder."
            ) from error
        meta = {"format": str(FORMAT), "generation": "0", "stamp": _stamp(), "settings": json.dumps(settings)}
        with explained(folder / FILE), closing(_connect(folder / FILE)) as connection:
            _log_ahead(connection)
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    connection.execute(statement)
                connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            connection.execute("COMMIT")
        return cls(folder)

    @staticmethod
    def stands_in(folder: Path) -> bool:
        """Whether there is a record; a file in which nothing was ever committed is none. Raises LibraryDamaged."""
        try:
            if not (folder / FILE).is_file():
                return False
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise LibraryError(f"Cannot look into the folder {str(folder)!r}: {reason}. Name another.") from error
        with explained(folder / FILE), closing(_connect(folder / FILE)) as connection:
            return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None

    def close(self) -> None:
        """Close every idle connection; the record can still be used and opens new ones."""
        with self._idle_lock:
            while self._idle:
                self._idle.pop().close()

    @contextmanager
    def reading(self) -> Iterator["Snapshot"]:
        """One consistent state of the record, whatever is written meanwhile."""
        with explained(self.path), self._connection() as connection:
            connection.execute("BEGIN")
            try:
                yield Snapshot(connection, self.path.parent)
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator["Transaction"]:
        """A change: all of it is committed at the end, or nothing. Raises LibraryBusy."""
        with explained(self.path), self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                transaction = Transaction(connection, self.path.parent)
                yield transaction
                transaction.seal()
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _checked(self) -> None:
        with self._connection() as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                raise sqlite3.DatabaseError("it has no table of settings")
            found = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
            if found != (str(FORMAT),):
                raise sqlite3.DatabaseError(
                    f"its format is {found and found[0]}, this version of pincite reads {FORMAT}"
                )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._idle_lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or _connect(self.path)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if not _may_write(self.path):  # SQLite was perhaps told that nobody writes, which may not stay true
            connection.close()
            return
        with self._idle_lock:
            self._idle.append(connection)


class Snapshot:
    """One state of the record, for reading. What lies in its `folder` is stored relative to it, so that it may move."""

    def __init__(self, connection: sqlite3.Connection, folder: Path):
        self._connection = connection
        self._folder = Path(os.path.abspath(folder))  # noqa: PTH100 - as `locate` names the files in it
        meta = dict(connection.execute("SELECT key, value FROM meta"))
        try:
            self.generation = int(meta["generation"])
            self.stamp = meta["stamp"]
            self.settings: dict[str, Any] = json.loads(meta["settings"])
            self.promise: dict[str, Any] | None = json.loads(meta.get("promise", "null"))
            self.promised_at = int(meta["promised_at"]) if "promised_at" in meta else None  # the generation
            if not isinstance(self.settings, dict) or not isinstance(self.promise, dict | None):
                raise ValueError("no object")
        except (KeyError, ValueError) as error:
            raise sqlite3.DatabaseError(f"its settings cannot be read: {type(error).__name__}") from error

    def entries(self) -> list[Entry]:
        """All documents, by source."""
        rows = self._connection.execute(
            "SELECT id, title, source, location, sha256, bytes, pages,"
            " (SELECT count(*) FROM chunks WHERE document_id = documents.id), added, metadata"
            " FROM documents ORDER BY source, id"
        )
        return [
            Entry(
                document_id,
                title,
                source,
                str(self._folder / stored),
                sha256,
                size,
                len(_parsed(pages, _pages)),
                passages,
                added,
                _parsed(metadata, dict),
            )
            for document_id, title, source, stored, sha256, size, pages, passages, added, metadata in rows
        ]

    def document(self, document_id: str) -> Document:
        """The document with that id. Raises DocumentNotFound."""
        row = self._connection.execute(
            "SELECT title, source, sha256, text, pages, headings, metadata, body_start FROM documents WHERE id = ?",
            (document_id,),
        ).fetchone()
        if row is None:
            raise _not_found(document_id)
        title, source, sha256, text, pages, headings, metadata, body_start = row
        return Document(
            document_id,
            title,
            source,
            sha256,
            text,
            _parsed(pages, _pages),
            _parsed(headings, _headings),
            _parsed(metadata, dict),
            body_start,
        )

    def location(self, document_id: str) -> str:
        """The absolute path of the document's file. Raises DocumentNotFound."""
        row = self._connection.execute("SELECT location FROM documents WHERE id = ?", (document_id,)).fetchone()
        if row is None:
            raise _not_found(document_id)
        return str(self._folder / row[0])

    def sha256_at(self, location: str) -> str | None:
        """Hash of the file that was read at an absolute path."""
        row = self._connection.execute(
            "SELECT sha256 FROM documents WHERE location IN (?, ?)", (self._stored(location), location)
        ).fetchone()
        return row[0] if row else None

    def chunk_ids(self) -> "Ids":
        """Ids of all chunks, ascending."""
        import numpy as np

        return np.array([row[0] for row in self._connection.execute("SELECT id FROM chunks ORDER BY id")], np.int64)

    def vectors_after(self, chunk_id: int, dimension: int) -> "tuple[Ids, Vectors]":
        """Ids (n,), ascending, and vectors (n, dimension) of the chunks above an id, which is there for each vector.

        The id of a chunk is never used again for another.
        """
        import numpy as np

        rows = self._connection.execute(
            "SELECT id, vector FROM chunks WHERE id > ? ORDER BY id", (chunk_id,)
        ).fetchall()
        each = [len(row[1]) // (4 * dimension) for row in rows]  # one after the other in a blob
        if any(len(row[1]) != 4 * dimension * count for row, count in zip(rows, each, strict=True)):
            raise sqlite3.DatabaseError(f"it holds vectors that have not {dimension} dimensions")
        vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(-1, dimension)
        ids = np.repeat(np.array([row[0] for row in rows], np.int64), each)
        return ids, vectors.astype(np.float32, copy=False)

    def vectors_of_texts(self, embedded: Iterable[bytes]) -> "dict[bytes, Vectors]":
        """The vectors (n, dimension) that are there already, by the hash of the texts that were embedded."""
        import numpy as np

        query = "SELECT vector FROM chunks WHERE embedded = ? LIMIT 1"
        rows = ((key, self._connection.execute(query, (key,)).fetchone()) for key in embedded)
        shape = (-1, self.settings["dimension"])
        return {key: np.frombuffer(row[0], np.float32).reshape(shape) for key, row in rows if row}

    def places(self, ids: Iterable[int]) -> dict[int, tuple[str, int]]:
        """Source of the document and start of each chunk, by id; ids that are not there are left out."""
        rows = self._connection.execute(
            "SELECT chunks.id, source, start FROM json_each(?) CROSS JOIN chunks ON chunks.id = json_each.value"
            " CROSS JOIN documents ON documents.id = document_id",  # CROSS: to be joined in this order
            (json.dumps(list(ids)),),
        )
        return {chunk_id: (source, start) for chunk_id, source, start in rows}

    def chunk(self, chunk_id: int) -> Chunk:
        """The chunk with that id, which must be there."""
        row = self._connection.execute(f"{_CHUNK} WHERE chunks.id = ?", (chunk_id,)).fetchone()
        if row is None:
            raise sqlite3.DatabaseError(f"it has not the words of passage {chunk_id}")
        return Chunk(*row)

    def chunks_of(self, document_id: str) -> list[Chunk]:
        """The chunks of a document, in the order of its text."""
        rows = self._connection.execute(f"{_CHUNK} WHERE document_id = ? ORDER BY start", (document_id,))
        return [Chunk(*row) for row in rows]

    def matching(self, words: Sequence[str], k: int, context_weight: float) -> list[tuple[int, float]]:
        """Ids and BM25 scores, higher is better, of the k chunks that hold any of `words` best."""
        expression = " OR ".join(f'"{word}"' for word in words)
        query = "SELECT rowid, -bm25(words, ?, 1.0) AS score FROM words WHERE words MATCH ? ORDER BY score DESC LIMIT ?"
        return self._connection.execute(query, (context_weight, expression, k)).fetchall()

    def labels(self) -> list[Label]:
        """All labels, oldest first."""
        if not self._has_labels():
            return []
        rows = self._connection.execute(
            'SELECT question, verdict, document_id, sha256, title, context, context_start, start, "end", at'
            " FROM labels ORDER BY at, rowid"
        )
        return [Label(question, Verdict(verdict), *rest) for question, verdict, *rest in rows]

    def _stored(self, location: str) -> str:
        path = Path(location)
        return path.relative_to(self._folder).as_posix() if path.is_relative_to(self._folder) else location

    def _has_labels(self) -> bool:
        return self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'labels'").fetchone() is not None


class Transaction(Snapshot):
    """A change that is being made."""

    changed = False

    def put(self, document: Document, location: str, size: int, chunks: Iterable[Prepared]) -> None:
        """Store a document in the place of the one at that location, whose id it takes, if there is one."""
        document = replace(document, id=self._id_at(location) or self._unused(document.id))
        self.drop(document.id)
        self._connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                self._stored(location),
                document.source,
                document.title,
                document.sha256,
                size,
                datetime.now(UTC).isoformat(timespec="seconds"),
                json.dumps(document.metadata),
                json.dumps([list(asdict(page).values()) for page in document.pages]),
                json.dumps([list(asdict(heading).values()) for heading in document.headings]),
                document.body_start,
                document.text,
            ),
        )
        for item in chunks:
            cursor = self._connection.execute(
                "INSERT INTO chunks VALUES (NULL, ?, ?, ?, ?, ?)",
                (document.id, item.chunk.start, item.chunk.end, item.embedded, item.vectors.astype("<f4").tobytes()),
            )
            self._connection.execute(
                "INSERT INTO words (rowid, context, body) VALUES (?, ?, ?)",
                (cursor.lastrowid, item.context, item.chunk.text),
            )
        self.changed = True

    def _id_at(self, location: str) -> str | None:
        query = "SELECT id FROM documents WHERE location IN (?, ?)"
        row = self._connection.execute(query, (self._stored(location), location)).fetchone()
        return row[0] if row else None

    def _unused(self, document_id: str) -> str:
        """The id, or another where it is taken: in a copied library, by the file that was at that place once."""
        while self._connection.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone():
            document_id = hashlib.sha256(document_id.encode()).hexdigest()[: len(document_id)]
        return document_id

    def drop(self, document_id: str) -> None:
        """Remove a document with all that was made from it; nothing happens when it is not there."""
        ids = "SELECT id FROM chunks WHERE document_id = ?"
        self._connection.execute(f"DELETE FROM words WHERE rowid IN ({ids})", (document_id,))  # noqa: S608
        cursor = self._connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))
        self.changed = self.changed or cursor.rowcount > 0

    def settle(self, settings: dict[str, Any]) -> None:
        """Store the settings that the library is built with from now on; what was promised with others is forgotten."""
        update = "UPDATE meta SET value = ? WHERE key = 'settings' AND value != ?"
        if self._connection.execute(update, (json.dumps(settings), json.dumps(settings))).rowcount:
            self._connection.execute("DELETE FROM meta WHERE key IN ('promise', 'promised_at')")
        self.changed = True

    def promise_that(self, promise: dict[str, Any], generation: int) -> None:
        """Store what is promised of the answers at a threshold, and of which generation."""
        rows = [("promise", json.dumps(promise)), ("promised_at", str(generation))]
        self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def keep_label(self, label: Label) -> None:
        """Store a label in the place of the one of the same question, if there is one."""
        self._connection.execute(_LABELS)
        row = (question_key(label.question), *astuple(label))
        self._connection.execute("INSERT OR REPLACE INTO labels VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def drop_label(self, question: str) -> None:
        """Remove the label of a question; nothing happens when it has none."""
        if self._has_labels():
            self._connection.execute("DELETE FROM labels WHERE key = ?", (question_key(question),))

    def seal(self) -> None:
        """Count the generation up and draw a new stamp, if anything was changed."""
        if self.changed:
            update = "UPDATE meta SET value = ? WHERE key = ?"
            rows = [(str(self.generation + 1), "generation"), (_stamp(), "stamp")]
            self._connection.executemany(update, rows)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        name = getattr(error, "sqlite_errorname", None)  # Python's own errors have none: a text that is no UTF-8
        if name and name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise LibraryBusy(
                f"Another process has been writing to {str(path)!r} for {BUSY_SECONDS:.0f} seconds. "
                "Try again when it is done."
            ) from error
        if name and not name.startswith("SQLITE_ERROR"):  # such as a table that is not there
            raise LibraryError(
                f"{str(path)!r} cannot be read or written: {error}. See whether there is room, and whether you may."
            ) from error
        raise damaged(path, error) from error
    except sqlite3.IntegrityError as error:
        raise LibraryError(
            f"{str(path)!r} refused a change ({error}); nothing of it was stored. Try again; if it goes on, put back a "
            "copy, or remove the folder and run `pincite index` again."
        ) from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error


def _parsed(column: str, make: Callable[[Any], T]) -> T:
    """What was stored of a document as JSON, made into what it stands for."""
    try:
        return make(json.loads(column))
    except (ValueError, TypeError) as error:
        raise sqlite3.DatabaseError(f"what it holds of a document cannot be read: {error}") from error


def _pages(stored: Any) -> tuple[Page, ...]:
    return tuple(Page(*page) for page in stored)


def _headings(stored: Any) -> tuple[Heading, ...]:
    return tuple(Heading(*heading) for heading in stored)


def damaged(path: Path, error: Exception | str) -> LibraryDamaged:
    """The error that says so of a record."""
    return LibraryDamaged(
        f"{str(path)!r} is damaged or no library ({error}). "
        "Put back a copy, or remove the folder and run `pincite index` again."
    )


def _not_found(document_id: str) -> DocumentNotFound:
    return DocumentNotFound(f"No document has the id {document_id!r}. `pincite documents` lists them.")


def _connect(path: Path) -> sqlite3.Connection:
    if _may_write(path):
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection
    # Whoever may only read: SQLite can follow a writer's log where there is one, else nobody is writing.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    uri = f"{path.absolute().as_uri()}?{mode}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL. For this SQLite does not wait while another connection does the same, so it is tried again."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _may_write(path: Path) -> bool:
    return os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))


def _stamp() -> str:
    return secrets.token_hex(16)
