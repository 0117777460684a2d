"""The network of the extractive reader: a BERT encoder and, for each token, a few scores."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import torch
from torch.nn import Linear, Module

from ..bert import Bert, read_weights
from ..errors import ModelError
from ..models import WEIGHTS, find_model
from .channels import CHANNELS, END

_SHARED = "bert.embeddings.word_embeddings.weight"  # the same as the base's: frozen in training, not stored again


class ReaderNetwork(Module):
    """Token ids to scores. A reader of an older kind has the first two channels only."""

    def __init__(self, config: dict[str, int], channels: int = CHANNELS):
        super().__init__()
        self.bert = Bert(config)
        self.qa_outputs = Linear(config["hidden_size"], channels)

    def forward(self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Scores (n, length, channels) of token ids, types and mask (1: a token, 0: padding), each (n, length)."""
        return cast(torch.Tensor, self.qa_outputs(self.bert(ids, types, mask)))


def load_network(folder: Path) -> ReaderNetwork:
    """The network in a reader's folder, in float32; token embeddings that it does not hold are the base's.

    Raises ModelError.
    """
    weights = read_weights(folder)
    if _SHARED not in weights:
        weights[_SHARED] = _base_embeddings()
    with _reader_in(folder):
        network = ReaderNetwork(_config(folder), weights["qa_outputs.weight"].shape[0])
        network.load_state_dict({name: weights[name].float() for name in network.state_dict()}, assign=True)
    return network.eval()


def network_to_train(folder: Path | None) -> ReaderNetwork:
    """A network to go on with from a reader's folder; without one, the base's encoder with an untrained head.

    Raises ModelError.
    """
    base, _ = find_model()
    found = read_weights(folder or base)
    weights = found if folder else {f"bert.{name}": tensor for name, tensor in found.items()}
    weights[_SHARED] = _base_embeddings()
    with _reader_in(folder or base):
        network = ReaderNetwork(_config(folder or base))
        fresh = network.state_dict()
        for name in ("qa_outputs.weight", "qa_outputs.bias"):
            fresh[name] = torch.normal(0.0, 0.02, fresh[name].shape) if "weight" in name else torch.zeros(CHANNELS)
            if name in weights:
                fresh[name][: len(weights[name])] = weights[name].float()
            weights[name] = fresh[name]
        network.load_state_dict({name: weights[name].float() for name in network.state_dict()})
    network.bert.embeddings["word_embeddings"].weight.requires_grad = False
    return network


def save_network(network: ReaderNetwork, folder: Path) -> None:
    """Write the weights in half precision, without the token embeddings that are the base's."""
    from safetensors.torch import save_file

    state = {name: tensor.detach().cpu() for name, tensor in network.state_dict().items() if name != _SHARED}
    save_file({name: tensor.half().contiguous() for name, tensor in state.items()}, folder / WEIGHTS)


def save_for_transformers(reader: Path, folder: Path) -> None:
    """Write a reader as transformers' `BertForQuestionAnswering` reads it, in float32 with tokenizer and embeddings."""
    from safetensors.torch import save_file

    base, _ = find_model()
    state = load_network(reader).state_dict()
    state |= {name: state[name][: END + 1] for name in ("qa_outputs.weight", "qa_outputs.bias")}
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / WEIGHTS, {"format": "pt"})
    config = {**_config(base), "architectures": ["BertForQuestionAnswering"], "model_type": "bert"}
    (folder / "config.json").write_text(json.dumps(config))
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        if (base / name).is_file():
            (folder / name).write_bytes((base / name).read_bytes())


def _base_embeddings() -> torch.Tensor:
    base, _ = find_model()
    return read_weights(base)[_SHARED.removeprefix("bert.")].half()


@contextmanager
def _reader_in(folder: Path) -> Iterator[None]:
    """What is wrong with a folder that is no reader's, as an error of ours."""
    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"{str(folder)!r} holds no extractive reader ({type(error).__name__}: {error}). "
            "Name the folder of one, as `pincite train` writes it."
        ) from error


def _config(folder: Path) -> dict[str, int]:
    return cast(dict[str, int], json.loads((folder / "config.json").read_text()))
