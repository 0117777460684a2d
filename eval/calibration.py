"""Confidence against truth: answers judged right or wrong, the confidence that fits them, the threshold to keep."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

from rag.assistant import Assistant
from rag.errors import CalibrationError
from rag.labelled import LabelledParagraph, read_json
from rag.labels import WRONG_LEFT_OUT
from rag.reading import Confidence, Reader
from rag.risk import DELTA, Promise, check_enough, pick_threshold, risk_curve
from rag.values import Turn

from .library import library_of_texts, paragraph_texts
from .measure import RIGHT
from .measures.answering import f1
from .measures.reliability import expected_calibration_error

SLOPES = (0.01, 10.0)  # a surer score never means less


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the texts of its right answers (none: there is no answer), and what was said before it."""

    question: str
    gold: Sequence[str]
    history: Sequence[Turn] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """The best answer to a question, given or not: its confidence, the reader's score behind it (log-odds where nothing
    was fitted), and its F1 with the right answers (0 where there is none)."""

    confidence: float
    score: float
    f1: float
    answerable: bool

    @property
    def right(self) -> bool:
        """Whether the answer counts as right."""
        return self.f1 >= RIGHT


def judge(assistant: Assistant, questions: Sequence[Asked], progress: bool = False) -> list[Judged]:
    """Each question asked so that nothing is refused."""
    confidence, judged = assistant.reader.confidence, []
    for asked in tqdm(questions, desc="Asking", unit="questions", leave=False, disable=not progress):
        answer = assistant.ask(asked.question, history=asked.history, threshold=0.0)
        points = f1(answer.text, asked.gold) if asked.gold else 0.0
        judged.append(Judged(answer.confidence, confidence.score(answer.confidence), points, bool(asked.gold)))
    return judged


def judge_in_library(reader: Reader, paragraphs: Sequence[LabelledParagraph]) -> list[Judged]:
    """The questions of paragraphs, each asked of the library that all the paragraphs make."""
    asked = [Asked(q.text, paragraph.answers(q)) for paragraph in paragraphs for q in paragraph.questions]
    with library_of_texts(paragraph_texts(paragraphs)) as library:
        return judge(Assistant(library, reader), asked)


def calibration_error(judged: Sequence[Judged]) -> float:
    """The expected calibration error of judged answers."""
    return expected_calibration_error([one.confidence for one in judged], [one.right for one in judged])


def fit_confidence(judged: Sequence[Judged]) -> Confidence:
    """The confidence that fits the scores of judged answers: maximum likelihood with Platt's targets (Platt 1999)."""
    right = np.array([one.right for one in judged])
    targets = np.where(right, (right.sum() + 1) / (right.sum() + 2), 1 / ((~right).sum() + 2))
    return fit_curve([one.score for one in judged], targets.tolist())


def fit_curve(scores: Sequence[float], targets: Sequence[float]) -> Confidence:
    """The logistic curve over scores that fits targets from 0 to 1 best; a surer score never means less."""
    from scipy.optimize import minimize

    measured, wanted = np.array(scores), np.array(targets)

    def loss(parameters: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
        odds = parameters[0] * measured + parameters[1]
        return float((np.logaddexp(0, odds) - wanted * odds).mean())

    slope, bias = minimize(loss, [1.0, 0.0], method="L-BFGS-B", bounds=[SLOPES, (None, None)]).x
    return Confidence(float(slope), float(bias))


def keep_risk(
    assistant: Assistant,
    questions: Sequence[Asked],
    path: Path,
    risk: float,
    progress: bool = False,
) -> Promise:
    """Pick the threshold that keeps a risk on labelled questions read from a file, and store it in the library.

    A wrong answer is one that is not right, and any answer to a question that has none. Raises CalibrationError when
    the labels are too few or leave out wrong answers, before anything is asked, or too many of the surest answers are
    wrong.
    """
    _check_complete(path)
    check_enough(len(questions), risk)
    with assistant.library.view() as view:
        generation = view.generation
    judged = judge(assistant, questions, progress=progress)
    confidences, right = [one.confidence for one in judged], [one.right for one in judged]
    threshold, answered, wrong = pick_threshold(confidences, right, risk)
    promise = Promise(
        threshold=threshold,
        risk=risk,
        delta=DELTA,
        questions=len(judged),
        answered=answered,
        wrong=wrong,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        date=datetime.now(UTC).date().isoformat(),
        reader=assistant.reader.sha256,
        curve=risk_curve(confidences, right),
    )
    assistant.library.keep_promise(promise, generation)
    return promise


def _check_complete(path: Path) -> None:
    """Labels of the page without those judged wrong would make any reader look right."""
    found = {} if path.suffix == ".jsonl" else read_json(path)
    if left_out := found.get(WRONG_LEFT_OUT, 0):
        raise CalibrationError(
            f"{str(path)!r} leaves out {left_out:,} questions whose answer was judged wrong and whose right place was "
            "not marked: a promise on the rest would not hold. Mark the right place of each on the page of `pincite "
            "chat` and export again; or write the questions as JSON lines for `pincite eval`, with no answers where "
            "the documents have none."
        )
