"""What trafilatura would lose of a web page, made text of it beforehand."""

import re
from copy import deepcopy
from typing import Any

from .aligned import aligned
from .extracted import EMPTY_CELL

_PERMALINKS = "//a[contains(@class, 'headerlink') or contains(@class, 'anchor-link')]"  # the pilcrow behind a heading
_DELETED = "//del | //s | //strike"
_TABLES_OF_DATA = "//table[not(.//table or @role = 'presentation' or @role = 'none')]"
_REPEATED_WITHIN = 1000  # bytes of a cell's HTML: a longer one is text rather than a label, and is read once
_SPAN = re.compile(r"[1-9]\d{0,2}")
_REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # by lxml, though its parser lets them through
LINE_END, DIV_EDGE = "\ufdd0\ufdd1"  # characters that Unicode keeps for use inside programs, and no blanks to trim


def write_out(tree: Any) -> None:
    """Make text of what trafilatura loses: raised and lowered marks, empty cells, edges of blocks, lines of <pre>."""
    drop(tree, f"{_PERMALINKS} | {_DELETED}")
    for mark in reversed(list(tree.iter("sup", "sub"))):
        _write_out_mark(mark)
    for table in tree.xpath(_TABLES_OF_DATA):
        _write_out_table(table)
    for block in tree.iter("div"):
        edge = " " if next(block.iterancestors("li", "dd", "blockquote"), None) is None else DIV_EDGE
        for where in ("text", "tail"):
            if text := getattr(block, where):
                _put(block, where, edge + text)
    for text in tree.xpath("//pre//text()"):
        _put(text.getparent(), "tail" if text.is_tail else "text", text.replace("\n", f"{LINE_END}\n"))


def drop(tree: Any, xpath: str) -> None:
    """Take elements out of a page; what stands behind them stays."""
    for element in tree.xpath(xpath):
        element.drop_tree()


def _put(element: Any, where: str, text: str) -> None:
    setattr(element, where, _REFUSED.sub(" ", text))


def _write_out_mark(mark: Any) -> None:
    """10<sup>5</sup> as 10⁵, a link to a footnote as [2]."""
    text, raised = mark.text_content().strip(), mark.tag == "sup"
    link = next(mark.iter("a"), mark.getparent())
    is_note = raised and link.tag == "a" and "#" in link.get("href", "") and link.text_content().strip() in text
    if text and is_note:
        written = text if text.startswith(("[", "(")) else f"[{text}]"
    else:
        written = aligned(text, raised=raised)
    if written != text:
        mark.clear(keep_tail=True)
        _put(mark, "text", written)


def _write_out_table(table: Any) -> None:
    """Repeat a cell in the rows that it spans; put a dash in an empty one, where its row and its column have values."""
    lines: list[dict[int, Any]] = []
    spanning: dict[int, tuple[Any, int]] = {}
    for row in table.xpath("tr | thead/tr | tbody/tr | tfoot/tr"):
        cells = row.xpath("td | th")
        has_value = any(map(_has_text, cells))
        line = _by_column(cells, spanning)
        if has_value:
            lines.append(line)
            row.extend(line.values())
    with_values = {column for line in lines for column, cell in line.items() if _has_text(cell)}
    for line in lines:
        for column in with_values & line.keys():
            if not _has_text(line[column]):
                line[column].text = EMPTY_CELL


def _by_column(cells: list[Any], spanning: dict[int, tuple[Any, int]]) -> dict[int, Any]:
    """A row's own cells and those that span into it, by column.

    spanning has such cells by column, with the number of rows that they still span; it is brought up to date.
    """
    from lxml.html import Element, tostring

    line: dict[int, Any] = {}
    column, last = 0, max(spanning, default=-1)
    while cells or column <= last:
        if column in spanning:
            above, rows = spanning.pop(column)
            cell = deepcopy(above)
            cell.tail = None
        elif cells:
            above = cell = cells.pop(0)
            rows = _span(cell, "rowspan")
            if rows > 1 and len(tostring(cell)) > _REPEATED_WITHIN:
                above = Element("td")
        else:
            column = min(further for further in spanning if further > column)
            continue
        if rows > 1:
            spanning[column] = above, rows - 1
        line[column] = cell
        column += _span(cell, "colspan")
    return line


def _span(cell: Any, direction: str) -> int:
    value = cell.get(direction, "").strip()
    return int(value) if _SPAN.fullmatch(value) else 1


def _has_text(cell: Any) -> bool:
    return bool(cell.text_content().strip())
