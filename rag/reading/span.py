"""The seam of reading: a question and passages to scored spans."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .confidence import Confidence


@dataclass(frozen=True, slots=True)
class Span:
    """`passages[passage][start:end]` may be the answer; `score` above 0: likelier than none in that passage."""

    passage: int
    start: int
    end: int
    score: float

    @property
    def rank(self) -> tuple[float, int, int, int]:
        """Sorts spans, best first; equal scores in the order of passage and place."""
        return (-self.score, self.passage, self.start, self.end)


class Reader(Protocol):
    """A question and the texts of passages to spans in them, best first, the same whatever else is read with them.

    `confidence` says how sure an answer with a span's score is, `sha256` which weights it was fitted for.
    """

    confidence: Confidence

    @property
    def sha256(self) -> str: ...

    def read(self, question: str, passages: Sequence[str]) -> list[Span]: ...

    def read_every(self, question: str, passages: Sequence[str]) -> list[Span]:
        """For each passage the spans that together answer, one or more, all with the score of the best of them."""
        ...
