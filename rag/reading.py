"""Reading: a question and passages to scored spans, by an extractive reader with a start and an end score a token.

The span decoder follows Devlin et al. 2019, section 4.3: a span's score is start plus end, less the score of "no
answer" (start plus end of the first token) of the same window.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from .embedding import length_batches
from .errors import ModelError, QuestionError
from .models import WEIGHTS, find_model

if TYPE_CHECKING:
    import torch

    from .bert import Bert

SHIPPED_READER = Path(__file__).parent / "weights" / "reader"
WINDOW = 384  # tokens of question and passage together
STRIDE = 128  # tokens that one window of a long passage shares with the next
LONGEST_ANSWER = 30  # tokens
LONGEST_QUESTION = 128  # tokens; more would leave too little of the window for the passage
SPANS_PER_PASSAGE = 3
CANDIDATES = 24  # spans of a window among which those that do not overlap are chosen
BATCH_TOKENS = 2048
SCORE_DIGITS = 3  # scores that differ by less are equal, so that rounding in a batch cannot choose the answer
_WORD_EMBEDDINGS = "embeddings.word_embeddings.weight"


@dataclass(frozen=True, slots=True)
class Span:
    """`passages[passage][start:end]` may be the answer; `score` above 0: likelier than none in that passage."""

    passage: int
    start: int
    end: int
    score: float


class Reader(Protocol):
    """A question and the texts of passages to spans in them, best first, the same whatever else is read with them."""

    def read(self, question: str, passages: Sequence[str]) -> list[Span]: ...


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
        self._base, _ = find_model()
        self._tokenizer = Tokenizer.from_file(str(self._base / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(WINDOW, stride=STRIDE, strategy="only_second")
        self._questions = Tokenizer.from_file(str(self._base / "tokenizer.json"))
        self._questions.no_padding()
        self._questions.no_truncation()

    @cached_property
    def _model(self) -> "tuple[Bert, torch.nn.Linear]":
        """The encoder, and the layer that gives a start and an end score to each of its hidden states."""
        import torch

        from .bert import load_bert, read_weights

        weights = read_weights(self._folder)
        encoder = {name.removeprefix("bert."): tensor for name, tensor in weights.items()}
        if _WORD_EMBEDDINGS not in encoder:
            encoder[_WORD_EMBEDDINGS] = read_weights(self._base)[_WORD_EMBEDDINGS].half()
        head = torch.nn.Linear(weights["qa_outputs.weight"].shape[1], 2)
        head.load_state_dict({name: weights[f"qa_outputs.{name}"].float() for name in ("weight", "bias")})
        return load_bert(self._folder / "config.json", encoder), head

    def read(self, question: str, passages: Sequence[str]) -> list[Span]:
        """At most three spans of each passage that do not overlap, best first; equal scores in order of passage.

        Raises QuestionError for a question of more than 128 tokens.
        """
        tokens = len(self._questions.encode(question, add_special_tokens=False).ids)
        if tokens > LONGEST_QUESTION:
            raise QuestionError(
                f"The question has {tokens} tokens, at most {LONGEST_QUESTION} can be read. Ask a shorter one."
            )
        windows: list[tuple[int, Any]] = []
        for index, encoded in enumerate(self._tokenizer.encode_batch([(question, passage) for passage in passages])):
            windows.extend((index, window) for window in (encoded, *encoded.overflowing))
        scores = self._scores([window for _, window in windows])
        spans: list[list[Span]] = [[] for _ in passages]
        for (index, window), (starts, ends) in zip(windows, scores, strict=True):
            spans[index].extend(_best_spans(index, passages[index], window, starts, ends))
        best = [span for found in spans for span in _apart(found)[:SPANS_PER_PASSAGE]]
        return sorted(best, key=_order)

    def _scores(self, windows: list[Any]) -> list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
        """Start and end scores of each window's tokens."""
        import torch

        encoder, head = self._model
        scores: dict[int, tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]] = {}
        for batch in length_batches([len(window.ids) for window in windows], BATCH_TOKENS):
            longest = len(windows[batch[0]].ids)
            padded = torch.zeros((3, len(batch), longest), dtype=torch.long)
            for row, index in enumerate(batch):
                window = windows[index]
                filled = torch.tensor([window.ids, window.type_ids, window.attention_mask])
                padded[:, row, : len(window.ids)] = filled
            with torch.inference_mode():
                starts, ends = head(encoder(*padded)).numpy().transpose(2, 0, 1)
            for row, index in enumerate(batch):
                length = len(windows[index].ids)
                scores[index] = starts[row, :length], ends[row, :length]
        return [scores[index] for index in range(len(windows))]


def _best_spans(
    index: int, passage: str, window: Any, starts: npt.NDArray[np.float32], ends: npt.NDArray[np.float32]
) -> list[Span]:
    """Spans of one window, best first; more than are wanted, since some will overlap."""
    offsets, no_answer = window.offsets, starts[0] + ends[0]
    inside = np.array(window.type_ids) == 1
    inside[-1] = False  # the last [SEP]
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
