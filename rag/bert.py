"""A BERT encoder (Devlin et al. 2019) in plain PyTorch, for the reader and for questions.

The same weights give the same numbers as in transformers (a test compares them). What is gained is the start: importing
transformers and sentence-transformers takes twice as long as all the rest of `pincite ask`.
"""

import json
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch.nn import Embedding, LayerNorm, Linear, Module, ModuleDict, ModuleList
from torch.nn.functional import gelu, scaled_dot_product_attention

from .errors import ModelError
from .models import WEIGHTS

Weights = dict[str, torch.Tensor]


class Bert(Module):
    """Token ids to hidden states. Parameters are named as in transformers' `BertModel`, so that its files load."""

    def __init__(self, config: dict[str, int]):
        super().__init__()
        width, eps = config["hidden_size"], config["layer_norm_eps"]
        self.embeddings = ModuleDict(
            {
                "word_embeddings": Embedding(config["vocab_size"], width),
                "position_embeddings": Embedding(config["max_position_embeddings"], width),
                "token_type_embeddings": Embedding(config["type_vocab_size"], width),
                "LayerNorm": LayerNorm(width, eps),
            }
        )
        self.encoder = ModuleDict({"layer": ModuleList(_Layer(config) for _ in range(config["num_hidden_layers"]))})

    def forward(self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Hidden states (n, length, width) of token ids, token types and mask (1: a token, 0: padding), (n, length)."""
        positions = torch.arange(ids.shape[1], device=ids.device)
        embedded = self.embeddings["word_embeddings"](ids) + self.embeddings["token_type_embeddings"](types)
        hidden = self.embeddings["LayerNorm"](embedded + self.embeddings["position_embeddings"](positions))
        attended = mask[:, None, None, :].bool()
        for layer in cast(ModuleList, self.encoder["layer"]):
            hidden = layer(hidden, attended)
        return cast(torch.Tensor, hidden)


class _Layer(Module):
    def __init__(self, config: dict[str, int]):
        super().__init__()
        width, inner, eps = config["hidden_size"], config["intermediate_size"], config["layer_norm_eps"]
        self.heads = config["num_attention_heads"]
        self.attention = ModuleDict(
            {
                "self": ModuleDict({name: Linear(width, width) for name in ("query", "key", "value")}),
                "output": ModuleDict({"dense": Linear(width, width), "LayerNorm": LayerNorm(width, eps)}),
            }
        )
        self.intermediate = ModuleDict({"dense": Linear(width, inner)})
        self.output = ModuleDict({"dense": Linear(inner, width), "LayerNorm": LayerNorm(width, eps)})

    def forward(self, hidden: torch.Tensor, attended: torch.Tensor) -> torch.Tensor:
        parts, joined = cast(ModuleDict, self.attention["self"]), cast(ModuleDict, self.attention["output"])
        query, key, value = (self._by_head(parts[name](hidden)) for name in ("query", "key", "value"))
        mixed = _attend(query, key, value, attended)
        hidden = joined["LayerNorm"](joined["dense"](mixed.transpose(1, 2).flatten(2)) + hidden)
        inner = self.output["dense"](gelu(self.intermediate["dense"](hidden)))
        return cast(torch.Tensor, self.output["LayerNorm"](inner + hidden))

    def _by_head(self, hidden: torch.Tensor) -> torch.Tensor:
        rows, length, width = hidden.shape
        return hidden.view(rows, length, self.heads, width // self.heads).transpose(1, 2)


def _attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attended: torch.Tensor) -> torch.Tensor:
    """Attention; when a CPU trains in bfloat16, in float32, in which PyTorch's is nearly twice as fast there."""
    if query.dtype == torch.bfloat16 and query.device.type == "cpu":
        with torch.autocast("cpu", enabled=False):
            return scaled_dot_product_attention(query.float(), key.float(), value.float(), attn_mask=attended)
    return scaled_dot_product_attention(query, key, value, attn_mask=attended)


def load_bert(config: Path, weights: Weights) -> Bert:
    """An encoder for inference, in float32. `config` is a `config.json`; further weights are left alone."""
    model = Bert(json.loads(config.read_text()))
    wanted = {name: weights[name].float() for name in model.state_dict()}
    model.load_state_dict(wanted, assign=True)
    return model.eval()


def read_weights(folder: Path) -> Weights:
    """The tensors in a model's folder. Raises ModelError."""
    try:
        return load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"Cannot read {str(folder / WEIGHTS)!r}: {error}. Name the folder of a model.") from error
