"""The record of a run: what was asked of what, every question, every figure.

The same commit, library and set give the same bytes; how long it took stands apart (`costs.py`).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.assistant import Assistant
from rag.errors import EvaluationError

from .figures import by_tag, figures
from .intervals import Figure
from .rows import Row

FILE = "record.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Record:
    """A run. `about` says what was asked of what: the set, the library and the reader, each with its hash."""

    about: dict[str, Any]
    figures: dict[str, Figure]
    tags: dict[str, dict[str, Figure]]
    rows: tuple[Row, ...]

    def to_json(self) -> str:
        """The record as JSON, ending in a line break."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1) + "\n"


def record_of(rows: Sequence[Row], about: dict[str, Any]) -> Record:
    """The record of a run."""
    return Record(about, figures(rows), by_tag(rows), tuple(rows))


def about(assistant: Assistant, questions: Path, k: int | None = None) -> dict[str, Any]:
    """What is asked of what; `k` passages are read, the assistant's own number when None."""
    entries = assistant.library.documents()
    documents = "\n".join(sorted(entry.sha256 for entry in entries))
    with assistant.library.view() as view:
        threshold = assistant.threshold_in(view)
    return {
        "set": {"name": questions.name, "sha256": _sha256(questions)},
        "library": {
            "documents": len(entries),
            "passages": sum(entry.passages for entry in entries),
            "sha256": hashlib.sha256(documents.encode()).hexdigest(),
            "settings": {k: v for k, v in asdict(assistant.library.settings).items() if k != "model"},
        },
        "reader": {"sha256": assistant.reader.sha256, "passages": k or assistant.passages, "threshold": threshold},
    }


def read_record(path: Path) -> Record:
    """A record from its file, or from the folder that it stands in. Raises EvaluationError for what is none."""
    path = path / FILE if path.is_dir() else path
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise EvaluationError(f"{str(path)!r} has the format {found['format']}, not {FORMAT}. Make it again.")
        return Record(
            found["about"],
            _figures(found["figures"]),
            {tag: _figures(figures) for tag, figures in found["tags"].items()},
            tuple(_row(row) for row in found["rows"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvaluationError(
            f"{str(path)!r} is no record of a run ({type(error).__name__}: {error}). "
            "`pincite eval SET --out FOLDER` writes one."
        ) from error


def _row(found: dict[str, Any]) -> Row:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return Row(**fields)


def _figures(found: dict[str, Any]) -> dict[str, Figure]:
    return {name: Figure(**figure) for name, figure in found.items()}


def _sha256(path: Path) -> str:
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()
