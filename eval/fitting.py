"""After training: the confidence fitted and the figures measured on the articles that were held out, and the card."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rag.errors import DataError
from rag.labelled import Labelled, LabelledParagraph, hold_out
from rag.reading import Confidence, ExtractiveReader
from rag.reading.confidence import FILE
from rag.training import HELD_OUT, Plan, Trained

from .calibration import Judged, calibration_error, fit_confidence, judge_in_library
from .measures.reliability import reliability
from .measures.silence import best_threshold
from .reader import given_figures

CARD = "README.md"
FEWEST = 30
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
    judged = judge_in_library(reader, held)
    halves = judged[::2], judged[1::2]
    crossed = [_again(half, fit_confidence(other)) for half, other in (halves, halves[::-1])]
    fresh = [one for half in crossed for one in half]
    fitted = fit_confidence(judged)
    confident = _again(judged, fitted)
    threshold = pick_default([one.confidence for one in confident], confident)
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


def pick_default(confidences: Sequence[float], judged: Sequence[Judged]) -> float:
    """The threshold with the best mean of F1 and silence, questions with and without an answer weighing the same."""
    share = sum(one.answerable for one in judged) / len(judged)
    if share in (0, 1):
        return 0.5
    points = [one.f1 / share if one.answerable else 0.0 for one in judged]
    return best_threshold(confidences, points, [one.answerable for one in judged], silence=1 / (1 - share))[1]


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
    """Every so-many-th paragraph, so that about a share of them is left."""
    return paragraphs[:: max(1, round(1 / share))] if share else []
