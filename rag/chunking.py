"""Documents to chunks: whole sentences up to a budget of tokens, the last ones repeated at the start of the next.

A chunk is a slice of the document's text, never crosses a heading of the top levels, and fits, with the title and
headings that go with it, into the window of the embedding model: nothing is cut off silently.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Callable
from itertools import islice, pairwise, takewhile

from .encoding import count_tokens
from .sentences import Span, sentences
from .structure import context, sections
from .values import Chunk, Document

BUDGET = 128  # tokens of a chunk
EMBEDDING_VERSION = 2  # rises with every change of what is embedded for a chunk
OVERLAP = 1  # sentences that a chunk repeats from the one before
_FIRST_TRY = 1024  # characters: nearly every sentence is shorter
CONTEXT_SHARE = 0.25  # of the window, for title and headings
_JOINERS = "\u200d\ufe0e\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # they belong to the character before


def split(
    document: Document,
    *,
    window: int,
    count_window_tokens: Callable[[str], int],
    budget: int = BUDGET,
    overlap: int = OVERLAP,
    encoding: str = "pincite-16k",
) -> list[Chunk]:
    """The document's chunks in order; together they hold every character that is not white space or a heading.

    budget: tokens of a chunk, counted by `encoding`. window: tokens that the embedding model takes, special ones
    included, counted by `count_window_tokens` on what is embedded: title, headings and chunk. A sentence that is too
    long for either is cut between words where it can be.
    """
    chunks: list[Chunk] = []
    for start, end in sections(document):

        def fits(first: int, last: int) -> bool:
            text = document.text[first:last]
            if count_tokens(text, encoding) > budget:
                return False
            titles = _titles(document, first, window, count_window_tokens)
            return count_window_tokens(f"{titles}\n{text}") <= window

        spans = _sentences(document, start, end)
        units = [part for span in spans for part in _cut_to_fit(document.text, span, fits)]
        chunks.extend(
            Chunk(document.id, first, last, document.text[first:last]) for first, last in _pack(units, overlap, fits)
        )
    return chunks


def embedded_texts(
    document: Document, chunk: Chunk, window: int, count_window_tokens: Callable[[str], int]
) -> list[str]:
    """What is embedded for a chunk: its text and, where it has several, each of its sentences; all below its titles."""
    titles = _titles(document, chunk.start, window, count_window_tokens)
    parts = _sentences(document, chunk.start, chunk.end)
    texts = [chunk.text, *(document.text[first:last] for first, last in parts if len(parts) > 1)]
    return [f"{titles}\n{text}" for text in texts]


def _titles(document: Document, start: int, window: int, count_window_tokens: Callable[[str], int]) -> str:
    """Title and headings of a place in one line; of more than a quarter of the window only the end that fits."""
    titles = context(document, start)
    room = int(window * CONTEXT_SHARE)
    if count_window_tokens(titles) > room:
        kept = bisect_left(range(len(titles)), True, key=lambda n: count_window_tokens(titles[n:]) <= room)
        titles = titles[kept:].lstrip()
    return titles


def _sentences(document: Document, start: int, end: int) -> list[Span]:
    """Sentences of a section; a heading of a lower level inside it is one of its own."""
    first_inside = bisect_left(document.headings, start, key=lambda h: h.start)
    inside = list(takewhile(lambda h: h.end <= end, islice(document.headings, first_inside, None)))
    cuts = sorted({start, end, *(h.start for h in inside), *(h.end for h in inside)})
    language = document.metadata.get("language", "en")
    return [span for first, last in pairwise(cuts) for span in sentences(document.text, first, last, language)]


def _pack(units: list[Span], overlap: int, fits: Callable[[int, int], bool]) -> list[Span]:
    packed, first = [], 0
    while first < len(units):
        after = first + 1
        while after < len(units) and fits(units[first][0], units[after][1]):
            after += 1
        packed.append((units[first][0], units[after - 1][1]))
        if after == len(units):
            break
        first = max(after - overlap, first + 1)
        while first < after and not fits(units[first][0], units[after][1]):
            first += 1
    return packed


def _cut_to_fit(text: str, span: Span, fits: Callable[[int, int], bool]) -> list[Span]:
    """The span, or pieces of it that fit; never more of it is looked at than twice what fits."""
    start, end = span
    parts: list[Span] = []
    while start < end:
        short, long = start, min(start + _FIRST_TRY, end)
        while fits(start, long) and long < end:
            short, long = long, min(start + 2 * (long - start), end)
        if fits(start, long):
            return [*parts, (start, end)]
        cut = short + bisect_left(range(short + 1, long), True, key=lambda n: not fits(start, n))
        cut = _good_cut(text, start, max(cut, start + 1))
        while cut > start + 1 and not fits(start, cut):  # a shorter piece may have more tokens, if seldom
            cut = start + (cut - start) // 2
        parts.append((start, _before_space(text, start, cut)))
        start = cut
        while start < end and text[start].isspace():
            start += 1
    return parts


def _before_space(text: str, start: int, end: int) -> int:
    while end > start + 1 and text[end - 1].isspace():
        end -= 1
    return end


def _good_cut(text: str, start: int, cut: int) -> int:
    """At or before `cut`: after white space, else not inside a character that is made of several code points."""
    for candidate in range(cut, start + (cut - start) // 2, -1):
        if text[candidate - 1].isspace() or text[candidate].isspace():
            return candidate
    while cut > start + 1 and (
        unicodedata.combining(text[cut]) or text[cut] in _JOINERS or text[cut - 1] == _JOINERS[0]
    ):
        cut -= 1
    return cut
