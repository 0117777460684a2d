"""Files that people give to the library: kept in its own folder, under names that cannot lead out of it."""

import hashlib
import os
import re
import shutil
import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

from rag.errors import DocumentNotFound, FileError, LibraryError, files_of
from rag.library import Library
from rag.loading import SUFFIXES
from rag.record import Entry

FOLDER = "uploads"
ARRIVING = ".arriving"  # inside of it, what the page is given before it is read in; hidden, or `sync` would read it too
SECONDS_TO_ARRIVE = 24 * 60 * 60  # after which it is read in no more; many large files wait for hours
MEGABYTE = 1_000_000
MOST_FILES = 50  # of one upload
_LONGEST_NAME = 120  # bytes of a name before its suffix; file systems take 255
_LOCKS: dict[Path, Lock] = {}  # by folder: a file that is being read in must not be given, or taken away, once more
_LOCKS_LOCK = Lock()
_NOT_STORED = "See whether there is room on that disk, and whether the server may write there; then send it again."
_SIGNS = frozenset("_.-() ")
_DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9]) *(\.|$)", re.IGNORECASE)  # no files to Windows


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken: files of so many megabytes, as long as the library holds fewer than so many documents.

    Once `closing` is set, nothing more is: the server is being stopped.
    """

    megabytes: int = 50
    documents: int = 10_000
    closing: Event = field(default_factory=Event, compare=False, repr=False)

    @property
    def bytes(self) -> int:
        """The size of the largest file."""
        return self.megabytes * MEGABYTE

    def check_open(self) -> None:
        """Raises LibraryError once the server is being stopped."""
        if self.closing.is_set():
            raise LibraryError("The server is being stopped. Try again later.")


def keep(
    library: Library, name: str, data: bytes, limits: Limits, progress: Callable[[float], object] | None = None
) -> Entry:
    """Store a file in the library's folder, read it in, and return what the library now holds.

    A file that cannot be read is not kept. `progress` is told the share that is done, from 0 to 1. Raises FileError
    where the file is too large or of no known kind, and LibraryError where it cannot be stored or the server stops.
    """

    def going_on(share: float) -> None:
        limits.check_open()
        if progress:
            progress(share)

    safe = safe_name(name)
    limits.check_open()
    if len(data) > limits.bytes:
        raise FileError(safe, f"it is larger than the {limits.megabytes:,} MB that are taken")
    if len(library.documents()) >= limits.documents:
        raise FileError(safe, f"the library holds {limits.documents:,} documents, and no more are taken; remove some")
    if Path(safe).suffix.lower() not in SUFFIXES:
        raise FileError(safe, f"it is of no kind that is read; there are: {', '.join(sorted(SUFFIXES))}")
    folder = library.folder / FOLDER / hashlib.sha256(data).hexdigest()[:16]
    path = folder / safe
    with _lock_of(path):
        is_new = _write(path, data)
        try:
            report = library.add(path, relative_to=folder, progress=going_on)
        except BaseException:
            if is_new:
                _discard(path)
            raise
        if report.failed:
            _discard(path)
            raise FileError(safe, report.failed[0].reason)
        return _entry_at(library, path)


def drop(library: Library, id_or_source: str) -> Entry:
    """Remove a document, named as in `Library.remove`, and its file where that was given by upload.

    A file that was given once more meanwhile stays. Raises DocumentNotFound.
    """
    entry = library.remove(id_or_source)
    path = Path(entry.location)
    if path.is_relative_to(_absolute(library.folder / FOLDER)):
        with _lock_of(path):
            if all(other.location != entry.location for other in library.documents()):
                _discard(path)
    return entry


def arriving(library_folder: Path) -> Path:
    """The folder for what is given to the page, until it is read in."""
    return library_folder / FOLDER / ARRIVING


def clear_arriving(library_folder: Path) -> None:
    """Delete what has not been read in for a day, as after a kill. What is younger another server may still read in."""
    for path in arriving(library_folder).glob("*"):
        with suppress(OSError):
            if path.stat().st_mtime > time.time() - SECONDS_TO_ARRIVE:
                continue
            if path.is_dir():  # Gradio makes one for each file
                shutil.rmtree(path)
            else:
                path.unlink()


def _write(path: Path, data: bytes) -> bool:
    """Whether a file is new; it is there now. Raises LibraryError where it cannot be, and leaves nothing of it."""
    with files_of(LibraryError, f"store {path.name!r} in {str(path.parent)!r}", _NOT_STORED):
        is_new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_new or path.read_bytes() != data:  # cut short by a kill
            try:
                path.write_bytes(data)
            except OSError:
                _discard(path)
                raise
    return is_new


def _entry_at(library: Library, path: Path) -> Entry:
    location = str(_absolute(path))
    for entry in library.documents():
        if entry.location == location:
            return entry
    raise DocumentNotFound(f"{path.name!r} was removed as soon as it was read in. Send it again to have it back.")


def _discard(path: Path) -> None:
    """Delete a file that was given, and its folder where that holds no other."""
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()


def _lock_of(path: Path) -> Lock:
    with _LOCKS_LOCK:
        return _LOCKS.setdefault(_absolute(path.parent), Lock())


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - as `locate`, but it may not be there


def safe_name(name: str) -> str:
    """The last part of a name, without what could lead elsewhere or hide what it is."""
    last = unicodedata.normalize("NFKC", name).replace("\\", "/").rsplit("/", 1)[-1]
    plain = re.sub("/+", "_", "".join(sign if _is_safe(sign) else "/" for sign in last)).strip().rstrip(".")
    if _DEVICE.match(plain):
        plain = f"_{plain}"
    stem, dot, suffix = plain.rpartition(".")
    return f"{_cut(stem or 'file')}{dot}{_cut(suffix)}" if dot else _cut(plain or "file")


def _is_safe(sign: str) -> bool:
    """Whether a character may stand in a name: letters, with the marks that many writings put on them, and digits."""
    return sign in _SIGNS or unicodedata.category(sign)[0] in "LMN"


def _cut(name: str) -> str:
    return name.encode()[:_LONGEST_NAME].decode(errors="ignore")
