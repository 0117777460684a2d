"""The values that flow from a file to a cited answer, with nothing in them but data.

Every `start` and `end` counts characters (Unicode code points) of one document's `text`, half open:
`text[start:end]` is what the value speaks of.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Page:
    """A page as printed (`number` from 1) and the span of text that stands on it."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, the span of its line or lines, and its level: 1 is the highest, 6 the lowest."""

    level: int
    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """One file as it was read. `sha256` is that of the file's bytes; `text` is what every offset counts in.

    `body_start` is where the text proper begins: before it stands front matter, which is kept (so that offsets in
    a text file are offsets in that file) but never quoted. `metadata` holds what the file says of itself (date,
    language, author) as strings.
    """

    id: str
    title: str
    source: str
    sha256: str
    text: str
    pages: tuple[Page, ...] = ()
    headings: tuple[Heading, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    body_start: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a document that is found and read as one: `document.text[start:end] == text`, always."""

    document_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was retrieved. `score` orders the passages of one search, higher first, and means nothing else."""

    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote and where it stands: `document.text[start:end] == quote`, always.

    `page` counts from 1 and is None where the format has no pages. `date` is the document's own, where it names one.
    `heading` is the path of headings above the quote, outermost first. `sentence` is the sentence (or sentences)
    around the quote, which begins in it at `start - sentence_start`.
    """

    document_id: str
    title: str
    source: str
    sha256: str
    date: str | None
    page: int | None
    heading: tuple[str, ...]
    start: int
    end: int
    quote: str
    sentence: str
    sentence_start: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another answer that would have been given had the best one not been there, and is at least half as sure."""

    text: str
    confidence: float
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """An answer that documents give, and every place where it stands, however it is written there.

    `text` is how the first citation writes it, `normalized` what all of them stand for.
    """

    text: str
    normalized: str
    confidence: float
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of a conversation and the text of its answer, "" where there was none."""

    question: str
    answer: str


class Stage(StrEnum):
    """What is being done for a question."""

    FINDING = "finding passages"
    READING = "reading them"


class Refusal(StrEnum):
    """Why a question got no answer. An error is never one of these: it is raised."""

    NOTHING_RETRIEVED = "nothing was retrieved"
    NO_ANSWER = "no passage holds an answer"
    BELOW_THRESHOLD = "the best answer is below the threshold"


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds spent on one question: `rest` is what the four named stages leave of `total`.

    Words are looked up while the question is embedded; `lexical` is how much longer that took.
    """

    embed: float
    dense: float
    lexical: float
    read: float
    rest: float
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the documents say to a question: the words and every place, or a refusal with its reason.

    `text` is the quote of the first citation, or "" when refused. `confidence` runs from 0 to 1; of a refused
    answer it is that of the best candidate. `nearest` holds the passages closest to a refused question, each quoted
    whole, to look at; they do not support an answer. `read_as` is what a follow-up question was taken to mean, None
    where it was read as it was typed. `timings` do not count when answers are compared.
    """

    question: str
    text: str
    confidence: float
    citations: tuple[Citation, ...]
    alternatives: tuple[Alternative, ...]
    refusal: Refusal | None
    nearest: tuple[Citation, ...]
    read_as: str | None
    timings: Timings = field(compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The answer as dictionaries, tuples, strings, numbers and None, ready for `json.dumps`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class EveryAnswer:
    """All distinct answers that the documents give to a question, surest first, or a refusal with its reason.

    `disagree`: two documents answer, and share no value. The others as in `Answer`.
    """

    question: str
    values: tuple[Value, ...]
    disagree: bool
    refusal: Refusal | None
    nearest: tuple[Citation, ...]
    read_as: str | None
    timings: Timings = field(compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The answers as dictionaries, tuples, strings, numbers and None, ready for `json.dumps`."""
        return asdict(self)
