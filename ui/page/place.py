"""The place of a quote: the document around it, as text or as the page of a PDF, with the quote marked."""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from rag.citations import cite, path, quoted
from rag.errors import DocumentNotFound, PinciteError
from rag.library import Library
from rag.pages import PageImage, page_image
from rag.structure import page_at
from rag.values import Citation, Document

AROUND = 900  # characters shown on either side of a quote at first
MORE = 3000  # further ones at a click
NEAR = 200  # characters within which the text is cut between lines or words, where it has any
WIDTH = 900  # pixels of a page's image
ZOOMS = (100, 150, 200, 300)  # percent
EMPTY = '<div class="place empty"><p class="hint">Choose a citation: the document opens here at that place.</p></div>'
_UNPLACED = "The quote stands on this page, but where on it is not certain."
_LINK = re.compile(r"#(place|near)=(\w+):(\d{1,12})-(\d{1,12}):([0-9a-f]{1,64})")
_DOCUMENT = re.compile(r"#document=(\w+):([0-9a-f]{1,64})")
_SHORT = 16  # digits of a hash in a link


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a document, and how it is being looked at; from 0 to 0: the document from its beginning.

    `sha256`: that of the file that was quoted, or its beginning. `supports`: it answers, and is no mere neighbour.
    `number`: of the exchange for which it is judged. `page`: of the PDF that is shown as an image; 0: that of the
    quote; None: text.
    """

    document_id: str
    start: int
    end: int
    sha256: str
    supports: bool = True
    number: int | None = None
    before: int = AROUND
    after: int = AROUND
    page: int | None = 0
    zoom: int = ZOOMS[0]

    @property
    def is_quoted(self) -> bool:
        """Whether it is a span, and not the whole document."""
        return (self.start, self.end) != (0, 0)


def place_of(citation: Citation, *, supports: bool, number: int) -> Place:
    """The place of a citation."""
    return Place(citation.document_id, citation.start, citation.end, citation.sha256, supports, number)


def linked(text: str) -> Place | None:
    """The place that a link names; None where it names none."""
    if whole := _DOCUMENT.fullmatch(text):
        return Place(whole[1], 0, 0, whole[2], after=MORE)
    found = _LINK.fullmatch(text)
    if not found:
        return None
    kind, document_id, start, end, sha256 = found.groups()
    place = Place(document_id, int(start), int(end), sha256, supports=kind == "place")
    return place if place.start < place.end else None


def link_to_document(document_id: str, sha256: str) -> str:
    """The end of an address that opens the page at a document's beginning."""
    return f"#document={document_id}:{sha256[:_SHORT]}"


def link(citation: Citation, *, supports: bool = True) -> str:
    """The end of an address that opens the page at a citation, or at a passage that is only near to a question."""
    kind = "place" if supports else "near"
    return f"#{kind}={citation.document_id}:{citation.start}-{citation.end}:{citation.sha256[:_SHORT]}"


def source(citation: Citation) -> str:
    """File, page and characters."""
    page = f"page {citation.page}, " if citation.page else ""
    return f"{citation.source}, {page}characters {citation.start}–{citation.end}"


def moved(place: Place, step: str) -> Place:
    """The place looked at in another way: `earlier`, `later`, `page-image`, `text`, `previous`, `next`, `in`, `out`."""
    page = place.page or 1
    zoom = ZOOMS.index(place.zoom)
    changes: dict[str, dict[str, Any]] = {
        "earlier": {"before": place.before + MORE},
        "later": {"after": place.after + MORE},
        "text": {"page": None},
        "page-image": {"page": 0},
        "previous": {"page": max(page - 1, 1)},
        "next": {"page": page + 1},
        "in": {"zoom": ZOOMS[min(zoom + 1, len(ZOOMS) - 1)]},
        "out": {"zoom": ZOOMS[max(zoom - 1, 0)]},
    }
    return replace(place, **changes.get(step, {}))


def shown(library: Library, place: Place, *, may_judge: bool, is_opened: bool = False) -> tuple[Place, str]:
    """The place as it is shown, and its HTML. `is_opened`: a person opened it, who is to be taken there."""
    try:
        with library.view() as view:
            document = view.document(place.document_id)
            location = view.location(place.document_id)
    except DocumentNotFound:
        return place, _gone("The library does not hold this document any more.", is_opened)
    except PinciteError as error:
        return place, _gone(str(error), is_opened)
    if not document.sha256.startswith(place.sha256):
        quoted_or_listed = "quoted. Ask again" if place.is_quoted else "listed. Load the page again"
        return place, _gone(
            f"This document has changed since it was {quoted_or_listed} to see what it says now.", is_opened
        )
    if place.is_quoted and not document.body_start <= place.start < place.end <= len(document.text):
        return place, _gone("This link leads to no place in the document.", is_opened)
    page = (page_at(document, place.start) if place.is_quoted else None) or 1
    if not document.pages or place.page is None:
        place = replace(place, page=None)
        body = _text(document, place, may_mark=may_judge and place.number is not None)
    else:
        place = replace(place, page=min(place.page or page, len(document.pages)))
        body = _page(document, location, place)
    return place, (
        f'<section class="place" tabindex="-1" aria-label="The place in the document" data-opened="{int(is_opened)}">'
        f"<header><h2>{escape(document.title)}</h2>{_about(document, place)}</header>{body}</section>"
    )


def _about(document: Document, place: Place) -> str:
    """Where the quote stands, and buttons to copy it; of a whole document its file."""
    if not place.is_quoted:
        return _file(escape(document.source), document.sha256)
    citation = cite(document, place.start, place.end)
    tag = "" if place.supports else '<p class="note" role="note">Near the question, but not an answer to it.</p>'
    return (
        f'<p class="path">{escape(" › ".join(path(citation)[1:]))}</p>'
        f"{_file(escape(source(citation)), document.sha256)}{tag}{_copying(citation, place.supports)}"
    )


def _file(where: str, sha256: str) -> str:
    return f'<p class="source">{where}<br>SHA-256 of the file: {sha256[:_SHORT]}…</p>'


def _gone(why: str, is_opened: bool) -> str:
    note = f'<p class="note" role="alert">{escape(why)}</p>'
    return f'<section class="place empty" tabindex="-1" data-opened="{int(is_opened)}">{note}</section>'


def _copying(citation: Citation, supports: bool) -> str:
    plain, markdown = escape(quoted(citation)), escape(quoted(citation, markdown=True))
    return (
        f'<p class="tools"><button type="button" data-copy="{plain}">Copy quote</button>'
        f'<button type="button" data-copy="{markdown}">Copy as Markdown</button>'
        f'<button type="button" data-link="{escape(link(citation, supports=supports))}">Copy link</button></p>'
    )


def _text(document: Document, place: Place, *, may_mark: bool) -> str:
    text, first = document.text, document.body_start
    begin, stop = max(first, place.start), max(first, place.end)
    start = max(first, _cut_before(text, max(first, begin - place.before)))
    end = _cut_after(text, min(len(text), stop + place.after))
    tag = "mark" if place.supports else "span"
    before, quote, after = (escape(text[a:b]) for a, b in ((start, begin), (begin, stop), (stop, end)))
    marked = f'<{tag} class="quote">{quote}</{tag}>' if quote else ""
    steps = (
        ("page-image", "Show the page", bool(document.pages)),
        ("earlier", "Earlier text", start > first),
        ("later", "Later text", end < len(text)),
    )
    return (
        f'<p class="tools">{_buttons(steps)}{_marking(place) if may_mark else ""}</p>'
        f'<div class="text" data-start="{start}" tabindex="0" role="region" aria-label="Text">'
        f"{before}{marked}{after}</div>"
    )


def _marking(place: Place) -> str:
    which = "" if place.is_quoted else " to the last question"
    return (
        '<button type="button" data-mark="1" title="Select words in the text below first">'
        f"The selected words are the right answer{which}</button>"
    )


def _page(document: Document, location: str, place: Place) -> str:
    number = place.page or 1
    width = WIDTH * place.zoom // 100
    try:
        image = page_image(document, location, number, place.start, place.end, width=width)
    except PinciteError as error:
        return f'<p class="note" role="alert">{escape(str(error))}</p>{_text(document, place, may_mark=False)}'
    steps = (
        ("text", "Show the text", True),
        ("previous", "Previous page", number > 1),
        ("next", "Next page", number < image.of),
        ("out", "Smaller", place.zoom > ZOOMS[0]),
        ("in", "Larger", place.zoom < ZOOMS[-1]),
    )
    unplaced = place.is_quoted and page_at(document, place.start) == number and not image.boxes
    note = f'<p class="note" role="note">{_UNPLACED}</p>' if unplaced else ""
    tools = f'<p class="tools">{_buttons(steps)}<span>Page {number} of {image.of}</span></p>'
    return f"{tools}{note}{_image(image, place)}"


def _image(image: PageImage, place: Place) -> str:
    boxes = "".join(
        f'<span class="box quote" style="left:{box.left:.4%};top:{box.top:.4%};width:{box.right - box.left:.4%};'
        f'height:{box.bottom - box.top:.4%}"></span>'
        for box in image.boxes
    )
    data = b64encode(image.png).decode()
    kind = "supports" if place.supports else "near"
    return (
        f'<div class="sheet" tabindex="0" role="region" aria-label="Page {image.number}">'
        f'<div class="paper {kind}" style="width:{place.zoom}%">'
        f'<img alt="Page {image.number} of the document" width="{image.width}" height="{image.height}" '
        f'src="data:image/png;base64,{data}">{boxes}</div></div>'
    )


def _buttons(steps: Iterable[tuple[str, str, bool]]) -> str:
    """A button for each step that is there to be taken."""
    return "".join(
        f'<button type="button" data-do="look" data-value="{step}">{words}</button>'
        for step, words, there in steps
        if there
    )


def _cut_before(text: str, at: int) -> int:
    """The start of the line or word that a place lies in; of the letter at the place where that is far away."""
    low = max(0, at - NEAR)
    line, word = text.rfind("\n", low, at), text.rfind(" ", low, at)
    found = line if line >= 0 else word
    start = found + 1 if found >= 0 or low == 0 else at
    while low < start < len(text) and unicodedata.category(text[start])[0] == "M":
        start -= 1  # an accent belongs to the letter before it
    return start


def _cut_after(text: str, at: int) -> int:
    """The end of the line or word that a place lies in; the place itself where that is far away."""
    high = min(at + NEAR, len(text))
    line, word = text.find("\n", at, high), text.find(" ", at, high)
    found = line if line >= 0 else word
    return found if found >= 0 else high if high == len(text) else at
