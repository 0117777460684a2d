"""Reading: a question and passages to scored spans, by an extractive reader with a start and an end score a token.

The span decoder follows Devlin et al. 2019, section 4.3: a span's score is start plus end, less the score of "no
answer" (start plus end of the first token) of the same window.
"""

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
    from transformers import BertForQuestionAnswering

SHIPPED_READER = Path(__file__).parent / "weights" / "reader"
WINDOW = 384  # tokens of question and passage together
STRIDE = 128  # tokens that one window of a long passage shares with the next
LONGEST_ANSWER = 30  # tokens
LONGEST_QUESTION = 128  # tokens; more would leave too little of the window for the passage
SPANS_PER_PASSAGE = 3
BATCH_TOKENS = 2048
SCORE_DIGITS = 3  # scores that differ by less are equal, so that rounding in a batch cannot choose the answer
_WORD_EMBEDDINGS = "bert.embeddings.word_embeddings.weight"


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
    def _model(self) -> "BertForQuestionAnswering":
        import torch
        from safetensors.torch import load_file
        from transformers import BertConfig, BertForQuestionAnswering

        weights = load_file(self._folder / WEIGHTS)
        if _WORD_EMBEDDINGS not in weights:
            weights[_WORD_EMBEDDINGS] = load_file(self._base / WEIGHTS)["embeddings.word_embeddings.weight"].half()
        model = BertForQuestionAnswering(BertConfig.from_pretrained(self._folder))
        model.load_state_dict({name: tensor.to(torch.float32) for name, tensor in weights.items()})
        model.eval()  # type: ignore[no-untyped-call]
        return model

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

        scores: dict[int, tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]] = {}
        for batch in length_batches([len(window.ids) for window in windows], BATCH_TOKENS):
            longest = len(windows[batch[0]].ids)
            padded = torch.zeros((3, len(batch), longest), dtype=torch.long)
            for row, index in enumerate(batch):
                window = windows[index]
                filled = torch.tensor([window.ids, window.type_ids, window.attention_mask])
                padded[:, row, : len(window.ids)] = filled
            with torch.inference_mode():
                output = self._model(input_ids=padded[0], token_type_ids=padded[1], attention_mask=padded[2])
            starts, ends = output.start_logits.numpy(), output.end_logits.numpy()
            for row, index in enumerate(batch):
                length = len(windows[index].ids)
                scores[index] = starts[row, :length], ends[row, :length]
        return [scores[index] for index in range(len(windows))]


def _best_spans(
    index: int, passage: str, window: Any, starts: npt.NDArray[np.float32], ends: npt.NDArray[np.float32]
) -> list[Span]:
    """Spans of one window, best first; more than are wanted, since some will overlap."""
    inside = np.array([sequence == 1 for sequence in window.sequence_ids])
    offsets = window.offsets
    may_start = inside & np.array([not _inside_word(passage, start) for start, _ in offsets])
    may_end = inside & np.array([not _inside_word(passage, end) for _, end in offsets])
    scores = np.where(may_start, starts, -np.inf)[:, None] + np.where(may_end, ends, -np.inf)[None, :]
    scores = np.where(_within_reach(len(offsets)), scores, -np.inf) - (starts[0] + ends[0])
    wanted = min(SPANS_PER_PASSAGE * 8, scores.size)
    best = np.argpartition(scores.ravel(), -wanted)[-wanted:]
    spans = []
    for first, last in zip(*np.unravel_index(best, scores.shape), strict=True):
        if np.isfinite(scores[first, last]):
            score = round(float(scores[first, last]), SCORE_DIGITS)
            spans.append(Span(index, offsets[first][0], offsets[last][1], score))
    return sorted(spans, key=_order)


def _within_reach(length: int) -> npt.NDArray[np.bool_]:
    distance = np.arange(length)[None, :] - np.arange(length)[:, None]
    return (distance >= 0) & (distance < LONGEST_ANSWER)


def _inside_word(text: str, position: int) -> bool:
    """Whether `position` parts a word, or a number such as 8,500 or 3.5, in two."""
    before, after = text[max(0, position - 2) : position], text[position : position + 2]
    if not before or not after:
        return False
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
