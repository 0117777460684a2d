"""Places that may hold an answer: spans of passages in their documents, joined where they overlap or say the same."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .values import Passage

if TYPE_CHECKING:
    from .reading import Confidence, Span


@dataclass(frozen=True, slots=True)
class Candidate:
    """`text` stands at `start` to `end` of a document; `confidence` is the probability that it is right."""

    document_id: str
    start: int
    end: int
    text: str
    confidence: float


def candidates(spans: "Iterable[Span]", passages: Sequence[Passage], confidence: "Confidence") -> list[Candidate]:
    """Spans as places in their documents, best first; of those that overlap, as passages do, the best one."""
    kept: list[Candidate] = []
    found = [(span.score, _placed(span, passages[span.passage], confidence)) for span in spans]
    for _, candidate in sorted(found, key=lambda f: (-f[0], f[1].document_id, f[1].start, f[1].end)):
        if not any(_overlap(candidate, other) for other in kept):
            kept.append(candidate)
    return kept


def by_value(found: Iterable[Candidate], value: Callable[[str], str]) -> list[list[Candidate]]:
    """Candidates with the same value, together; best first, as they come."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in found:
        groups.setdefault(value(candidate.text), []).append(candidate)
    return list(groups.values())


def same_words(text: str) -> str:
    """What texts share that differ only in case, white space and how letters with marks are encoded."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _placed(span: "Span", passage: Passage, confidence: "Confidence") -> Candidate:
    chunk = passage.chunk
    start, end = chunk.start + span.start, chunk.start + span.end
    return Candidate(chunk.document_id, start, end, chunk.text[span.start : span.end], confidence.of(span.score))


def _overlap(one: Candidate, other: Candidate) -> bool:
    return one.document_id == other.document_id and one.start < other.end and other.start < one.end
