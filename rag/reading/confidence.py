"""How sure an answer is: the reader's score as a probability, by Platt scaling (Platt 1999), and when to be silent."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelError

FILE = "confidence.json"
_FURTHEST = 50.0  # log-odds beyond which a probability is 0 or 1
_LEAST = 1e-15


@dataclass(frozen=True, slots=True)
class Confidence:
    """The probability that an answer with a score is right: the logistic function of `slope * score + bias`.

    `threshold` is the probability, 0 to 1, below which a question is refused unless another one is chosen.
    """

    slope: float = 1.0
    bias: float = 0.0
    threshold: float = 0.5

    def of(self, score: float) -> float:
        """The probability, 0 to 1."""
        odds = max(min(self.slope * score + self.bias, _FURTHEST), -_FURTHEST)
        return 1 / (1 + math.exp(-odds))

    def score(self, probability: float) -> float:
        """The score that has a probability: the inverse of `of`."""
        odds = math.log(max(probability, _LEAST) / max(1 - probability, _LEAST))
        return (odds - self.bias) / self.slope


def read_confidence(folder: Path) -> Confidence:
    """What was fitted for the reader in a folder; the plain logistic function where nothing was. Raises ModelError."""
    path = folder / FILE
    if not path.is_file():
        return Confidence()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Confidence(float(found["slope"]), float(found["bias"]), float(found["threshold"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{str(path)!r} is damaged ({type(error).__name__}: {error}). Fit it again.") from error
