"""Measures a reader on labelled questions with their paragraph given, as SQuAD 2.0 does."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from rag.labelled import LabelledParagraph, LabelledQuestion
from rag.reading import Reader
from rag.training.typed import unpunctuated

from .measures.answering import exact_match, f1
from .measures.lists import partial_match
from .measures.silence import auroc, best_threshold

Typed = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader says to one question: its best span with its score, and what was right."""

    question: str
    text: str
    score: float
    gold: tuple[str, ...]

    @property
    def f1(self) -> float:
        """F1 of the span if it is given, 0 to 1."""
        return f1(self.text, self.gold)

    @property
    def exact(self) -> float:
        """Exact match of the span if it is given, 0 or 1."""
        return exact_match(self.text, self.gold)


def read_each(
    reader: Reader, paragraphs: Sequence[LabelledParagraph], typed: Typed = str, *, only_answerable: bool = False
) -> list[Reading]:
    """The reader's best span for each question, with its paragraph given."""
    readings = []
    for paragraph, question in asked(paragraphs):
        if only_answerable and not question.spans:
            continue
        spans = reader.read(typed(question.text), [paragraph.text])
        text, score = (paragraph.text[spans[0].start : spans[0].end], spans[0].score) if spans else ("", -100.0)
        readings.append(Reading(question.id, text, score, tuple(paragraph.answers(question))))
    return readings


def asked(paragraphs: Sequence[LabelledParagraph]) -> Iterator[tuple[LabelledParagraph, LabelledQuestion]]:
    """Each question with its paragraph."""
    return ((paragraph, question) for paragraph in paragraphs for question in paragraph.questions)


def given_figures(reader: Reader, paragraphs: Sequence[LabelledParagraph]) -> dict[str, float]:
    """Figures with the paragraph given, from 0 to 1."""
    readings = read_each(reader, paragraphs)
    answerable = [bool(reading.gold) for reading in readings]
    has = [reading for reading in readings if reading.gold]
    lower = read_each(reader, paragraphs, unpunctuated, only_answerable=True)
    scores = [reading.score for reading in readings]
    return {
        "HasAns F1": fmean(reading.f1 for reading in has),
        "HasAns exact match": fmean(reading.exact for reading in has),
        "HasAns F1, lower case without punctuation": fmean(reading.f1 for reading in lower),
        "best-threshold F1": best_threshold(scores, [reading.f1 for reading in readings], answerable)[0],
        "AUROC": auroc(scores, answerable),
    }


def list_figure(reader: Reader, paragraphs: Sequence[LabelledParagraph]) -> float:
    """Partial-match F1 of all spans that the reader finds for questions that want every one, paragraph given."""
    found, gold = [], []
    for paragraph, question in asked(paragraphs):
        spans = reader.read_every(question.text, [paragraph.text])
        found.append([paragraph.text[span.start : span.end] for span in spans])
        gold.append(paragraph.answers(question))
    return partial_match(found, gold)[2]
