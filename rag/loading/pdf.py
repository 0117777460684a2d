"""PDF by pypdfium2: the text layer page by page, as the file orders it.

Headings come from the outline where its titles fill lines of the text, else from lines set clearly larger than the
rest. A blank line parts two pages, but no more than the end of a line where a sentence runs on from one to the other.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from ..values import Heading, Page
from .decoding import normalize_line_ends
from .extracted import BLOCK_BREAK, Extracted, Unreadable

LARGER = 1.15  # a heading is set at least this many times the size of the body
LONGEST_HEADING = 150  # characters: a longer run in large type is a pull quote or a slide
_HYPHENS = str.maketrans({"\ufffe": "-", "\x02": "-"})  # how PDFium writes a hyphen at the end of a line
_NUMBER = (  # of a section, which may stand before a title that the outline has without it, or with a part of it
    r"(?:(?:appendix|chapter|part|section)[^\S\n]+)?(?:(?:\d+|[a-z]|[ivxl]+)(?:\.\d+)*[^\w\n]+)?"
)
_SENTENCE_ENDS = (".", "!", "?", ":", "…")
_CLOSING = "\"'’”“»›)]}"  # what may stand after the end of a sentence
_CHARACTER = re.compile("\r\n|.", re.DOTALL)  # what `page_text` makes one character of
_PDFIUM = Lock()  # PDFium must not be called from two threads at once


def read_pdf(data: bytes) -> Extracted:
    """The text of all pages with their spans, headings, title, author and date. Raises Unreadable."""
    with opened(data) as document:
        return _read(document)


@contextmanager
def opened(data: bytes) -> Iterator[Any]:
    """The PDF as a `pypdfium2.PdfDocument`, closed at the end; until then every other thread that opens one waits.

    All use of PDFium stands inside of this, and none inside of another. Raises Unreadable for a file that cannot be
    opened, and for what PDFium finds broken in it later.
    """
    import pypdfium2

    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            raise Unreadable(_why(error)) from error
        try:
            yield document
        except pypdfium2.PdfiumError as error:
            raise Unreadable(f"the PDF is broken ({error})") from error
        finally:
            document.close()


def page_text(text_page: Any) -> str:
    """What a page's text layer says, as it stands in the text of the document."""
    return normalize_line_ends(_raw_text(text_page).translate(_HYPHENS)).replace("\x00", "\ufffd")


def char_indexes(text_page: Any, start: int, end: int) -> list[int]:
    """PDFium's index of each character of `page_text(text_page)[start:end]`; of a line end, that of its `\\r`.

    PDFium counts UTF-16 units, two for a line end, and characters that it leaves out of the text.
    """
    from pypdfium2.raw import FPDFText_GetCharIndexFromTextIndex as index_of

    indexes, unit = [], 0
    for offset, match in enumerate(_CHARACTER.finditer(_raw_text(text_page))):
        if offset >= end:
            break
        if offset >= start:
            indexes.append(index_of(text_page, unit))
        unit += len(match[0].encode("utf-16-le")) // 2
    return indexes


def _why(error: Exception) -> str:
    if "password" in str(error).lower():
        return "it is encrypted; save a copy without the password"
    return f"the PDF is broken ({error})"


def _read(document: Any) -> Extracted:
    texts, lines = [], []
    for page in document:
        text_page = page.get_textpage()
        texts.append(page_text(text_page))
        lines.append(_sized_lines(text_page, texts[-1]))
        text_page.close()
        page.close()
    if not any(text.strip() for text in texts):
        raise Unreadable("it has no text layer (a scan?); run an OCR program such as ocrmypdf over it first")
    parted = list(zip(texts, [*map(_page_break, texts, texts[1:]), ""], strict=True))
    pages, start = [], 0
    for number, (text, page_break) in enumerate(parted, 1):
        pages.append(Page(number, start, start + len(text)))
        start += len(text) + len(page_break)
    headings = _outline(document, pages, texts) or _large_lines(pages, texts, lines)
    info = document.get_metadata_dict(skip_empty=True)
    return Extracted(
        "".join(text + page_break for text, page_break in parted),
        title=info.get("Title", "").strip() or None,
        pages=tuple(pages),
        headings=tuple(headings),
        metadata=_metadata(info),
    )


def _raw_text(text_page: Any) -> str:
    text: str = text_page.get_text_range(errors="replace")
    return text


def _page_break(text: str, following: str) -> str:
    """What is put between two pages: a blank line would end a sentence that runs on."""
    ended = text.rstrip().rstrip(_CLOSING).endswith(_SENTENCE_ENDS)
    return "\n" if following.lstrip()[:1].islower() and not ended else BLOCK_BREAK


def _metadata(info: dict[str, str]) -> dict[str, str]:
    metadata = {"author": info["Author"]} if "Author" in info else {}
    made = re.match(r"D:(\d{4})(\d{2})(\d{2})", info.get("CreationDate", ""))
    return {**metadata, "date": "-".join(made.groups())} if made else metadata


def _outline(document: Any, pages: list[Page], texts: list[str]) -> list[Heading]:
    headings, after = [], 0
    for entry in document.get_toc():
        title, destination = entry.get_title().strip(), entry.get_dest()
        index = destination.get_index() if destination else None
        if not title or index is None or index >= len(pages):
            continue
        words = r"\s+".join(map(re.escape, title.split()))
        whole_lines = re.compile(rf"^[^\S\n]*({_NUMBER}{words})[^\S\n]*$", re.IGNORECASE | re.MULTILINE)
        page = pages[index]
        match = whole_lines.search(texts[index], max(0, after - page.start))
        if match:
            start, after = page.start + match.start(1), page.start + match.end(1)
            headings.append(Heading(min(entry.level + 1, 6), " ".join(title.split()), start, after))
    return headings


def _sized_lines(text_page: Any, text: str) -> list[tuple[float, int, int]]:
    """Type size (points), start and end of each line that is not blank; offsets within the page."""
    sized, start, index = [], 0, 0
    count = text_page.count_chars()
    for line in text.split("\n"):
        first = index + len(line) - len(line.lstrip())
        if line.strip() and first < count:
            _, bottom, _, top = text_page.get_charbox(first, loose=True)
            sized.append((round(top - bottom, 1), start, start + len(line)))
        start += len(line) + 1
        index += len(line) + 2  # PDFium counts the `\r\n` that it writes at the end of a line
    return sized


def _large_lines(pages: list[Page], texts: list[str], lines: list[list[tuple[float, int, int]]]) -> list[Heading]:
    lengths: Counter[float] = Counter()
    for page_lines in lines:
        for size, start, end in page_lines:
            lengths[size] += end - start
    body = lengths.most_common(1)[0][0] if lengths else 0.0
    large = sorted((size for size in lengths if size >= LARGER * body), reverse=True)
    levels = {size: min(level, 6) for level, size in enumerate(large, 1)}
    headings = []
    for page, text, page_lines in zip(pages, texts, lines, strict=True):
        for size, start, end in _joined(page_lines):
            title = " ".join(text[start:end].split())
            if size in levels and len(title) <= LONGEST_HEADING and any(c.isalpha() for c in title):
                headings.append(Heading(levels[size], title, page.start + start, page.start + end))
    return headings


def _joined(lines: list[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """Lines that follow each other in one size, as one: a heading may take two lines."""
    joined: list[tuple[float, int, int]] = []
    for size, start, end in lines:
        if joined and joined[-1][0] == size:
            joined[-1] = (size, joined[-1][1], end)
        else:
            joined.append((size, start, end))
    return joined
