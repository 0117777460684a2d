"""Files to documents: what a file is, is told by its content; its name decides only among kinds of text."""

import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

from ..errors import FileError
from ..values import Document
from .decoding import NotText
from .docx import read_docx
from .extracted import Extracted, Unreadable
from .html import read_html
from .markdown import read_markdown
from .pdf import read_pdf
from .textfile import read_text

EXTRACTION_VERSION = 4  # rises with every change that can move an offset in a file read before
MAX_FILE_BYTES = 100_000_000  # a book is a few megabytes; what is larger is seldom meant to be read
_READERS: dict[str, Callable[[bytes], Extracted]] = {
    "text": read_text,
    "markdown": read_markdown,
    "html": read_html,
    "pdf": read_pdf,
    "docx": read_docx,
}
_TEXT_KINDS = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".xhtml": "html"}
SUFFIXES = frozenset({".txt", ".text", ".pdf", ".docx", *_TEXT_KINDS})  # what is taken from a folder
_PDF_WITHIN = 1024  # bytes: readers of PDF look this far for the first line
_HTML_STARTS = (b"<!doctype html", b"<html")


def document_id(location: Path) -> str:
    """The id of the document at an absolute path: 16 hexadecimal digits, the same wherever the library stands."""
    return hashlib.sha256(location.as_posix().encode("utf-8", "surrogatepass")).hexdigest()[:16]


def load(path: str | Path, *, max_bytes: int = MAX_FILE_BYTES) -> Document:
    """The document in a file; its source is the path as given.

    Raises FileError with the reason when there is no such file or it cannot be read.
    """
    return parse(read_bytes(path, max_bytes=max_bytes), path)


def locate(path: str | Path) -> Path:
    """The absolute path of a file or folder, links left as they are. Raises FileError when there is none."""
    try:
        location = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
        str(location).encode()
        location.stat()
    except UnicodeEncodeError as error:
        raise FileError(path, "its name, or that of its folder, is no valid text; rename it") from error
    except (OSError, ValueError) as error:
        raise FileError(path, getattr(error, "strerror", None) or str(error)) from error
    return location


def read_bytes(path: str | Path, *, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """What is in a file. Raises FileError when it is not there, empty, or larger than `max_bytes`."""
    location = locate(path)
    try:
        size = location.stat().st_size
        if size > max_bytes:
            raise FileError(path, f"it has {size:,} bytes, more than the limit of {max_bytes:,}")
        if not size:
            raise FileError(path, "it is empty")
        return location.read_bytes()
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error


def parse(data: bytes, path: str | Path) -> Document:
    """The document in the bytes of the file at `path`. Raises FileError with the reason when they cannot be read."""
    path, location = Path(path), locate(path)
    try:
        extracted = _READERS[_kind(data, path.suffix.lower())](data)
        _check_characters(extracted)
    except (NotText, Unreadable) as error:
        raise FileError(path, str(error)) from error
    except UnicodeEncodeError as error:
        raise FileError(path, "it holds half of a surrogate pair, which is no character") from error
    except Exception as error:  # a broken file can break a parser in more ways than can be named; the rest must go on
        raise FileError(path, f"its content broke the parser ({type(error).__name__}: {error})") from error
    if not extracted.text[extracted.body_start :].strip():
        raise FileError(path, "it holds no text")
    return Document(
        id=document_id(location),
        title=" ".join((extracted.title or "").split()) or path.stem,
        source=str(path),
        sha256=hashlib.sha256(data).hexdigest(),
        text=extracted.text,
        pages=extracted.pages,
        headings=extracted.headings,
        metadata=extracted.metadata,
        body_start=extracted.body_start,
    )


def _check_characters(extracted: Extracted) -> None:
    for text in (extracted.text, extracted.title or "", *extracted.metadata, *extracted.metadata.values()):
        text.encode()


def _kind(data: bytes, suffix: str) -> str:
    if data.lstrip().startswith(b"%PDF-") or (suffix == ".pdf" and b"%PDF-" in data[:_PDF_WITHIN]):
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _zip_kind(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("it is an old or an encrypted Office file; save it as .docx without a password")
    if suffix in (".pdf", ".docx"):
        raise Unreadable(f"its name says {suffix[1:]}, its content does not")
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower().startswith(_HTML_STARTS):
        return "html"
    return _TEXT_KINDS.get(suffix, "text")


def _zip_kind(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if "word/document.xml" in archive.namelist():
                return "docx"
    except zipfile.BadZipFile as error:
        raise Unreadable(f"it is a broken zip archive or Office file ({error})") from error
    raise Unreadable("it is a zip archive or an Office file, but no Word document")
