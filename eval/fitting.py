"""After training: the confidence fitted and the figures measured on the articles that were held out, and the card."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rag.errors import DataError
from rag.labelled import Labelled, LabelledParagraph, hold_out
from rag.reading import Confidence, ExtractiveReader
from rag.reading.confidence import FILE
from rag.training import HELD_OUT, Plan, Trained

from .calibration import Judged, calibration_error, fit_confidence, fit_curve, judge_in_library
from .measures.reliability import reliability
from .reader import given_figures

T = TypeVar("T")

CARD = "README.md"
FEWEST = 30
UNANSWERABLE = 0.25  # of the questions that people ask of a library, as the default threshold supposes
MOST = 1500  # questions asked; more would tell little more


def held_out(labelled: Labelled, plan: Plan) -> list[LabelledParagraph]:
    """Paragraphs of the held-out articles, from each file in the share that it has in training, about 1,500 questions.

    Raises DataError when they hold fewer than 30 questions, or none with an answer: too few to say anything.
    """
    _, held = hold_out(labelled.paragraphs, HELD_OUT, plan.seed)
    by_file = {paragraph.file: [one for one in held if one.file == paragraph.file] for paragraph in held}
    held = [one for file, found in by_file.items() for one in _thinned(found, plan.mix.shares.get(file, 1.0))]
    questions = sum(len(paragraph.questions) for paragraph in held)
    if questions < FEWEST or not any(question.spans for paragraph in held for question in paragraph.questions):
        raise DataError(
            f"Of {labelled.questions} questions {questions} are on articles that are held out, too few to say how good "
            f"a reader is and how sure its answers are: {FEWEST} are needed, some with an answer. Give files of more "
            "articles, or try another seed."
        )
    return _thinned(held, MOST / questions)


def fit_held_out(folder: Path, held: Sequence[LabelledParagraph]) -> dict[str, float]:
    """Fit the confidence of the reader in a folder on held-out paragraphs, and return its figures on them."""
    reader = ExtractiveReader(folder)
    judged = balanced(judge_in_library(reader, _with_both_kinds(held)))
    halves = judged[::2], judged[1::2]
    crossed = [_again(half, fit_confidence(other)) for half, other in (halves, halves[::-1])]
    fresh = [one for half in crossed for one in half]
    fitted = fit_confidence(judged)
    threshold = pick_default(judged, fitted)
    curve = reliability([one.confidence for one in fresh], [one.right for one in fresh])
    found = {
        "slope": fitted.slope,
        "bias": fitted.bias,
        "threshold": threshold,
        "questions": len(judged),
        "answerable": sum(one.answerable for one in judged),
        "calibration_error": calibration_error(fresh),
        "reliability": [[round(mean, 4), round(share, 4), count] for mean, share, count in curve],
    }
    (folder / FILE).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return given_figures(reader, held) | {"calibration error, as a library": calibration_error(fresh)}


def balanced(judged: Sequence[Judged]) -> list[Judged]:
    """As many questions with an answer as without, evenly drawn; all of them where there is but one kind."""
    kinds = [one for one in judged if one.answerable], [one for one in judged if not one.answerable]
    count = min(map(len, kinds))
    return [one for kind in kinds for one in _evenly(kind, count)] if count else list(judged)


def pick_default(judged: Sequence[Judged], confidence: Confidence) -> float:
    """The confidence from which an answer earns more than silence where three of four questions have an answer.

    An answer earns its F1, silence 1 where there is no answer, as in SQuAD 2.0; both as logistic curves over the score,
    since the threshold with the best mean on a thousand questions owes much to which these are. 0.5 where all questions
    have an answer; 1 where silence earns more throughout.
    """
    answerable = [one.answerable for one in judged]
    if all(answerable):
        return 0.5
    scores = [one.score for one in judged]
    silence = UNANSWERABLE / (1 - UNANSWERABLE) * sum(answerable) / answerable.count(False)
    earned, answered = fit_curve(scores, [one.f1 for one in judged]), fit_curve(scores, answerable)
    paying = (score for score in sorted(scores) if earned.of(score) >= silence * (1 - answered.of(score)))
    return confidence.of(next(paying, math.inf))


def write_card(
    folder: Path, labelled: Labelled, plan: Plan, start: Path | None, trained: Trained, figures: dict[str, float]
) -> None:
    """The model card: what the reader was made from and how, and its figures on the articles held out."""
    lines = [
        "# An extractive reader",
        "",
        f"Trained with `pincite train` on {datetime.now(UTC):%Y-%m-%d}, from {start or 'the embedding model'}:",
        f"{trained.steps:,} steps, {trained.examples:,} examples, {trained.seconds / 60:.1f} minutes on "
        f"{trained.device}; loss at the end {trained.loss:.3f}.",
        "",
        "| data | sha256 |",
        "|---|---|",
        *(f"| {Path(path).name} | {sha256} |" for path, sha256 in labelled.sha256.items()),
        "",
        f"{labelled.questions:,} questions; {len(labelled.faults):,} more could not be used. {HELD_OUT:.0%} of the "
        "articles were held out.",
        "",
        "```json",
        json.dumps(asdict(plan), indent=1, default=str),
        "```",
        "",
        "| measured on the articles held out | |",
        "|---|---|",
        *(f"| {name} | {value:.3f} |" for name, value in figures.items()),
    ]
    (folder / CARD).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _again(judged: Sequence[Judged], confidence: Confidence) -> list[Judged]:
    """The same answers with another confidence."""
    return [Judged(confidence.of(one.score), one.score, one.f1, one.answerable) for one in judged]


def _thinned(paragraphs: list[LabelledParagraph], share: float) -> list[LabelledParagraph]:
    """A share of the paragraphs, evenly drawn; all of them from a share of 1 on."""
    return _evenly(paragraphs, min(len(paragraphs), round(len(paragraphs) * share)))


def _with_both_kinds(paragraphs: Sequence[LabelledParagraph]) -> list[LabelledParagraph]:
    """Paragraphs of files that have questions with and without an answer: else the kind of text would tell them apart.

    All paragraphs where there is no such file.
    """
    kinds: dict[str, set[bool]] = {}
    for paragraph in paragraphs:
        kinds.setdefault(paragraph.file, set()).update(bool(question.spans) for question in paragraph.questions)
    return [one for one in paragraphs if len(kinds[one.file]) == 2] or list(paragraphs)


def _evenly(items: Sequence[T], count: int) -> list[T]:
    return [items[index * len(items) // count] for index in range(count)]
