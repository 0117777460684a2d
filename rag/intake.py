"""Files on their way into a library: found in folders, read, cut, and embedded; what became of each is reported."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from .chunking import embedded_texts, split
from .errors import FileError
from .loading import SUFFIXES, locate
from .progress import Progress
from .record import Prepared
from .settings import Settings
from .structure import context
from .values import Chunk, Document

if TYPE_CHECKING:
    from .embedding import Embedder, Vectors

GROUP = 256  # passages that are embedded together, so that batches can be sorted by length


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

    @classmethod
    def total(cls, reports: "Iterable[Report]") -> "Report":
        """One report of all that is in several, in their order."""
        everything = list(reports)
        names = [field.name for field in fields(cls) if field.name != "passages_embedded"]
        joined = {name: tuple(chain.from_iterable(getattr(each, name) for each in everything)) for name in names}
        return cls(**joined, passages_embedded=sum(each.passages_embedded for each in everything))


@dataclass(frozen=True, slots=True)
class Reading:
    """A document that was read and cut. `size`: bytes of its file; `is_update`: it was known before."""

    document: Document
    location: str
    size: int
    is_update: bool
    chunks: list[Chunk]


class Intake:
    """Cuts documents and embeds their chunks by the settings of a library."""

    def __init__(self, embedder: "Embedder", settings: Settings):
        self._embedder = embedder
        self._settings = settings

    def cut(self, document: Document, location: str, size: int, *, is_update: bool) -> Reading:
        """The document with its chunks."""
        chunks = split(
            document,
            window=self._embedder.window,
            count_window_tokens=self._embedder.count_tokens,
            budget=self._settings.budget,
            overlap=self._settings.overlap,
            encoding=self._settings.encoding,
        )
        return Reading(document, location, size, is_update, chunks)

    def embed(
        self,
        readings: list[Reading],
        known_vectors: "Callable[[Iterable[bytes]], dict[bytes, Vectors]]",
        bar: Progress,
    ) -> tuple[list[list[Prepared]], int]:
        """The chunks of each reading with their vectors, and of how many they were made.

        Vectors that are known, by the hash of the texts that they were made from, are not made again.
        """
        texts: dict[bytes, list[str]] = {}
        keys: list[list[bytes]] = []
        share: dict[bytes, float] = {}  # of a file's bytes, to move the bar by
        for reading in readings:
            keys.append([])
            for chunk in reading.chunks:
                those = embedded_texts(reading.document, chunk, self._embedder.window, self._embedder.count_tokens)
                key = hashlib.sha256("\0".join(those).encode()).digest()[:16]
                keys[-1].append(key)
                texts[key] = those
                share[key] = share.get(key, 0) + reading.size / len(reading.chunks)
        vectors = known_vectors(texts)
        bar.advance(sum(share[key] for key in vectors))
        missing = [key for key in texts if key not in vectors]
        for first in range(0, len(missing), GROUP):
            group = missing[first : first + GROUP]
            vectors.update(zip(group, self._rows([texts[key] for key in group]), strict=True))
            bar.advance(sum(share[key] for key in group), passages=len(group))
        return [_prepared(r, its_keys, vectors) for r, its_keys in zip(readings, keys, strict=True)], len(missing)

    def _rows(self, passages: list[list[str]]) -> "Iterator[Vectors]":
        """The rows that each passage is found by, from its texts; one that several have is embedded once."""
        from .embedding import blended

        alone = {text: place for place, text in enumerate(dict.fromkeys(chain.from_iterable(passages)))}
        vectors = self._embedder.embed(list(alone))
        for texts in passages:
            yield blended(vectors[[alone[text] for text in texts]])


def _prepared(reading: Reading, keys: list[bytes], vectors: "dict[bytes, Vectors]") -> list[Prepared]:
    return [
        Prepared(chunk, context(reading.document, chunk.start), key, vectors[key])
        for chunk, key in zip(reading.chunks, keys, strict=True)
    ]


def files_in(paths: Iterable[str | Path]) -> tuple[list[Path], Report]:
    """Files to read, each once and in a fixed order; and a report of what in the folders is not among them.

    Skipped are files of no known kind and links to folders; failed are folders that may not be entered. What is
    hidden (a name that begins with a dot) is left out. Raises FileError for a path that is not there, or is empty.
    """
    files: dict[Path, Path] = {}
    skipped: list[str] = []
    failed: list[Failure] = []
    for path in map(given, paths):
        if not locate(path).is_dir():
            files.setdefault(locate(path), path)
            continue
        for file in _walk(path, failed):
            if file.suffix.lower() in SUFFIXES and not os.path.isdir(file):  # noqa: PTH112 - may not be allowed to see
                files.setdefault(Path(os.path.abspath(file)), file)  # noqa: PTH100 - as `locate`, but a name may be odd
            else:
                skipped.append(str(file))
    return list(files.values()), Report(skipped=tuple(skipped), failed=tuple(failed))


def given(path: str | Path) -> Path:
    """The path as a `Path`. Raises FileError for an empty one, which would become the current folder."""
    if not str(path):
        raise FileError(path, "the path is empty; write '.' for the current folder")
    return Path(path)


def _walk(folder: Path, failed: list[Failure]) -> Iterator[Path]:
    """Files below a folder, and links to folders, which are not followed."""

    def fail(error: OSError) -> None:
        failed.append(Failure(str(error.filename), error.strerror or str(error)))

    for parent, folders, names in os.walk(folder, onerror=fail):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted([*names, *links]) if not name.startswith("."))


def size_of(path: Path) -> int:
    """Bytes of a file; 0 when it cannot be told."""
    with suppress(OSError):
        return path.stat().st_size
    return 0
