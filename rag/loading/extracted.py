"""What a format's reader hands back, and the builder for formats whose text is put together from blocks."""

from dataclasses import dataclass, field

from ..values import Heading, Page

BLOCK_BREAK = "\n\n"
CELL_BREAK = " | "  # between the cells of a row, which is a line
EMPTY_CELL = "–"  # keeps the cells after it under their own heads


class Unreadable(ValueError):
    """A file that is of its kind but cannot be read; the message says why, and the way out where there is one."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of a file with its pages, headings and what it says of itself."""

    text: str
    title: str | None = None
    pages: tuple[Page, ...] = ()
    headings: tuple[Heading, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    body_start: int = 0


class TextBuilder:
    """Joins blocks of text with blank lines, and knows where each heading came to stand."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self.headings: list[Heading] = []

    def add(self, block: str) -> tuple[int, int]:
        """Append a block and return its span; an empty one is left out."""
        block = block.strip()
        if not block:
            return self._length, self._length
        if self._parts:
            self._append(BLOCK_BREAK)
        start = self._length
        self._append(block)
        return start, self._length

    def add_heading(self, title: str, level: int) -> None:
        """Append a heading as a block of its own."""
        start, end = self.add(title)
        if end > start:
            self.headings.append(Heading(level, " ".join(title.split()), start, end))

    def text(self) -> str:
        """Everything appended so far."""
        return "".join(self._parts)

    def _append(self, part: str) -> None:
        self._parts.append(part)
        self._length += len(part)
