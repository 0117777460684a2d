"""Question sets: one JSON object a line, `{"id", "question", "answers": [{"text", "start"}], "document", "tags"}`.

Several answers of one question are alternatives, any of which is right; none means that the documents do not answer.
`start` counts characters in the text of `document`, a file name.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import EvaluationError
from rag.labelled import read_labelled


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its gold answers, each a text and where it starts in the document's text."""

    id: str
    question: str
    answers: tuple[tuple[str, int], ...]
    document: str | None
    tags: tuple[str, ...]


def read_questions(path: Path) -> list[Question]:
    """The questions in a file. Raises EvaluationError, with file and line, for what is none, and for an empty file."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"Cannot read the question set {str(path)!r}: {error}.") from error
    questions = [_question(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise EvaluationError(f"The question set {str(path)!r} is empty. Write one JSON object a line.")
    return questions


def read_asked(path: Path) -> list[tuple[str, list[str]]]:
    """Questions with the texts of their right answers (none: there is no answer), from JSON lines or SQuAD's JSON.

    Raises EvaluationError and DataError.
    """
    if ".jsonl" in path.suffixes:
        return [(question.question, [text for text, _ in question.answers]) for question in read_questions(path)]
    paragraphs = read_labelled([path]).paragraphs
    return [
        (question.text, paragraph.answers(question)) for paragraph in paragraphs for question in paragraph.questions
    ]


def _question(line: str, place: str) -> Question:
    try:
        found: dict[str, Any] = json.loads(line)
        return Question(
            id=str(found["id"]),
            question=str(found["question"]),
            answers=tuple((str(answer["text"]), int(answer["start"])) for answer in found["answers"]),
            document=found.get("document"),
            tags=tuple(found.get("tags", ())),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise EvaluationError(
            f"{place} is no question ({type(error).__name__}: {error}). "
            'A line reads {"id": "1", "question": "Who?", "answers": [{"text": "Ada", "start": 12}]}.'
        ) from error
