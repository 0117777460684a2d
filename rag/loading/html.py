"""Web pages: trafilatura keeps the article and drops navigation, cookie notices and footers."""

import re
from collections.abc import Iterator
from typing import Any

from .decoding import decode
from .extracted import Extracted, TextBuilder, Unreadable

CELL_BREAK = " | "
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARATION_WITHIN = 2048  # bytes: HTML 5 asks for the first 1024; real pages are later
_PERMALINKS = ["//a[contains(@class, 'headerlink') or contains(@class, 'anchor-link')]"]  # the pilcrow behind a heading
_AS_BROWSERS_DO = dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii"), "windows-1252")
_AS_BROWSERS_DO |= dict.fromkeys(("utf-16", "utf-16le", "utf-16be", "utf-32"), "utf-8")  # it was read as ASCII just now
_XML = re.compile(r"^\s*<\?xml[^>]*>")  # says how bytes are to be read, and they have been
_DATED_BY_THE_PAGE = {"original_date": True, "extensive_search": False}  # not by any year in its text
_SPACES = re.compile(r"[ \t\n\r\f]+")


def read_html(data: bytes) -> Extracted:
    """The page's main text with its headings; title, author, date and language as it gives them.

    Raises NotText and Unreadable.
    """
    from trafilatura import bare_extraction

    declared = _DECLARED.search(data[:_DECLARATION_WITHIN])
    encoding = declared.group(1).decode("ascii").lower() if declared else ""
    source = _XML.sub("", decode(data, _AS_BROWSERS_DO.get(encoding, encoding) or None))
    page: Any = bare_extraction(
        source,
        favor_recall=True,
        include_comments=False,
        with_metadata=True,
        prune_xpath=_PERMALINKS,
        date_extraction_params=_DATED_BY_THE_PAGE,
    )
    if page is None or page.body is None:
        raise Unreadable("no text was found in the page")
    builder = TextBuilder()
    _add_blocks(page.body, builder)
    metadata = {"author": page.author, "date": page.date, "language": page.language, "site": page.sitename}
    return Extracted(
        builder.text(),
        title=(page.title or "").rstrip("¶# ") or next((h.title for h in builder.headings), None),
        headings=tuple(builder.headings),
        metadata={key: value for key, value in metadata.items() if value},
    )


def _add_blocks(parent: Any, builder: TextBuilder) -> None:
    for element in parent:
        if element.tag == "head":
            builder.add_heading(_flat(element), _level(element))
        elif element.tag in ("div", "main", "body", "section"):
            builder.add(_SPACES.sub(" ", element.text or ""))
            _add_blocks(element, builder)
        elif element.tag == "table":
            builder.add("\n".join(filter(None, (_row(row) for row in element.iter("row")))))
        elif element.tag == "list":
            builder.add("\n".join(_items(element)))
        elif element.tag == "quote":
            builder.add("\n".join(filter(None, [_flat(element), *_lists_in(element)])))
        elif element.tag == "code":
            builder.add("".join(element.itertext()))
        else:
            builder.add(_flat(element))
        builder.add(_SPACES.sub(" ", element.tail or ""))


def _items(element: Any, indent: str = "") -> Iterator[str]:
    """A line for each item, those of a list inside an item indented below it."""
    for item in element.iterchildren("item", "list"):
        if item.tag == "list":
            yield from _items(item, indent + "  ")
            continue
        if line := _flat(item):
            yield f"{indent}- {line}"
        for inner in item.iterchildren("list"):
            yield from _items(inner, indent + "  ")


def _level(element: Any) -> int:
    match = re.fullmatch(r"h([1-6])", element.get("rend") or "")
    return int(match.group(1)) if match else 2


def _row(row: Any) -> str:
    return CELL_BREAK.join(filter(None, (_cell(cell) for cell in row.iter("cell"))))


def _cell(cell: Any) -> str:
    items = (line.strip().removeprefix("- ") for line in _lists_in(cell))
    return "; ".join(filter(None, [_flat(cell), *items]))


def _lists_in(element: Any) -> Iterator[str]:
    """The lines of the lists inside an element."""
    for inner in element.iter("list"):
        if not any(above.tag == "list" for above in inner.iterancestors()):
            yield from _items(inner)


def _flat(element: Any) -> str:
    parts: list[str] = []
    _collect(element, parts)
    lines = (_SPACES.sub(" ", line).strip() for line in "".join(parts).split("\v"))
    return "\n".join(filter(None, lines))


def _collect(element: Any, parts: list[str]) -> None:
    parts.append(element.text or "")
    for child in element:
        if child.tag == "lb":
            parts.append("\v")
        if child.tag != "list":
            _collect(child, parts)
        parts.append(child.tail or "")
