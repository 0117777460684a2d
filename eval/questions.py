"""Question sets: our own lines of JSON, SQuAD's JSON, and what `pincite labels export` writes, which is SQuAD's.

A line of ours reads `{"id", "question", "answers": [{"text", "start", "document"}], "document", "wants", "history",
"tags"}`; all but the question and its answers may be left out. Several answers are alternatives, any of which is right;
with `"wants": "every"`, or "every span" as in SQuAD's JSON, all together are the answer; none means that the documents
do not answer. `start` counts characters in the text of the answer's `document`, a file name or the source that
`pincite documents` prints; without it the answer is looked for there. `history` holds earlier turns, `[{"question",
"answer"}]`, that the question leans on.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.errors import DataError, EvaluationError, files_of, half_pair
from rag.labelled import Labelled, read_json, read_labelled, wants_every
from rag.labels import WRONG_LEFT_OUT
from rag.values import Turn

ALONE = "alone"  # the tag of a question that stands alone, whatever was said before
_EXAMPLE = (
    'A line reads {"id": "1", "question": "Who?", "answers": [{"text": "Ada", "start": 12, "document": "a.md"}]}.'
)
_KEYS = ("id", "question", "answers", "document", "wants", "history", "tags")
_HALF = "half of a surrogate pair, which is no character"

TextOf = Callable[[str], str | None]
Find = Callable[[str, str], int]


@dataclass(frozen=True, slots=True)
class Gold:
    """A right answer: its text, and where it starts in which document, as far as the set says so."""

    text: str
    start: int | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its gold answers: any of them is right, or all together when `every` is set.

    Where `documents` are named, these are what is to be found, and nothing is known of the answer.
    """

    id: str
    question: str
    answers: tuple[Gold, ...]
    every: bool = False
    history: tuple[Turn, ...] = ()
    tags: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()

    @property
    def gold(self) -> list[str]:
        """The texts of the right answers."""
        return [answer.text for answer in self.answers]


def read_questions(path: Path) -> list[Question]:
    """The questions of a set. Raises EvaluationError, naming file and line, for what is none, and for an empty set."""
    if path.suffix == ".jsonl":
        questions = list(_lines(path))
    else:
        try:
            labelled = read_labelled([path])
        except DataError as error:
            raise EvaluationError(f"{error} A file with lines of JSON must be named .jsonl.") from error
        if faults := labelled.faults:
            raise EvaluationError(
                f"{len(faults):,} questions of {str(path)!r} cannot be used. The first: {faults[0].question!r}: "
                f"{faults[0].reason}. Mend them, or take them out."
            )
        questions = of_labelled(labelled)
    if not questions:
        raise EvaluationError(f"The question set {str(path)!r} is empty. {_EXAMPLE}")
    seen: set[str] = set()
    for question in questions:
        if not question.id.strip():
            raise EvaluationError(f"The id of {question.question!r} in {str(path)!r} is blank. Give it one.")
        if half_pair(question.id):
            raise EvaluationError(f"The id {question.id!r} in {str(path)!r} holds {_HALF}. Give another.")
        if question.id in seen:
            raise EvaluationError(f"{str(path)!r} has two questions with the id {question.id!r}. Give each its own.")
        seen.add(question.id)
    return questions


def wrong_left_out(path: Path) -> int:
    """How many answers judged wrong a file of labels lacks, because their right place was not marked."""
    left_out: int = 0 if path.is_dir() or path.suffix == ".jsonl" else read_json(path).get(WRONG_LEFT_OUT, 0)
    return left_out


def of_labelled(labelled: Labelled) -> list[Question]:
    """Labelled questions of SQuAD's kind; the document of an answer is `NUMBER.txt`, the number its paragraph's."""
    return [
        Question(
            question.id,
            question.text,
            tuple(
                Gold(text, start, paragraph_file(number))
                for text, (start, _) in zip(paragraph.answers(question), question.spans, strict=True)
            ),
            question.every,
        )
        for number, paragraph in enumerate(labelled.paragraphs)
        for question in paragraph.questions
    ]


def paragraph_file(number: int) -> str:
    """The file name of the so-many-th paragraph of labelled questions, when the paragraphs make a library."""
    return f"{number:06}.txt"


def located(questions: Sequence[Question], text_of: TextOf, find: Find) -> list[Question]:
    """The questions with the place of every gold answer that names a document.

    `text_of` gives a document's text by its file name, None when there is none; `find` where words stand first in it,
    -1 where they do not. Raises EvaluationError where a gold answer is not in its document: the question, the answer
    and the document are named.
    """
    return [replace(q, answers=tuple(_located(answer, q.id, text_of, find) for answer in q.answers)) for q in questions]


def _located(answer: Gold, name: str, text_of: TextOf, find: Find) -> Gold:
    if answer.document is None:
        return answer
    text = text_of(answer.document)
    if text is None:
        raise EvaluationError(
            f"Question {name!r} names the document {answer.document!r}, which the library does not hold. "
            "Index it, or name another library with --library."
        )
    start = find(answer.document, answer.text) if answer.start is None else answer.start
    if start < 0 or text[start : start + len(answer.text)] != answer.text:
        where = "" if answer.start is None else f" at {answer.start}"
        raise EvaluationError(
            f"The gold answer {answer.text!r} of question {name!r} is not in {answer.document!r}{where}. "
            "Copy it from the document letter for letter, or mend its start."
        )
    return replace(answer, start=start)


def _lines(path: Path) -> Iterator[Question]:
    with files_of(EvaluationError, f"read the question set {str(path)!r}", "Name a file of JSON lines in UTF-8."):
        lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _question(line, f"{path}:{number}", number)


def _question(line: str, place: str, number: int) -> Question:
    try:
        found = _object(parsed(line), *_KEYS)
        return Question(
            id=str(found.get("id", number)),
            question=_text(found["question"]),
            answers=tuple(_gold(answer, found.get("document")) for answer in _list(found["answers"])),
            every=wants_every(found),
            history=tuple(map(_turn, _list(found.get("history", [])))),
            tags=tuple(map(str, _list(found.get("tags", [])))),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise EvaluationError(f"{place} is no question ({type(error).__name__}: {error}). {_EXAMPLE}") from error


def parsed(line: str) -> Any:
    """A line of JSON. Raises ValueError for what is none, and for half of a surrogate pair, which no file takes."""
    found = json.loads(line)
    if half_pair(json.dumps(found, ensure_ascii=False)):
        raise ValueError(f"it holds {_HALF}")
    return found


def _turn(turn: Any) -> Turn:
    turn = _object(turn, "question", "answer")
    return Turn(_text(turn["question"]), str(turn.get("answer") or ""))


def _gold(answer: Any, document: Any) -> Gold:
    answer = {"text": answer} if isinstance(answer, str) else _object(answer, "text", "start", "document")
    start, document = answer.get("start"), answer.get("document", document)
    if document is not None:
        _text(document)
    if start is not None and document is None:
        raise ValueError(f"the start {start} of {answer['text']!r} is in no document; name it")
    return Gold(_text(answer["text"]), None if start is None else int(start), document)


def _object(found: Any, *keys: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ValueError(f"{found!r} is no object")
    if unknown := [key for key in found if key not in keys]:
        raise ValueError(f"it has the key {unknown[0]!r}; there may be {', '.join(keys)}")
    return found


def _list(found: Any) -> list[Any]:
    if not isinstance(found, list):
        raise ValueError(f"{found!r} is no list")
    return found


def _text(found: Any) -> str:
    if not isinstance(found, str) or not found.strip():
        raise ValueError(f"{found!r} is no text")
    return found
