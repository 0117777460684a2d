"""Reading: a question and passages to scored spans, by an extractive reader with a start and an end score a token.

The span decoder follows Devlin et al. 2019, section 4.3: a span's score is start plus end, less the score of "no
answer" (start plus end of the first token) of the same window.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from .channels import END, INSIDE, START
from .confidence import Confidence, read_confidence
from .embedding import length_batches
from .errors import ModelError, QuestionError
from .models import WEIGHTS, find_model

if TYPE_CHECKING:
    from .network import ReaderNetwork

Scores = npt.NDArray[np.float32]

SHIPPED_READER = Path(__file__).parent / "weights" / "reader"
WINDOW = 384  # tokens of question and passage together
STRIDE = 128  # tokens that one window of a long passage shares with the next
LONGEST_ANSWER = 30  # tokens
LONGEST_QUESTION = 128  # tokens; more would leave too little of the window for the passage
SPANS_PER_PASSAGE = 3
CANDIDATES = 24  # spans of a window among which those that do not overlap are chosen
BATCH_TOKENS = 2048
SCORE_DIGITS = 3  # scores that differ by less are equal, so that rounding in a batch cannot choose the answer


@dataclass(frozen=True, slots=True)
class Span:
    """`passages[passage][start:end]` may be the answer; `score` above 0: likelier than none in that passage."""

    passage: int
    start: int
    end: int
    score: float


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


class ExtractiveReader:
    """The reader in a folder (`config.json`, `model.safetensors`), on the CPU; by default the one that ships.

    Its token embeddings are those of all-MiniLM-L6-v2 and are taken from there when its own file holds none. The
    weights are loaded when first used. Raises ModelError when they are not to be had.
    """

    def __init__(self, folder: str | Path = SHIPPED_READER):
        from tokenizers import Tokenizer

        self._folder = Path(folder)
        if not (self._folder / WEIGHTS).is_file():
            raise ModelError(f"The folder {str(folder)!r} holds no {WEIGHTS}. Name the folder of an extractive reader.")
        self.confidence = read_confidence(self._folder)
        self._base, _ = find_model()
        self._tokenizer = Tokenizer.from_file(str(self._base / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(WINDOW, stride=STRIDE, strategy="only_second")
        self._questions = Tokenizer.from_file(str(self._base / "tokenizer.json"))
        self._questions.no_padding()
        self._questions.no_truncation()

    @cached_property
    def sha256(self) -> str:
        """Hash of the weights."""
        with (self._folder / WEIGHTS).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def _network(self) -> "ReaderNetwork":
        from .network import load_network

        return load_network(self._folder)

    def read(self, question: str, passages: Sequence[str]) -> list[Span]:
        """At most three spans of each passage that do not overlap, best first; equal scores in order of passage.

        Raises QuestionError for a question of more than 128 tokens.
        """
        best = [span for found in self._spans(question, passages) for span in _apart(found.best)[:SPANS_PER_PASSAGE]]
        return sorted(best, key=_order)

    def read_every(self, question: str, passages: Sequence[str]) -> list[Span]:
        """For each passage its best span, or, where several runs of words look like answers, each of them.

        Raises QuestionError for a question of more than 128 tokens.
        """
        every: list[Span] = []
        for found in self._spans(question, passages):
            best = min(found.best, key=_order, default=None)
            if best:
                listed = _merged(found.listed)
                every.extend([replace(span, score=best.score) for span in listed] if len(listed) > 1 else [best])
        return sorted(every, key=_order)

    def _spans(self, question: str, passages: Sequence[str]) -> "list[_Found]":
        """What the windows of each passage hold."""
        tokens = len(self._questions.encode(question, add_special_tokens=False).ids)
        if tokens > LONGEST_QUESTION:
            raise QuestionError(
                f"The question has {tokens} tokens, at most {LONGEST_QUESTION} can be read. Ask a shorter one."
            )
        windows: list[tuple[int, Any]] = []
        for index, encoded in enumerate(self._tokenizer.encode_batch([(question, passage) for passage in passages])):
            windows.extend((index, window) for window in (encoded, *encoded.overflowing))
        found = [_Found([], []) for _ in passages]
        for (index, window), scores in zip(windows, self._scores([window for _, window in windows]), strict=True):
            found[index].best.extend(_best_spans(index, passages[index], window, scores))
            found[index].listed.extend(_runs(index, passages[index], window, scores))
        return found

    def _scores(self, windows: list[Any]) -> list[Scores]:
        """Scores of each window's tokens (length, channels)."""
        import torch

        scores: dict[int, Scores] = {}
        for batch in length_batches([len(window.ids) for window in windows], BATCH_TOKENS):
            longest = len(windows[batch[0]].ids)
            padded = torch.zeros((3, len(batch), longest), dtype=torch.long)
            for row, index in enumerate(batch):
                window = windows[index]
                filled = torch.tensor([window.ids, window.type_ids, window.attention_mask])
                padded[:, row, : len(window.ids)] = filled
            with torch.inference_mode():
                found = self._network(*padded).numpy()
            for row, index in enumerate(batch):
                scores[index] = found[row, : len(windows[index].ids)]
        return [scores[index] for index in range(len(windows))]


@dataclass(frozen=True, slots=True)
class _Found:
    """What a passage holds: spans of its windows with their scores, and runs of words that look like answers."""

    best: list[Span]
    listed: list[Span]


def _best_spans(index: int, passage: str, window: Any, tokens: Scores) -> list[Span]:
    """Spans of one window, best first; more than are wanted, since some will overlap."""
    offsets, starts, ends = window.offsets, tokens[:, START], tokens[:, END]
    no_answer = starts[0] + ends[0]
    inside = _passage_tokens(window)
    ends = np.append(np.where(inside, ends, -np.inf), np.full(LONGEST_ANSWER - 1, -np.inf))
    scores = np.where(inside, starts, -np.inf)[:, None] + np.lib.stride_tricks.sliding_window_view(ends, LONGEST_ANSWER)
    scores -= no_answer
    spans: list[Span] = []
    for flat in np.argsort(-scores, axis=None, kind="stable"):
        first, length = divmod(int(flat), LONGEST_ANSWER)
        score = float(scores[first, length])
        if not np.isfinite(score) or len(spans) == CANDIDATES:
            break
        start, end = offsets[first][0], offsets[first + length][1]
        if not _inside_word(passage, start) and not _inside_word(passage, end):
            spans.append(Span(index, start, end, round(score, SCORE_DIGITS)))
    return spans


def _runs(index: int, passage: str, window: Any, tokens: Scores) -> list[Span]:
    """Whole words of one window whose tokens are likelier inside an answer than not, each run a span."""
    if tokens.shape[1] <= INSIDE:
        return []
    marked = (tokens[:, INSIDE] > 0) & _passage_tokens(window)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(int)))
    spans = [(window.offsets[first][0], window.offsets[last - 1][1]) for first, last in edges.reshape(-1, 2)]
    whole = [
        (start, end) for start, end in spans if not _inside_word(passage, start) and not _inside_word(passage, end)
    ]
    return [Span(index, start, end, 0.0) for start, end in whole]


def _merged(spans: list[Span]) -> list[Span]:
    """Spans of one passage in order, those that overlap as one."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if merged and span.start < merged[-1].end:
            merged[-1] = replace(merged[-1], end=max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return merged


def _passage_tokens(window: Any) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = np.array(window.type_ids) == 1
    inside[-1] = False  # the last [SEP]
    return inside


def _inside_word(text: str, position: int) -> bool:
    """Whether `position` parts a character, a word, or a number such as 8,500 or 3.5, in two."""
    before, after = text[max(0, position - 2) : position], text[position : position + 2]
    if not before or not after:
        return False
    if unicodedata.category(after[0]).startswith("M") or "\u200d" in (before[-1], after[0]):
        return True
    if before[-1].isalnum() and after[0].isalnum():
        return True
    inside_number = before[-1] in ",." and before[:-1].isdigit() and after[0].isdigit()
    return inside_number or (before[-1].isdigit() and after[0] in ",." and after[1:].isdigit())


def _apart(spans: list[Span]) -> list[Span]:
    """Spans of one passage, best first, less each that overlaps a better one."""
    kept: list[Span] = []
    for span in sorted(spans, key=_order):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return kept


def _order(span: Span) -> tuple[float, int, int, int]:
    return (-span.score, span.passage, span.start, span.end)
