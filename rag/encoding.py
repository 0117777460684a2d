"""The tokens that a chunk's budget is counted in: byte-level BPE by tiktoken, with ranks that ship with the package.

tiktoken's own encodings are downloads; ours is a file (made by `python -m rag.index.encoding`), so that a document is
cut the same on every machine, without a network. Byte-level BPE: Sennrich et al. 2016, Radford et al. 2019.
"""

import base64
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import EncodingError

if TYPE_CHECKING:
    import tiktoken

SHIPPED = "pincite-16k"
RANKS = Path(__file__).parent / "weights" / f"{SHIPPED}.tiktoken"
# Words with the space before them, numbers by threes, runs of punctuation, line ends, spaces.
PATTERN = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


@cache
def encoding(name: str = SHIPPED) -> "tiktoken.Encoding":
    """The encoding of that name: the shipped one, or one of tiktoken's own such as "o200k_base".

    Raises EncodingError when tiktoken does not know the name or cannot get the file.
    """
    import tiktoken

    if name == SHIPPED:
        return tiktoken.Encoding(SHIPPED, pat_str=PATTERN, mergeable_ranks=_ranks(), special_tokens={})
    try:
        return tiktoken.get_encoding(name)
    except ValueError as error:
        known = ", ".join([SHIPPED, *tiktoken.list_encoding_names()])
        raise EncodingError(f"There is no encoding {name!r}. Known are: {known}.") from error
    except Exception as error:  # what the download raises depends on the HTTP client that tiktoken uses
        raise EncodingError(
            f"The encoding {name!r} is not on this machine and could not be downloaded ({type(error).__name__}). "
            f"Use {SHIPPED!r}, which ships with pincite, or put its file into a folder named by TIKTOKEN_CACHE_DIR."
        ) from error


def count_tokens(text: str, name: str = SHIPPED) -> int:
    """How many tokens `text` has; names of special tokens in it are plain text."""
    return len(encoding(name).encode_ordinary(text))


def _ranks() -> dict[bytes, int]:
    # tiktoken's loader keeps a copy of each file in the temporary folder and would go on reading an old one.
    lines = RANKS.read_bytes().splitlines()
    return {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}
