"""What the network is fitted to: batches of examples as tensors, and the loss of its scores on them.

Start and end: cross entropy over the passage's tokens and the first one, which stands for "no answer" (Devlin et al.
2019); where annotators marked several spans, against the share of them that begins or ends at a token. Inside, for
answers of several spans (Segal et al. 2020), and answerable: binary cross entropy.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax

from ..reading.channels import ANSWERABLE, END, INSIDE, START
from .examples import Example

_ANSWERABLE_WEIGHT, _INSIDE_WEIGHT = 0.5, 1.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs (ids, types, mask) and targets of n examples, each (n, length); `passage` marks the passage's tokens."""

    inputs: tuple[torch.Tensor, torch.Tensor, torch.Tensor]
    passage: torch.Tensor
    starts: torch.Tensor
    ends: torch.Tensor
    inside: torch.Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same on a device."""
        ids, types, mask = (tensor.to(device) for tensor in self.inputs)
        targets = (tensor.to(device) for tensor in (self.passage, self.starts, self.ends, self.inside))
        return Batch((ids, types, mask), *targets)


def batch_of(examples: Sequence[Example], tokenizer: Any) -> Batch:
    """The examples as tensors, padded to the longest. A span that the window cuts off counts as no answer."""
    encoded = tokenizer.encode_batch([(example.question, example.text) for example in examples])
    shape = (len(examples), max(len(row.ids) for row in encoded))
    inputs = tuple(torch.zeros(shape, dtype=torch.long) for _ in range(3))
    passage, starts, ends, inside = (torch.zeros(shape) for _ in range(4))
    for row, (example, window) in enumerate(zip(examples, encoded, strict=True)):
        for target, values in zip(inputs, (window.ids, window.type_ids, window.attention_mask), strict=True):
            target[row, : len(values)] = torch.tensor(values)
        tokens = [i for i, part in enumerate(window.sequence_ids) if part == 1]
        passage[row, tokens] = 1
        covered = [_tokens(span, window.offsets, tokens) for span in example.spans]
        spans = [(found[0], found[-1]) for found in covered if found]
        for first, last in spans or [(0, 0)]:
            starts[row, first] += 1 / max(len(spans), 1)
            ends[row, last] += 1 / max(len(spans), 1)
        marked = spans if example.every else [span for span, _ in Counter(spans).most_common(1)]
        for first, last in marked:
            inside[row, first : last + 1] = 1
    ids, types, mask = inputs
    return Batch((ids, types, mask), passage, starts, ends, inside)


def loss_of(scores: torch.Tensor, batch: Batch) -> torch.Tensor:
    """The mean loss of the network's scores (n, length, channels) on a batch."""
    scores = scores.float()
    allowed = batch.passage.bool()
    allowed[:, 0] = True
    spans = torch.zeros((), device=scores.device)
    for channel, target in ((START, batch.starts), (END, batch.ends)):
        logs = log_softmax(scores[..., channel].masked_fill(~allowed, -1e4), dim=1)
        spans = spans - (target * logs).sum(dim=1).mean() / 2
    answerable = binary_cross_entropy_with_logits(scores[:, 0, ANSWERABLE], 1 - batch.starts[:, 0])
    inside = binary_cross_entropy_with_logits(scores[..., INSIDE], batch.inside, reduction="none")
    inside = ((inside * batch.passage).sum(dim=1) / batch.passage.sum(dim=1).clamp(min=1)).mean()
    return spans + _ANSWERABLE_WEIGHT * answerable + _INSIDE_WEIGHT * inside


def _tokens(span: tuple[int, int], offsets: Sequence[tuple[int, int]], tokens: Sequence[int]) -> list[int]:
    return [i for i in tokens if offsets[i][0] < span[1] and offsets[i][1] > span[0]]
