"""What can go wrong, each with what happened, what was expected, and what to do next.

PinciteError
├── QuestionError          a question that cannot be asked: empty, or too long
├── FileError              a file that cannot be read; `path` and `reason`
├── LibraryError           a library that cannot be used as asked
│   ├── LibraryNotFound
│   ├── LibraryDamaged
│   ├── LibraryBusy        another process is writing
│   ├── SettingsMismatch   built with other settings than it is opened with
│   └── DocumentNotFound
├── ModelError             a model that is missing or is not the one it should be
├── EncodingError          a token encoding that cannot be had
├── DataError              labelled questions that cannot be used
├── CalibrationError       a risk that cannot be promised with the labels at hand
└── EvaluationError        a question set that cannot be measured
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class PinciteError(Exception):
    """The root of every error that Pincite raises on purpose."""


class QuestionError(PinciteError):
    """A question that cannot be asked."""


class FileError(PinciteError):
    """A file that cannot be read into a document."""

    def __init__(self, path: str | Path, reason: str):
        super().__init__(f"Cannot read {str(path)!r}: {reason}")
        self.path = Path(path)
        self.reason = reason


class LibraryError(PinciteError):
    """A library that cannot be used as asked."""


class LibraryNotFound(LibraryError):
    """There is no library in the folder."""


class LibraryDamaged(LibraryError):
    """The folder's record is not one that Pincite wrote, or it is broken."""


class LibraryBusy(LibraryError):
    """Another process has been writing to the library for longer than we wait."""


class SettingsMismatch(LibraryError):
    """The library was built with other settings than it is opened with."""


class DocumentNotFound(LibraryError):
    """No document of the library has that id or source, or more than one has."""


class ModelError(PinciteError):
    """A model that is missing, is not the one it should be, or may not run in this process."""


class EncodingError(PinciteError):
    """A token encoding that cannot be had."""


class DataError(PinciteError):
    """Labelled questions that cannot be used."""


class CalibrationError(PinciteError):
    """A risk that cannot be promised with the labels at hand."""


class EvaluationError(PinciteError):
    """A question set that cannot be measured."""


@contextmanager
def files_of(kind: type[PinciteError], doing: str, advice: str) -> Iterator[None]:
    """What the system says of a file, or its not being UTF-8, as an error of ours: "Cannot `doing`: why. `advice`"."""
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise kind(f"Cannot {doing}: {getattr(error, 'strerror', None) or error}. {advice}") from error


def check_characters(question: str) -> None:
    """Raises QuestionError for half of a surrogate pair, which no model and no file takes."""
    if half_pair(question):
        raise QuestionError(f"{question!r} holds half of a surrogate pair, which is no character. Leave it out.")


def half_pair(text: str) -> bool:
    """Whether a text holds half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
