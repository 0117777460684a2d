"""Texts to vectors, by sentence-transformers with all-MiniLM-L6-v2 (Reimers and Gurevych 2019, Wang et al. 2020)."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from .errors import ModelError
from .models import MINILM, check_process, find_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from .bert import Bert

Vectors = npt.NDArray[np.float32]
SENTENCE_SHARE = 0.6  # of a sentence in a row, against 0.4 of its passage
_NEEDED = ("tokenizer.json", "config.json", "modules.json", "sentence_bert_config.json")
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

        self.name = str(Path(model).resolve()) if Path(model).is_dir() else model
        self._folder, self.sha256 = find_model(model)
        missing = [name for name in _NEEDED if not (self._folder / name).is_file()]
        if missing:
            raise ModelError(
                f"The folder {str(self._folder)!r} is no sentence-transformers model: {missing[0]} is missing. "
                "Name a folder that sentence-transformers saved."
            )
        self._tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.window, self.dimension = _shape(self._folder)

    @cached_property
    def _encoder(self) -> "Bert | None":
        """The model without sentence-transformers; None when it is no BERT whose hidden states are just averaged."""
        from .bert import load_bert, read_weights

        if not _is_averaged_bert(self._folder):
            return None
        return load_bert(self._folder / "config.json", read_weights(self._folder))

    @cached_property
    def _model(self) -> "SentenceTransformer":
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Array (n, dimension), float32, rows of length 1, in the order of `texts`.

        Batches hold texts of similar length, so that little is padded. A text beyond `window` is cut by the model.
        Raises ModelError in a process that was forked after a model ran.
        """
        check_process()
        if len(texts) == 1 and self._encoder is not None:
            return self._embed_alone(texts[0])
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

    def _embed_alone(self, text: str) -> Vectors:
        """The row of a question: the same numbers, without the seconds that importing the big library takes."""
        import torch

        assert self._encoder is not None
        ids = torch.tensor([self._tokenizer.encode(text).ids])
        if ids.shape[1] > self.window:
            ids = torch.cat([ids[:, : self.window - 1], ids[:, -1:]], dim=1)
        with torch.inference_mode():
            mean = self._encoder(ids, torch.zeros_like(ids), torch.ones_like(ids)).mean(dim=1)
            vectors: Vectors = torch.nn.functional.normalize(mean).numpy()
        return vectors

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` by the model's own tokenizer, special ones included, nothing cut."""
        return len(self._tokenizer.encode(text).ids)


def blended(vectors: Vectors) -> Vectors:
    """The rows that a passage is found by, from those of its whole text, first, and of each of its sentences.

    Their inner product with a question's vector is 0.4 of its cosine with the passage, and 0.6 of that with a sentence.
    """
    whole, each = vectors[:1], vectors[1:]
    mixed: Vectors = (1 - SENTENCE_SHARE) * whole + SENTENCE_SHARE * each if len(each) else whole
    return mixed


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
    try:
        window = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]
        config = json.loads((folder / "config.json").read_text())
        dimension = next(config[name] for name in ("hidden_size", "dim", "d_model") if name in config)
        for module in json.loads((folder / "modules.json").read_text()):
            if module["type"].endswith(".Dense"):
                dimension = json.loads((folder / module["path"] / "config.json").read_text())["out_features"]
        return int(window), int(dimension)
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        raise ModelError(
            f"The configuration in {str(folder)!r} does not say how long a text and a vector are "
            f"({type(error).__name__}: {error}). Name another model."
        ) from error


def _is_averaged_bert(folder: Path) -> bool:
    """Whether a model is a BERT whose hidden states are averaged and normalized, as all-MiniLM-L6-v2's are."""
    config = json.loads((folder / "config.json").read_text())
    modules = [module["type"].rsplit(".")[-1] for module in json.loads((folder / "modules.json").read_text())]
    if config.get("model_type") != "bert" or modules != ["Transformer", "Pooling", "Normalize"]:
        return False
    pooling = json.loads((folder / "1_Pooling" / "config.json").read_text())
    chosen = [name for name, value in pooling.items() if name.startswith("pooling_mode_") and value is True]
    return chosen == ["pooling_mode_mean_tokens"] and config.get("hidden_act") == "gelu"
