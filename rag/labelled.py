"""Labelled questions: files in the JSON of SQuAD 1.1 and 2.0 (Rajpurkar et al. 2016, 2018), plain or gzip.

Beside them, lines of JSON that ask about paragraphs of such files without repeating them:
`{"paragraph": "first 16 digits of the sha256 of its text", "question": "…", "answers": [[start, end], …]}`.
With `"wants": "every"` (or "every span") all answers together are the answer; otherwise any one of them is. With
`"history": [{"question", "answer"}]` the question leans on earlier turns, and is put as it is asked after them.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .errors import DataError, QuestionError, half_pair
from .followups import continued
from .loading.decoding import normalize_line_ends
from .reading.extractive import check_length
from .values import Turn

Spans = tuple[tuple[int, int], ...]

_EVERY = ("every", "every span")
_HASH = 16
_SHAPE = (
    'It must hold {"data": [{"title", "paragraphs": [{"context", "qas": [{"id", "question", "answers": '
    '[{"text", "answer_start"}]}]}]}]}.'
)


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """`spans` count characters of the paragraph's text, half open; none: the paragraph does not answer.

    Any one of them is right, or all together when `every` is set.
    """

    id: str
    text: str
    spans: Spans
    every: bool = False


@dataclass(frozen=True, slots=True)
class LabelledParagraph:
    """A text with questions; `file` is the name of the file, without suffixes, that it comes from."""

    file: str
    article: str
    text: str
    questions: tuple[LabelledQuestion, ...]

    def answers(self, question: LabelledQuestion) -> list[str]:
        """The texts of the spans of one of its questions."""
        return [self.text[start:end] for start, end in question.spans]


@dataclass(frozen=True, slots=True)
class Fault:
    """A question that cannot be used, and why."""

    file: str
    question: str
    reason: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a number of files hold. `sha256` has the hash of each file by its path."""

    paragraphs: tuple[LabelledParagraph, ...]
    faults: tuple[Fault, ...]
    sha256: dict[str, str]

    @property
    def questions(self) -> int:
        """How many questions can be used."""
        return sum(len(paragraph.questions) for paragraph in self.paragraphs)


def read_labelled(paths: Iterable[str | Path]) -> Labelled:
    """All questions of the files. Questions that cannot be used are among the faults.

    Raises DataError for a file that cannot be read or has another shape, and when no question is left.
    """
    paragraphs: list[LabelledParagraph] = []
    faults: list[Fault] = []
    sha256: dict[str, str] = {}
    asides: list[Path] = []
    for path in map(Path, paths):
        data = _bytes(path)
        sha256[str(path)] = hashlib.sha256(data).hexdigest()
        if ".jsonl" in path.suffixes:
            asides.append(path)
        else:
            paragraphs.extend(_paragraphs(_parsed(data, path), path, faults))
    for path in asides:
        _ask_more(path, paragraphs, faults)
    labelled = Labelled(tuple(paragraphs), tuple(faults), sha256)
    if not labelled.questions:
        first = f" The first fault: {faults[0].question}: {faults[0].reason}." if faults else ""
        raise DataError(f"There is no question to use in {', '.join(sha256) or 'no files'}.{first}")
    return labelled


def hold_out(paragraphs: Sequence[LabelledParagraph], part: float, seed: int) -> tuple[list[LabelledParagraph], ...]:
    """The paragraphs to train on, and about a `part` of them held out. An article is never on both sides."""
    kept: list[LabelledParagraph] = []
    held: list[LabelledParagraph] = []
    for paragraph in paragraphs:
        digest = hashlib.sha256(f"{seed}:{paragraph.file}:{paragraph.article}".encode()).digest()
        (held if int.from_bytes(digest[:4]) < part * 2**32 else kept).append(paragraph)
    return kept, held


def paragraph_hash(text: str) -> str:
    """The name of a paragraph in a file of further questions."""
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH]


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"Cannot read the questions in {str(path)!r}: {error}. Give another file.") from error


def read_json(path: Path) -> Any:
    """What a file of JSON holds, plain or gzip. Raises DataError."""
    return _parsed(_bytes(path), path)


def _parsed(data: bytes, path: Path) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise DataError(f"{str(path)!r} is no JSON ({error}). {_SHAPE}") from error


def _name(path: Path) -> str:
    return path.name.split(".")[0]


def _paragraphs(found: Any, path: Path, faults: list[Fault]) -> Iterator[LabelledParagraph]:
    try:
        for number, article in enumerate(found["data"]):
            for paragraph in article["paragraphs"]:
                text = paragraph["context"]
                asked = [_checked(entry, text, str(path), faults) for entry in paragraph["qas"]]
                questions = tuple(_as_loaded(question, text) for question in asked if question)
                title = str(article.get("title", number))
                if not half_pair(text):
                    yield LabelledParagraph(_name(path), title, normalize_line_ends(text), questions)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{str(path)!r} has another shape ({type(error).__name__}: {error}). {_SHAPE}") from error


def _as_loaded(question: LabelledQuestion, text: str) -> LabelledQuestion:
    """The question with its places counted in the text as a file of it would be read: one character a line end."""
    if "\r" not in text:
        return question
    places = (tuple(len(normalize_line_ends(text[:place])) for place in span) for span in question.spans)
    return replace(question, spans=tuple((start, end) for start, end in places))


def _checked(entry: Any, text: str, file: str, faults: list[Fault]) -> LabelledQuestion | None:
    """The question, if it has the right shape."""
    try:
        return _question(entry, text, file, faults)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        name = str(entry.get("id", "without an id")) if isinstance(entry, dict) else "without an id"
        faults.append(Fault(file, name, f"it has another shape ({type(error).__name__}: {error})"))
        return None


def _question(entry: dict[str, Any], text: str, file: str, faults: list[Fault]) -> LabelledQuestion | None:
    name, asked = str(entry["id"]), entry["question"]
    answers = [] if entry.get("is_impossible") else entry.get("answers", [])
    spans = []
    for answer in answers:
        start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
        if start < 0 or not answer["text"] or text[start:end] != answer["text"]:
            there = text[max(0, start) : max(0, end)]
            faults.append(Fault(file, name, f"answer {answer['text']!r} is not at {start}, where {there!r} stands"))
        else:
            spans.append((start, end))
    unusable = _unusable(asked, text)
    if unusable:
        faults.append(Fault(file, name, unusable))
        return None
    if answers and (not spans or (wants_every(entry) and len(spans) < len(answers))):
        return None
    if not answers and not entry.get("is_impossible") and "is_impossible" in entry:
        faults.append(Fault(file, name, "it has no answer and is not marked as impossible"))
        return None
    return LabelledQuestion(name, asked, tuple(spans), wants_every(entry))


def wants_every(entry: dict[str, Any]) -> bool:
    """Whether all answers of a question together are wanted. Raises ValueError where something unknown is."""
    wants = entry.get("wants")
    if wants is None:
        return False
    if not isinstance(wants, str) or wants.casefold() not in _EVERY:
        raise ValueError(f'it wants {wants!r}; write "every", or leave `wants` out')
    return True


def _unusable(asked: str, text: str) -> str | None:
    """Why a question cannot be put to a paragraph, if so."""
    if not asked.strip():
        return "the question is empty"
    if half_pair(asked + text):
        return "the question or its paragraph holds half of a surrogate pair, which is no character"
    try:
        check_length(asked)
    except QuestionError as error:
        return str(error)
    return None


def _ask_more(path: Path, paragraphs: list[LabelledParagraph], faults: list[Fault]) -> None:
    """Adds the questions in lines of JSON to the paragraphs that they name; other paragraphs' are left out."""
    places = {paragraph_hash(paragraph.text): index for index, paragraph in enumerate(paragraphs)}
    try:
        lines = _bytes(path).decode().split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{str(path)!r} is no text in UTF-8 ({error}).") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name = f"{path.name}:{number}"
        try:
            entry = json.loads(line)
            place = places.get(entry["paragraph"], -1)
            if place < 0:
                continue
            paragraph, spans = paragraphs[place], tuple((int(a), int(b)) for a, b in entry["answers"])
            turns = [Turn(turn["question"], turn["answer"]) for turn in entry.get("history", ())]
            text = continued(entry["question"], turns) if turns else entry["question"]
            question = LabelledQuestion(name, text, spans, wants_every(entry))
            unusable = _unusable(text, paragraph.text)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            unusable = f"the line has another shape ({type(error).__name__}: {error})"
        else:
            if not all(0 <= start < end <= len(paragraph.text) for start, end in spans):
                unusable = f"an answer of {spans} is not inside the paragraph"
        if unusable:
            faults.append(Fault(str(path), name, unusable))
        else:
            paragraphs[place] = replace(paragraph, questions=(*paragraph.questions, question))
