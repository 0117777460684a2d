"""Pincite: answers from your documents in their own words, each with the exact place where it stands.

from rag import Assistant, Library

with Library.open("my-library") as library:
    library.add("papers/")
    answer = Assistant(library).ask("Who founded the laboratory?")
"""

from pathlib import Path as _Path

from .assistant import Assistant
from .errors import PinciteError
from .intake import Failure, Report
from .labels import Label, Verdict
from .library import Library
from .record import Entry
from .settings import Cutting
from .values import (
    Alternative,
    Answer,
    Chunk,
    Citation,
    Document,
    EveryAnswer,
    Heading,
    Page,
    Passage,
    Refusal,
    Stage,
    Timings,
    Turn,
    Value,
)

__all__ = [
    "Alternative",
    "Answer",
    "Assistant",
    "Chunk",
    "Citation",
    "Cutting",
    "Document",
    "Entry",
    "EveryAnswer",
    "Failure",
    "Heading",
    "Label",
    "Library",
    "Page",
    "Passage",
    "PinciteError",
    "Refusal",
    "Report",
    "Stage",
    "Timings",
    "Turn",
    "Value",
    "Verdict",
]

# In a checkout the programs stand beside this folder; in a wheel they lie inside it.
_checkout = _Path(__file__).resolve().parent.parent
if (_checkout / "pyproject.toml").is_file():
    __path__.append(str(_checkout))
