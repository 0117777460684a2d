"""PDF by pypdfium2: the text layer page by page, as the file orders it.

Headings come from the outline where its titles fill lines of the text, else from lines set clearly larger than the
rest. A blank line parts two pages, but no more than the end of a line where a sentence runs on from one to the other.
A word that was parted at the end of a line is one again where that is sure, and a drop cap joins the rest of its word.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from threading import Lock
from typing import Any

from ..encoding import SHIPPED, count_tokens
from ..values import Heading, Page
from .decoding import normalize_line_ends
from .extracted import BLOCK_BREAK, Extracted, Unreadable

LARGER = 1.15  # a heading is set at least this many times the size of the body
_FEWEST_LETTERS = 2  # of a heading: one alone is a drop cap or a mark
LONGEST_HEADING = 150  # characters: a longer run in large type is a pull quote or a slide
_DROP_CAP_SIZE = 1.5  # times the size of the line that it begins
_BROKEN_WORD = re.compile(r"([^\W\d_][\w'’-]*|)[\ufffe\x02]([^\W\d_][\w-]*|)")  # so PDFium marks the hyphen
_WHOLE_WORD = re.compile(r"(?<![\w\ufffe\x02-])[^\W\d_]+(?:-[^\W\d_]+)*(?![\w\ufffe\x02-])")
_LONE_LETTER = re.compile(r"^([^\w\s]?)([^\W\d_])([^\S\r\n]*\r\n)(?=\S)(?=([^\W\d_]*))", re.MULTILINE)
_DROPPED = "\x02"  # stands for what of PDFium's text is left out
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
    return _plain(_marked_text(text_page))


def char_indexes(text_page: Any, start: int, end: int) -> list[int]:
    """PDFium's index of each character of `page_text(text_page)[start:end]`; of a line end, that of its `\\r`.

    PDFium counts UTF-16 units, two for a line end, and characters that it leaves out of the text.
    """
    return [_char_index(text_page, unit) for unit in _units(_marked_text(text_page))[start:end]]


def _why(error: Exception) -> str:
    if "password" in str(error).lower():
        return "it is encrypted; save a copy without the password"
    return f"the PDF is broken ({error})"


def _read(document: Any) -> Extracted:
    texts, lines = [], []
    for page in document:
        text_page = page.get_textpage()
        marked = _marked_text(text_page)
        texts.append(_plain(marked))
        lines.append(_sized_lines(text_page, marked))
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


def _plain(marked: str) -> str:
    return normalize_line_ends(marked.replace(_DROPPED, "")).replace("\x00", "\ufffd")


def _marked_text(text_page: Any) -> str:
    """PDFium's text of a page, character for character, with `_DROPPED` for those that are left out."""
    text: str = text_page.get_text_range(errors="replace")
    words = Counter(map(str.casefold, _WHOLE_WORD.findall(text)))

    def mend_word(match: re.Match[str]) -> str:
        first, rest = match.groups()
        return first + (_DROPPED if _is_one_word(first, rest, words) else "-") + rest

    def mend_drop_cap(match: re.Match[str]) -> str:
        before, letter, gap, rest = match.groups()
        is_word = letter in "AI" and words[rest.casefold()] > 1
        return before + letter + (_DROPPED * len(gap) if not is_word and _is_drop_cap(text_page, match) else gap)

    return _LONE_LETTER.sub(mend_drop_cap, _BROKEN_WORD.sub(mend_word, text))


def _is_one_word(first: str, rest: str, words: Counter[str]) -> bool:
    """Whether a hyphen at the end of a line only parts a word: the page has it whole too, or it is a common one."""
    whole = first + rest
    if f"{first}-{rest}".casefold() in words:
        return False
    return whole.casefold() in words or (whole.islower() and count_tokens(f" {whole}", SHIPPED) == 1)


def _is_drop_cap(text_page: Any, match: re.Match[str]) -> bool:
    """Whether a letter is large, and what follows it in the text stands beside it."""
    places = (len(match.string[:at].encode("utf-16-le")) // 2 for at in (match.start(2), match.end()))
    letter, rest = (text_page.get_charbox(_char_index(text_page, unit), loose=True) for unit in places)
    is_large = letter[3] - letter[1] >= _DROP_CAP_SIZE * (rest[3] - rest[1])
    return match[2].isupper() and is_large and letter[1] <= (rest[1] + rest[3]) / 2 <= letter[3] and letter[0] < rest[0]


def _units(marked: str) -> list[int]:
    """Where in UTF-16 each character of the page's text begins."""
    units, unit = [], 0
    for match in _CHARACTER.finditer(marked):
        if match[0] != _DROPPED:
            units.append(unit)
        unit += 2 if match[0] == "\r\n" or match[0] > "\uffff" else 1
    return units


def _char_index(text_page: Any, unit: int) -> int:
    from pypdfium2.raw import FPDFText_GetCharIndexFromTextIndex

    index: int = FPDFText_GetCharIndexFromTextIndex(text_page, unit)
    return index


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


def _sized_lines(text_page: Any, marked: str) -> list[tuple[float, int, int]]:
    """Type size (points), start and end of each line that is not blank; offsets within the page."""
    sized, start = [], 0
    units = _units(marked)
    for line in _plain(marked).split("\n"):
        if line.strip():
            first = start + len(line) - len(line.lstrip())
            after_drop_cap = (unit for before, unit in pairwise(units[first : first + 3]) if unit - before > 2)
            index = _char_index(text_page, next(after_drop_cap, units[first]))
            _, bottom, _, top = text_page.get_charbox(index, loose=True)
            sized.append((round(top - bottom, 1), start, start + len(line)))
        start += len(line) + 1
    return sized


def _large_lines(pages: list[Page], texts: list[str], lines: list[list[tuple[float, int, int]]]) -> list[Heading]:
    lengths: Counter[float] = Counter()
    for page_lines in lines:
        for size, start, end in page_lines:
            lengths[size] += end - start
    body = lengths.most_common(1)[0][0] if lengths else 0.0
    large = []
    for page, text, page_lines in zip(pages, texts, lines, strict=True):
        for size, start, end in _joined(page_lines):
            title = " ".join(text[start:end].split())
            if (
                size >= LARGER * body
                and len(title) <= LONGEST_HEADING
                and sum(map(str.isalpha, title)) >= _FEWEST_LETTERS
            ):
                large.append((size, title, page.start + start, page.start + end))
    sizes = sorted({size for size, *_ in large}, reverse=True)
    return [Heading(min(sizes.index(size) + 1, 6), title, start, end) for size, title, start, end in large]


def _joined(lines: list[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """Lines that follow each other in one size, as one: a heading may take two lines."""
    joined: list[tuple[float, int, int]] = []
    for size, start, end in lines:
        if joined and joined[-1][0] == size:
            joined[-1] = (size, joined[-1][1], end)
        else:
            joined.append((size, start, end))
    return joined
