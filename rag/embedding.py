"""Texts to vectors, by sentence-transformers with all-MiniLM-L6-v2 (Reimers and Gurevych 2019, Wang et al. 2020)."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from .models import MINILM, find_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = npt.NDArray[np.float32]
BATCH_TOKENS = 2048  # tokens of a batch, padding included: about what stays in the cache; 4096 and 512 were slower


class Embedder(Protocol):
    """Texts to a float32 array (n, dimension), rows of length 1.

    `name` and `sha256` say which model it is, `window` how many tokens it takes of a text, special ones included.
    """

    name: str
    sha256: str
    dimension: int
    window: int

    def embed(self, texts: Sequence[str]) -> Vectors: ...

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as the model sees it, special ones included."""
        ...


class SentenceEmbedder:
    """A sentence-transformers model, on the CPU. Raises ModelError when it is not to be had.

    The files are found and hashed at once; the model itself is loaded when first used.
    """

    def __init__(self, model: str = MINILM):
        from tokenizers import Tokenizer

        self.name = model
        self._folder, self.sha256 = find_model(model)
        self._tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.window, self.dimension = _shape(self._folder)

    @cached_property
    def _model(self) -> "SentenceTransformer":
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Array (n, dimension), float32, rows of length 1, in the order of `texts`.

        Batches hold texts of similar length, so that little is padded. A text beyond `window` is cut by the model.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        lengths = [len(encoded.ids) for encoded in self._tokenizer.encode_batch(list(texts))]
        for batch in length_batches(lengths, BATCH_TOKENS):
            vectors[batch] = self._model.encode(
                [texts[i] for i in batch],
                batch_size=len(batch),
                convert_to_numpy=True,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return vectors

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` by the model's own tokenizer, special ones included, nothing cut."""
        return len(self._tokenizer.encode(text).ids)


def length_batches(lengths: Sequence[int], batch_tokens: int) -> list[list[int]]:
    """Indices of `lengths` in batches, longest first, each of at most `batch_tokens` tokens once padded."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if not batches or (len(batches[-1]) + 1) * lengths[batches[-1][0]] > batch_tokens:
            batches.append([])
        batches[-1].append(index)
    return batches


def _shape(folder: Path) -> tuple[int, int]:
    """Window and dimension, read from the model's own configuration."""
    window = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]
    dimension = json.loads((folder / "config.json").read_text())["hidden_size"]
    return int(window), int(dimension)
