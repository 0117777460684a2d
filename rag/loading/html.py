"""Web pages: trafilatura keeps the article and drops navigation, cookie notices and footers."""

import re
from collections.abc import Container, Iterable, Iterator
from itertools import groupby
from typing import Any

from .decoding import decode
from .extracted import CELL_BREAK, Extracted, TextBuilder, Unreadable
from .writing_out import DIV_EDGE, LINE_END, drop, write_out

_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARATION_WITHIN = 2048  # bytes: HTML 5 asks for the first 1024; real pages are later
_AS_BROWSERS_DO = dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii"), "windows-1252")
_AS_BROWSERS_DO |= dict.fromkeys(("utf-16", "utf-16le", "utf-16be", "utf-32"), "utf-8")  # it was read as ASCII just now
_XML = re.compile(r"^\s*<\?xml[^>]*>")  # says how bytes are to be read, and they have been
_DATED_BY_THE_PAGE: Any = {"original_date": True, "extensive_search": False}  # not by any year in its text
_SPACES = re.compile(r"[ \t\n\r\f]+")
_BLOCKS = frozenset(("p", "head", "quote", "div", "list", "item", "table", "row", "cell", "tr", "th", "td"))
_APART = ("head", "list", "table")  # of the blocks inside a block, those that do not go on in its text
_EDGE = "\f"  # where a block inside another begins or ends: a blank, but none at punctuation, as <q> is a quote too
_NO_BLANK = re.compile(r"(?<=[(\[])\f+|\f+(?=[.,;:!?…)\]”’»]++(?!\w))")


def read_html(data: bytes) -> Extracted:
    """The page's main text with its headings; title, author, date and language as it gives them.

    Raises NotText and Unreadable.
    """
    from htmldate import find_date
    from trafilatura import bare_extraction, load_html

    declared = _DECLARED.search(data[:_DECLARATION_WITHIN])
    encoding = declared.group(1).decode("ascii").lower() if declared else ""
    source = _XML.sub("", decode(data, _AS_BROWSERS_DO.get(encoding, encoding) or None))
    tree: Any = load_html(source)
    if tree is None:
        raise Unreadable("no text was found in the page")
    write_out(tree)
    page: Any = bare_extraction(
        tree,
        favor_recall=True,
        include_comments=False,
        with_metadata=True,
        date_extraction_params=_DATED_BY_THE_PAGE,
    )
    if page is None or page.body is None:
        raise Unreadable("no text was found in the page")
    builder = TextBuilder()
    _add_blocks(page.body, builder)
    drop(tree, "//title | //h1")  # a date there is of what the page is about
    date = find_date(tree, url=page.url, **_DATED_BY_THE_PAGE)
    metadata = {"author": page.author, "date": date, "language": page.language, "site": page.sitename}
    return Extracted(
        builder.text(),
        title=(page.title or "").rstrip("¶# ") or next((h.title for h in builder.headings), None),
        headings=tuple(builder.headings),
        metadata={key: value.replace(DIV_EDGE, "") for key, value in metadata.items() if value},
    )


def _add_blocks(parent: Any, builder: TextBuilder) -> None:
    for element in parent:
        if element.tag in ("div", "main", "body", "section"):
            builder.add(_tidy([element.text or ""]))
            _add_blocks(element, builder)
        elif element.tag == "code":
            builder.add("".join(element.itertext()).replace(LINE_END, "").replace(DIV_EDGE, ""))
        else:
            _add_block(element, builder)
        builder.add(_tidy([element.tail or ""]))


def _add_block(element: Any, builder: TextBuilder) -> None:
    """A block of text, items and rows, each a line; a heading inside it is a block of its own."""
    lines: list[str] = []
    for is_text, parts in groupby(_parts(element, _APART), key=lambda part: isinstance(part, str)):
        if is_text:
            lines.append(_tidy(parts))
            continue
        inner = next(parts)
        if inner.tag == "head":
            builder.add("\n".join(filter(None, lines)))
            builder.add_heading(_flat(inner), _level(inner))
            lines.clear()
        else:
            lines += _items(inner) if inner.tag == "list" else _rows(inner)
    builder.add("\n".join(filter(None, lines)))


def _items(element: Any, indent: str = "") -> Iterator[str]:
    """A line for each item, those of a list inside an item indented below it."""
    for item in element.iterchildren("item", "list"):
        if item.tag == "list":
            yield from _items(item, indent + "  ")
            continue
        if line := _flat(item):
            yield f"{indent}- {line}"
        for inner in _lists_in(item):
            yield from _items(inner, indent + "  ")


def _level(element: Any) -> int:
    match = re.fullmatch(r"h([1-6])", element.get("rend") or "")
    return int(match.group(1)) if match else 2


def _rows(table: Any) -> Iterator[str]:
    """A line for each row or caption; trafilatura leaves a table inside a paragraph as HTML has it."""
    for row in table:
        yield CELL_BREAK.join(filter(None, map(_cell, row.iterchildren("cell", "th", "td")))) or _cell(row)


def _cell(cell: Any) -> str:
    """A cell on one line, lists inside it too."""
    items = (line.strip().removeprefix("- ") for inner in _lists_in(cell) for line in _items(inner))
    return "; ".join(filter(None, [_flat(cell).replace("\n", " "), *items]))


def _lists_in(element: Any) -> Iterator[Any]:
    """The lists inside an element, without those inside another list."""
    return (part for part in _parts(element, ("list",)) if not isinstance(part, str))


def _flat(element: Any) -> str:
    """All the text in an element but that of its lists."""
    return _tidy(part for part in _parts(element, ("list",)) if isinstance(part, str))


def _tidy(parts: Iterable[str]) -> str:
    text = _NO_BLANK.sub("", "".join(parts).replace(LINE_END, "\v").replace(DIV_EDGE, _EDGE))
    return "\n".join(filter(None, (_SPACES.sub(" ", line).strip() for line in text.split("\v"))))


def _parts(element: Any, apart: Container[str]) -> Iterator[Any]:
    """An element's text bit by bit, and the outermost elements in it that are to be set apart as they are."""
    edge = "\v" if element.tag == "lb" else _EDGE if element.tag in _BLOCKS else ""
    yield edge
    if element.tag in apart:
        yield element
    else:
        yield element.text or ""
        for child in element:
            yield from _parts(child, apart)
            yield child.tail or ""
    yield edge
