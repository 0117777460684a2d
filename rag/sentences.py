"""Sentences with exact offsets: lines that must stand alone are parted first, sentencex finds the rest."""

import re
from collections.abc import Iterator
from itertools import pairwise

Span = tuple[int, int]

_FAR = 20_000  # characters
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_BLOCK_END = re.compile(r"\n(?=[^\S\n]*\n)")
_MARKER = r"[ \t]*(?:[-*+•‣◦▪·–]|\(?(?:\d{1,3}|[A-Za-z])[.)])[ \t]+(?=\S)"
_ITEM = re.compile(rf"^(?={_MARKER})", re.MULTILINE)
_ONLY_MARKER = re.compile(_MARKER.removesuffix(r"[ \t]+(?=\S)") + r"\s*")
_WIDE_SPACE = re.compile(r"[^\S\x00-\x7f]")  # such as U+00A0; sentencex panics on one between a capital and a full stop
_ALONE = re.compile(r"^(?:[ \t]*\||[ \t]*#{1,6}[ \t]|.*\S \| \S).*$", re.MULTILINE)  # rows of tables, headings


def sentences(text: str, start: int = 0, end: int | None = None, language: str = "en") -> list[Span]:
    """Spans of the sentences in `text[start:end]`, in order, without the white space between them.

    They hold every character that is not white space. A blank line ends a sentence; so does the start of a list
    item, a table row or a heading of Markdown. `language` is a code such as "en" or "pt-BR".
    """
    end = len(text) if end is None else end
    found: list[Span] = []
    for block in _blocks(text, start, end):
        for first, last in _lines_apart(text, *block):
            found.extend(_split(text, first, last, language))
    return found


def _blocks(text: str, start: int, end: int) -> Iterator[Span]:
    """What stands between blank lines."""
    for separator in _BLOCK_END.finditer(text, start, end):
        if separator.start() > start:
            yield start, separator.start()
        start = separator.end()
    if start < end:
        yield start, end


def around(text: str, start: int, end: int, bounds: Span, language: str = "en") -> Span:
    """The span of the sentence that holds `text[start:end]`, or of all that it touches, within `bounds`.

    The same sentences come out as when all of `bounds` is split, since a blank line always ends one; only in a
    paragraph of more than 20,000 characters is just the neighbourhood looked at.
    """
    low, high = max(bounds[0], start - _FAR), min(bounds[1], end + _FAR)
    begin = max((m.end() for m in _BLANK_LINE.finditer(text, low, start)), default=low)
    blank = _BLANK_LINE.search(text, end, high)
    near = sentences(text, begin, blank.start() if blank else high, language)
    touched = [s for s in near if s[0] < end and s[1] > start]
    return (min(start, touched[0][0]), max(end, touched[-1][1])) if touched else (start, end)


def _lines_apart(text: str, start: int, end: int) -> Iterator[Span]:
    """The block in parts, cut before each list item, table row and heading."""
    cuts = {start, end}
    cuts.update(m.start() for m in _ITEM.finditer(text, start, end))
    for line in _ALONE.finditer(text, start, end):
        cuts.update(line.span())
    yield from pairwise(sorted(cuts))


def _split(text: str, start: int, end: int, language: str) -> Iterator[Span]:
    from sentencex import get_sentence_boundaries

    begin = None  # of a list marker that sentencex parted from its item
    for found in get_sentence_boundaries(language, _WIDE_SPACE.sub(" ", text[start:end])):
        first, last = start + found["start_index"], start + found["end_index"]
        if begin is None and _ONLY_MARKER.fullmatch(text, first, last) and last < end:
            begin = first
            continue
        span = _stripped(text, first if begin is None else begin, last)
        begin = None
        if span[0] < span[1]:
            yield span


def _stripped(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
