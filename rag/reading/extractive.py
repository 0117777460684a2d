"""The extractive reader: a small BERT that scores each token of a passage as the start and the end of an answer."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..embedding import length_batches
from ..errors import ModelError, QuestionError
from ..models import WEIGHTS, check_process, find_model
from .confidence import read_confidence
from .decoding import Scores, apart, best_spans, members, merged
from .span import Span

if TYPE_CHECKING:
    from .network import ReaderNetwork

SHIPPED_READER = Path(__file__).parent.parent / "weights" / "reader"
WINDOW = 384  # tokens of question and passage together
STRIDE = 128  # tokens that one window of a long passage shares with the next
LONGEST_QUESTION = 128  # tokens; more would leave too little of the window for the passage
SPANS_PER_PASSAGE = 3
BATCH_TOKENS = 2048

Windows = list[tuple[Any, Scores]]  # of one passage, each with the scores of its tokens


class ExtractiveReader:
    """The reader in a folder (`config.json`, `model.safetensors`), on the CPU; by default the one that ships.

    Its token embeddings are those of all-MiniLM-L6-v2 and are taken from there when its own file holds none. The
    weights are loaded when first used. Raises ModelError when they are not to be had, and in a process that was forked
    after a model ran.
    """

    def __init__(self, folder: str | Path = SHIPPED_READER):
        self._folder = Path(folder)
        if not (self._folder / WEIGHTS).is_file():
            raise ModelError(f"The folder {str(folder)!r} holds no {WEIGHTS}. Name the folder of an extractive reader.")
        self.confidence = read_confidence(self._folder)
        self._tokenizer = tokenizer_of(find_model()[0])
        self._tokenizer.enable_truncation(WINDOW, stride=STRIDE, strategy="only_second")

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
        best: list[Span] = []
        for index, windows in enumerate(self._read(question, passages)):
            best.extend(apart(_found(best_spans, index, passages[index], windows))[:SPANS_PER_PASSAGE])
        return sorted(best, key=lambda span: span.rank)

    def read_every(self, question: str, passages: Sequence[str]) -> list[Span]:
        """For each passage its best span, or, where several stretches of words look like answers, each of them.

        Raises QuestionError for a question of more than 128 tokens.
        """
        every: list[Span] = []
        for index, windows in enumerate(self._read(question, passages)):
            listed = merged(_found(members, index, passages[index], windows))
            best = min(_found(best_spans, index, passages[index], windows), key=lambda span: span.rank, default=None)
            if best:
                every.extend([replace(span, score=best.score) for span in listed] if len(listed) > 1 else [best])
        return sorted(every, key=lambda span: span.rank)

    def _read(self, question: str, passages: Sequence[str]) -> list[Windows]:
        """The windows of each passage."""
        check_length(question)
        encoded = self._tokenizer.encode_batch([(question, passage) for passage in passages])
        windows = [[passage, *passage.overflowing] for passage in encoded]
        scores = iter(self._scores([window for passage in windows for window in passage]))
        return [[(window, next(scores)) for window in passage] for passage in windows]

    def _scores(self, windows: list[Any]) -> list[Scores]:
        """Scores of each window's tokens (length, channels)."""
        import torch

        if windows:
            check_process()
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


def check_length(question: str) -> None:
    """Raises QuestionError for a question of more than 128 tokens, which no reader reads."""
    tokens = len(_counter().encode(question, add_special_tokens=False).ids)
    if tokens > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {tokens} tokens, at most {LONGEST_QUESTION} can be read. Ask a shorter one."
        )


@cache
def _counter() -> Any:
    return tokenizer_of(find_model()[0])


def tokenizer_of(base: Path) -> Any:
    """The tokenizer in a model's folder, which neither pads nor cuts off."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _found(
    find: Callable[[int, str, Any, Scores], list[Span]], index: int, passage: str, windows: Windows
) -> list[Span]:
    """What a decoder finds in all windows of a passage."""
    return [span for window, scores in windows for span in find(index, passage, window, scores)]
