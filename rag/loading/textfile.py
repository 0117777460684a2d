"""Plain text: the file is the text."""

from .decoding import decode
from .extracted import Extracted


def read_text(data: bytes) -> Extracted:
    """The whole file as text. Raises NotText."""
    return Extracted(text=decode(data))
