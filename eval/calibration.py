"""Confidence against truth: answers judged right or wrong, the curve of both, its error, and the fit that mends it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import numpy as np
from tqdm import tqdm

from rag.assistant import Assistant
from rag.reading import Confidence
from rag.risk import DELTA, Promise, check_enough, pick_threshold

from .squad import f1

Asked = tuple[str, Sequence[str]]  # a question and the texts of its right answers; none: there is no answer

BINS = 15
SLOPES = (0.01, 10.0)  # a surer score never means less
RIGHT = 0.5  # F1 with a gold answer from which an answer counts as right


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


def judge(assistant: Assistant, questions: Sequence[tuple[str, Sequence[str]]], progress: bool = False) -> list[Judged]:
    """Each question asked so that nothing is refused."""
    confidence, judged = assistant.reader.confidence, []
    for question, gold in tqdm(questions, desc="Asking", unit="questions", leave=False, disable=not progress):
        answer = assistant.ask(question, threshold=0.0)
        points = f1(answer.text, gold) if gold else 0.0
        judged.append(Judged(answer.confidence, confidence.score(answer.confidence), points, bool(gold)))
    return judged


def reliability(judged: Sequence[Judged], bins: int = BINS) -> list[tuple[float, float, int]]:
    """The reliability curve: mean confidence, share of right answers and count of each bin of equal mass."""
    ordered = sorted(judged, key=lambda one: one.confidence)
    parts = [ordered[len(ordered) * i // bins : len(ordered) * (i + 1) // bins] for i in range(bins)]
    return [(fmean(one.confidence for one in p), fmean(one.right for one in p), len(p)) for p in parts if p]


def expected_calibration_error(judged: Sequence[Judged], bins: int = BINS) -> float:
    """ECE (Naeini et al. 2015) over bins of equal mass: the mean distance of confidence and share of right answers."""
    curve = reliability(judged, bins)
    return sum(count * abs(mean - share) for mean, share, count in curve) / sum(count for _, _, count in curve)


def fit_confidence(judged: Sequence[Judged], threshold: float = 0.5) -> Confidence:
    """The confidence that fits the scores of judged answers, by maximum likelihood (Platt 1999).

    Questions with and without an answer weigh the same in all, however many there are of each.
    """
    from scipy.optimize import minimize

    scores = np.array([one.score for one in judged])
    right = np.array([one.right for one in judged])
    answerable = np.array([one.answerable for one in judged])
    targets = np.where(right, (right.sum() + 1) / (right.sum() + 2), 1 / ((~right).sum() + 2))
    weights = np.where(answerable, 0.5 / max(answerable.sum(), 1), 0.5 / max((~answerable).sum(), 1))

    def loss(parameters: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
        odds = parameters[0] * scores + parameters[1]
        return float((weights * (np.logaddexp(0, odds) - targets * odds)).sum())

    slope, bias = minimize(loss, [1.0, 0.0], method="L-BFGS-B", bounds=[SLOPES, (None, None)]).x
    return Confidence(float(slope), float(bias), threshold)


def keep_risk(
    assistant: Assistant,
    questions: Sequence[tuple[str, Sequence[str]]],
    path: Path,
    risk: float,
    progress: bool = False,
) -> Promise:
    """Pick the threshold that keeps a risk on labelled questions read from a file, and store it in the library.

    A wrong answer is one that is not right, and any answer to a question that has none. Raises CalibrationError when
    the labels are too few, before anything is asked, or too many of the surest answers are wrong.
    """
    check_enough(len(questions), risk)
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
    )
    assistant.library.keep_promise(promise)
    return promise
