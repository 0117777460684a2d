"""Fitting: batches of similar length, AdamW (Loshchilov and Hutter 2019), a rate that rises, then falls to zero."""

import dataclasses
import hashlib
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..embedding import SentenceEmbedder
from ..errors import DataError, files_of
from ..labelled import Labelled, hold_out
from ..models import WEIGHTS, find_model
from ..reading.extractive import WINDOW, ExtractiveReader, tokenizer_of
from .examples import Example, Examples, Mix

CHECKPOINT = "checkpoint.pt"
HELD_OUT = 0.08  # of the articles, on which nothing is trained
WARM_UP = 0.04  # of all steps
_POOL = 32  # batches among which examples of similar length are put together
_SMOOTH = 0.98  # of the loss that is shown
_SAVE_EVERY = 300.0  # seconds between checkpoints


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train: for a number of `epochs`, or for `minutes` of training time when given."""

    mix: Mix
    epochs: float = 2.0
    minutes: float | None = None
    seed: int = 0
    batch: int = 32
    rate: float = 1e-4


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of it: steps taken, examples seen, seconds spent, and the loss at the end, smoothed."""

    steps: int
    examples: int
    seconds: float
    loss: float
    device: str


def check_free(out: Path) -> None:
    """Raises DataError where a folder holds a reader or a checkpoint, which `train` would write over."""
    held = [name for name in (CHECKPOINT, WEIGHTS) if (out / name).exists()]
    if held:
        raise DataError(
            f"{str(out)!r} holds {' and '.join(held)} of an earlier training. Go on from it with `--resume`, replace "
            "it with `--overwrite`, or name another folder."
        )


def train(
    labelled: Labelled,
    plan: Plan,
    out: Path,
    *,
    start: Path | None = None,
    resume: bool = False,
    stop_after: int | None = None,
    progress: bool = False,
) -> Trained:
    """Fit a reader and write it into the folder `out`, over one that is there; `ExtractiveReader` reads it.

    `start`: a reader's folder to go on from instead of the embedding model. A checkpoint is written every five
    minutes; with `resume` the training goes on from it, to the same weights as if it had not been interrupted (but
    for a plan in minutes, whose rate follows the clock). `stop_after` interrupts it after so many steps. Raises
    DataError when there is no question to train on, or nothing that can be resumed.
    """
    import torch

    from ..reading.network import network_to_train, save_network

    paragraphs, _ = hold_out(labelled.paragraphs, HELD_OUT, plan.seed)
    if not any(paragraph.questions for paragraph in paragraphs):
        raise DataError("There is no question to train on: give more files, or files of more articles.")
    with files_of(DataError, f"write into {str(out)!r}", "Name another folder."):
        out.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(plan.seed)
    network = network_to_train(start).to(device)
    optimizer = torch.optim.AdamW(_groups(network), lr=plan.rate)
    state = _State(fingerprint=_fingerprint(labelled, plan, start))
    if resume:
        state = _load(out / CHECKPOINT, state, network, optimizer)
    examples = Examples(paragraphs, plan.mix, plan.seed, SentenceEmbedder())
    tokenizer = _tokenizer()
    total = math.ceil(plan.epochs * len(_batches(examples.epoch(0), plan, 0)))
    saved = time.monotonic()
    network.train()
    with _Bar(total, state, plan, shown=progress) as bar:
        for batch in _steps(examples, plan, state.step):
            done = state.seconds / (plan.minutes * 60) if plan.minutes else state.step / total
            if done >= 1 or state.step == stop_after:
                break
            begun = time.monotonic()
            rate = plan.rate * min(1.0, (state.step + 1) / max(1.0, WARM_UP * total)) * (1 - done)
            loss = _step(network, optimizer, batch, tokenizer, rate, device)
            state.advance(loss, len(batch), time.monotonic() - begun)
            bar.show(state)
            if time.monotonic() - saved > _SAVE_EVERY:
                _save(out / CHECKPOINT, state, network, optimizer)
                saved = time.monotonic()
    _save(out / CHECKPOINT, state, network, optimizer)
    save_network(network, out)
    base, _ = find_model()
    for name in ("config.json", "tokenizer.json"):
        (out / name).write_bytes((base / name).read_bytes())
    return Trained(state.step, state.examples, state.seconds, state.loss, str(device))


@dataclass(slots=True)
class _State:
    """How far the training has come."""

    fingerprint: str
    step: int = 0
    examples: int = 0
    seconds: float = 0.0
    loss: float = 0.0

    def advance(self, loss: float, examples: int, seconds: float) -> None:
        weight = max(1 - _SMOOTH, 1 / (self.step + 1))
        self.loss += weight * (loss - self.loss)
        self.step += 1
        self.examples += examples
        self.seconds += seconds


class _Bar:
    """Steps done, loss, rate and time left, on standard error."""

    def __init__(self, total: int, state: _State, plan: Plan, *, shown: bool):
        from tqdm import tqdm

        minutes = plan.minutes
        shape = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} {unit} [{elapsed}<{remaining}{postfix}]"
        self._by_time = minutes is not None
        self._bar = tqdm(
            desc="Training",
            total=minutes * 60 if minutes else total,
            initial=state.seconds if minutes else state.step,
            unit="s" if minutes else "steps",
            bar_format=shape,
            disable=not shown,
        )

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, state: _State) -> None:
        self._bar.set_postfix_str(
            f"loss {state.loss:.3f}, step {state.step}, {state.examples / max(state.seconds, 1e-9):.1f} examples/s",
            refresh=False,
        )
        done = state.seconds if self._by_time else state.step
        self._bar.update(min(done, self._bar.total) - self._bar.n)


def _step(network: Any, optimizer: Any, examples: Sequence[Example], tokenizer: Any, rate: float, device: Any) -> float:
    """One step of the optimizer; the loss before it."""
    import torch

    from .loss import batch_of, loss_of

    for group in optimizer.param_groups:
        group["lr"] = rate
    batch = batch_of(examples, tokenizer).to(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=_multiplies_halves(device)):
        loss = loss_of(network(*batch.inputs), batch)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return float(loss.detach())


def _multiplies_halves(device: Any) -> bool:
    """Whether a device multiplies in bfloat16: GPUs, and some CPUs, which then train two to three times as fast."""
    import torch

    found: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # older PyTorch has none
    return device.type == "cuda" or bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def _steps(examples: Examples, plan: Plan, done: int) -> Iterator[list[Example]]:
    """Batches of one epoch after the other, without the first `done`."""
    epoch = 0
    while True:
        batches = _batches(examples.epoch(epoch), plan, epoch)
        yield from batches[done:]
        done = max(0, done - len(batches))
        epoch += 1


def _batches(examples: list[Example], plan: Plan, epoch: int) -> list[list[Example]]:
    """Examples in batches of similar length, the batches in a random order."""
    batches: list[list[Example]] = []
    pool = plan.batch * _POOL
    for begin in range(0, len(examples), pool):
        near = sorted(examples[begin : begin + pool], key=lambda example: len(example.question) + len(example.text))
        batches.extend(near[first : first + plan.batch] for first in range(0, len(near), plan.batch))
    random.Random(f"{plan.seed}:{epoch}:batches").shuffle(batches)  # noqa: S311 - a seed, no secret
    return batches


def _groups(network: Any) -> list[dict[str, Any]]:
    """Parameters to train: matrices with weight decay, the rest without."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() > 1], "weight_decay": 0.01},
        {"params": [p for p in trained if p.dim() == 1], "weight_decay": 0.0},
    ]


def _tokenizer() -> Any:
    tokenizer = tokenizer_of(find_model()[0])
    tokenizer.enable_truncation(WINDOW, strategy="only_second")
    return tokenizer


def _fingerprint(labelled: Labelled, plan: Plan, start: Path | None) -> str:
    """Of all that the weights depend on, so that a run is only resumed as what it was: what is held out depends on the
    names of the files, what is drawn on their order."""
    files = [(Path(path).name, digest) for path, digest in labelled.sha256.items()]
    settings = dataclasses.asdict(plan), files, ExtractiveReader(start).sha256 if start else None
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _save(path: Path, state: _State, network: Any, optimizer: Any) -> None:
    import torch

    saved = {"state": dataclasses.asdict(state), "network": network.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save(saved, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def _load(path: Path, wanted: _State, network: Any, optimizer: Any) -> _State:
    import torch

    if not path.is_file():
        raise DataError(f"There is nothing to resume: {str(path)!r} is not there. Train without `--resume`.")
    try:
        saved = torch.load(path, weights_only=True)
        state = _State(**saved["state"])
        if state.fingerprint == wanted.fingerprint:
            network.load_state_dict(saved["network"])
            optimizer.load_state_dict(saved["optimizer"])
    except Exception as error:  # PyTorch raises nearly every kind for a file that is not what it should be
        raise DataError(
            f"Cannot resume from {str(path)!r}: it is cut short, or another program or version wrote it. Start again "
            "without `--resume`, with `--overwrite`."
        ) from error
    if state.fingerprint != wanted.fingerprint:
        raise DataError(
            f"{str(path)!r} was begun with other files or settings. Resume with the same, or start again without "
            "`--resume`, with `--overwrite`."
        )
    return state
