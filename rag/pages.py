"""A page of a PDF as an image, and where on it the characters of a quote stand."""

import hashlib
import io
from dataclasses import dataclass
from math import pi
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import FileError, QuestionError
from .loading import read_bytes
from .loading.extracted import Unreadable
from .loading.pdf import char_indexes, opened, page_text
from .values import Document, Page

if TYPE_CHECKING:
    from PIL.Image import Image

_Rectangle = tuple[float, float, float, float]  # left, bottom, right, top: points from the bottom left, as in the PDF

WIDTHS = (200, 3000)  # pixels: below, nothing can be read; above, an image takes seconds
MOST_HEIGHT = 4000  # pixels: a page may be a hundred times as high as it is wide
_FINE = 1_000_000  # PDFium gives places on a page as whole numbers: as millionths of its width and height
_MANY_COLOURS = 1 << 16  # a photograph has more; with a palette it takes a quarter of the bytes
_WIDEST_BLANK = 3  # heights of a line: more lies between columns, or between the end of a line and the next
_READ_AGAIN = "read it again with `pincite index`"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page: fractions (0 to 1) of the page's width and height, from its top left corner."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PageImage:
    """Page `number` (from 1) `of` so many as PNG, `width` by `height` pixels, and a box for each line of the quote.

    Parts of a line that stand far apart, as the columns of a table, have a box each.
    """

    number: int
    of: int
    png: bytes
    width: int
    height: int
    boxes: tuple[Box, ...]


def page_image(
    document: Document, location: str | Path, number: int, start: int, end: int, *, width: int = 900
) -> PageImage:
    """Page `number` of the document, whose file is at `location`, with the boxes of `document.text[start:end]`.

    `width` is in pixels, from 200 to 3000 (what lies outside is taken as the nearest), less for a page that would be
    higher than 4000. There are no boxes where the quote stands on another page, nor where the PDF reader that is
    installed now reads other text from the page than the document has.

    Raises FileError for a file that is gone, has changed since it was read, or is broken, and QuestionError for a
    page or a span that the document does not have.
    """
    page = _page(document, number)
    if not 0 <= start <= end <= len(document.text):
        raise QuestionError(
            f"There is no quote from {start} to {end} in {document.source!r}, "
            f"which has the characters 0 to {len(document.text)}."
        )
    data = _unchanged(document, location)
    try:
        with opened(data) as pdf:
            pdf.init_forms()  # what was filled in is drawn too
            sheet = pdf[number - 1]
            image = _drawn(sheet, min(max(width, WIDTHS[0]), WIDTHS[1]))
            boxes = _boxes(sheet, document, page, start, end)
    except Unreadable as error:
        raise FileError(location, str(error)) from error
    return PageImage(number, len(document.pages), _png(image), image.width, image.height, boxes)


def _page(document: Document, number: int) -> Page:
    for page in document.pages:
        if page.number == number:
            return page
    has = f"has the pages 1 to {len(document.pages)}" if document.pages else "has no pages, as only a PDF has"
    raise QuestionError(f"There is no page {number} in {document.source!r}; it {has}.")


def _unchanged(document: Document, location: str | Path) -> bytes:
    try:
        data = read_bytes(location)
    except FileError as error:
        raise FileError(location, f"{error.reason}; if it has changed, {_READ_AGAIN}") from error
    if hashlib.sha256(data).hexdigest() != document.sha256:
        raise FileError(location, f"it has changed since it was read; {_READ_AGAIN}")
    return data


def _drawn(sheet: Any, width: int) -> "Image":
    # PDFium's wrapper rounds sizes up, so half a pixel less gives the whole number exactly
    scale = min((width - 0.5) / sheet.get_width(), (MOST_HEIGHT - 0.5) / sheet.get_height())
    bitmap = sheet.render(scale=scale)
    image: Image = bitmap.to_pil()
    bitmap.close()
    return image


def _png(image: "Image") -> bytes:
    from PIL.Image import Quantize

    red, green, blue = (channel.tobytes() for channel in image.split())
    if red == green == blue:
        image = image.convert("L")  # a third of the size
    elif image.getcolors(_MANY_COLOURS) is None:
        image = image.quantize(method=Quantize.FASTOCTREE)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _boxes(sheet: Any, document: Document, page: Page, start: int, end: int) -> tuple[Box, ...]:
    start, end = max(start, page.start) - page.start, min(end, page.end) - page.start
    text_page = sheet.get_textpage()
    text = page_text(text_page)
    if start >= end or text != document.text[page.start : page.end]:
        return ()
    indexes = char_indexes(text_page, start, end)
    printed = [index for index, character in zip(indexes, text[start:end], strict=True) if not character.isspace()]
    boxes = (_box(sheet, line) for line in _lines(text_page, printed))
    return tuple(box for box in boxes if box.left < box.right and box.top < box.bottom)


def _lines(text_page: Any, indexes: list[int]) -> list[_Rectangle]:
    """The rectangles of characters, joined where they stand beside each other."""
    lines: list[_Rectangle] = []
    before: _Rectangle | None = None  # of one character: a line that is not level would drift out of reach
    for index in indexes:
        rectangle = text_page.get_charbox(index, loose=True)
        if before and _beside(before, rectangle, _runs_down(text_page, index)):
            lines[-1] = _around(lines[-1], rectangle)
        else:
            lines.append(rectangle)
        before = rectangle
    return lines


def _runs_down(text_page: Any, index: int) -> bool:
    """Whether the text runs up or down the page, as in a table that is set sideways."""
    from pypdfium2.raw import FPDFText_GetCharAngle

    angle: float = FPDFText_GetCharAngle(text_page, index)
    return round(angle / (pi / 2)) % 2 == 1


def _beside(one: _Rectangle, other: _Rectangle, runs_down: bool) -> bool:
    """Whether two characters have half of their height in common, and no more than a wide blank between them."""
    along, across = (1, 0) if runs_down else (0, 1)
    height = min(rectangle[across + 2] - rectangle[across] for rectangle in (one, other))
    return _shared(one, other, across) >= height / 2 and -_shared(one, other, along) <= _WIDEST_BLANK * height


def _shared(one: _Rectangle, other: _Rectangle, axis: int) -> float:
    """How much two rectangles have in common on an axis; less than 0: how far they are apart."""
    return min(one[axis + 2], other[axis + 2]) - max(one[axis], other[axis])


def _around(one: _Rectangle, other: _Rectangle) -> _Rectangle:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _box(sheet: Any, rectangle: _Rectangle) -> Box:
    """The rectangle on the page as it is shown, cropped and turned; without extent where it lies outside."""
    left, bottom, right, top = rectangle
    (x, y), (other_x, other_y) = _place(sheet, left, top), _place(sheet, right, bottom)
    return Box(min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y))


def _place(sheet: Any, x: float, y: float) -> tuple[float, float]:
    from ctypes import c_int

    from pypdfium2.raw import FPDF_PageToDevice

    across, down = c_int(), c_int()
    FPDF_PageToDevice(sheet, 0, 0, _FINE, _FINE, 0, x, y, across, down)
    return min(max(across.value / _FINE, 0.0), 1.0), min(max(down.value / _FINE, 0.0), 1.0)
