"""Word documents: paragraphs and tables in their order, a table row as a line, styles tell the headings.

Tracked changes are read as accepted, automatic numbers as if they were typed. Headers, footers, footnotes, comments and
text boxes are left out.
"""

import io
import re
import zipfile
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from .aligned import aligned
from .decoding import normalize_line_ends
from .extracted import CELL_BREAK, EMPTY_CELL, Extracted, TextBuilder, Unreadable
from .numbering import Numbering, attribute, value

MAX_UNPACKED_BYTES = 1_000_000_000  # an honest document unpacks to a few times its size; a zip bomb does not stop
# What each element shows; "": its text.
_SHOWN = {"t": "", "tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011", "sym": ""}
_HIDDEN = frozenset({"del", "moveFrom", "txbxContent", "tabs"})
_ALIGNED = {"superscript": partial(aligned, raised=True), "subscript": partial(aligned, raised=False)}
_CODE = re.compile("[0-9A-Fa-f]{4}")
_IN_SYMBOL_FONT = {  # what its places show in the private area of Unicode where Word writes them
    **dict(enumerate("ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", 0xF041)),
    **dict(enumerate("αβχδεφγηιϕκλμνοπθρστυϖωξψζ", 0xF061)),
    **dict(enumerate("€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵", 0xF0A0)),
}
_HEADING_STYLE = re.compile(r"heading (\d)", re.IGNORECASE)


def read_docx(data: bytes) -> Extracted:
    """The body's text with its headings; title, author and date of the core properties. Raises Unreadable."""
    document = _open(data)
    _unwrap_controls(document.element.body)
    _accept_deletions(document.element.body)
    _write_numbers(document)
    builder = TextBuilder()
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            builder.add(_table(block))
        elif level := _heading_level(block):
            builder.add_heading(_text(block._p), level)
        else:
            builder.add(_text(block._p))
    title, metadata = _properties(document)
    return Extracted(
        builder.text(),
        title=title or next((h.title for h in builder.headings if h.start == 0), None),
        headings=tuple(builder.headings),
        metadata=metadata,
    )


def _properties(document: Any) -> tuple[str, dict[str, str]]:
    """Title, and author, language and date, as far as the file has them."""
    from docx.opc.constants import RELATIONSHIP_TYPE

    try:
        document.part.package.part_related_by(RELATIONSHIP_TYPE.CORE_PROPERTIES)
    except KeyError:  # python-docx would make some up
        return "", {}
    properties = document.core_properties
    date = properties.modified.date().isoformat() if properties.modified else ""
    metadata = {"author": properties.author, "language": properties.language, "date": date}
    return properties.title, {key: value for key, value in metadata.items() if value}


def _open(data: bytes) -> Any:
    import docx

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise Unreadable(f"it unpacks to more than {MAX_UNPACKED_BYTES:,} bytes")
        return docx.Document(io.BytesIO(data))
    except Unreadable:
        raise
    except Exception as error:  # python-docx lets errors of zip, XML and its own escape alike
        raise Unreadable(f"the Word document is broken ({type(error).__name__}: {error})") from error


def _unwrap_controls(body: Any) -> None:
    """Put what stands in content controls in their place: python-docx passes over blocks, rows and cells in them."""
    from docx.oxml.ns import qn

    for control in list(body.iter(qn("w:sdt"))):
        for content in control.findall(qn("w:sdtContent")):
            for inner in list(content):
                control.addprevious(inner)
        control.getparent().remove(control)


def _accept_deletions(body: Any) -> None:
    """Empty the rows that were deleted, and join a paragraph whose end was deleted or moved with the next one."""
    for paragraph in body.xpath(".//w:tr[w:trPr/w:del]//w:p"):
        paragraph.getparent().remove(paragraph)
    for paragraph in body.xpath(".//w:p[w:pPr/w:rPr/w:del or w:pPr/w:rPr/w:moveFrom]"):
        following = paragraph.xpath("following-sibling::*[self::w:p or self::w:tbl][1][self::w:p]")
        if following:
            _prepend(following[0], [node for node in paragraph if node is not paragraph.pPr])
        if following or not _text(paragraph):
            paragraph.getparent().remove(paragraph)


def _write_numbers(document: Any) -> None:
    """Put the automatic numbers into the paragraphs; an empty paragraph shows its own only in a table."""
    from docx.oxml import OxmlElement

    numbering = Numbering(document)
    for paragraph in document.element.body.xpath(".//w:p[not(ancestor::w:txbxContent)]"):
        label = numbering.next(paragraph)
        if label and (_text(paragraph).strip() or paragraph.getparent().tag.endswith("}tc")):
            run, text = OxmlElement("w:r"), OxmlElement("w:t")
            text.text = f"{label} "
            run.append(text)
            _prepend(paragraph, [run])


def _prepend(paragraph: Any, nodes: list[Any]) -> None:
    start = 0 if paragraph.pPr is None else 1
    paragraph[start:start] = nodes


def _heading_level(paragraph: Any) -> int | None:
    name = paragraph.style.name if paragraph.style is not None else ""
    if name == "Title":
        return 1
    match = _HEADING_STYLE.match(name or "")
    return min(int(match.group(1)), 6) if match else None


def _table(table: Any) -> str:
    """A line for each row that has a value; an empty cell is a dash, where its column has a value elsewhere."""
    rows = [cells for cells in map(_cells, table.rows) if any(cells.values())]
    filled = {column for row in rows for column, text in row.items() if text}
    lines = ([text or EMPTY_CELL for column, text in row.items() if column in filled] for row in rows)
    return "\n".join(map(CELL_BREAK.join, lines))


def _cells(row: Any) -> dict[int, str]:
    """The texts of a row's cells by column; a merged cell stands in the first of those that it spans."""
    first: dict[Any, tuple[int, Any]] = {}
    for column, cell in enumerate(row.cells, row.grid_cols_before):
        first.setdefault(cell._tc, (column, cell))
    return {column: _cell(cell) for column, cell in first.values()}


def _cell(cell: Any) -> str:
    """A cell on one line, tables inside it too."""
    texts = (_table(block) if hasattr(block, "rows") else _text(block._p) for block in cell.iter_inner_content())
    return CELL_BREAK.join(filter(None, (" ".join(text.split()) for text in texts)))


def _text(paragraph: Any) -> str:
    """The paragraph with all tracked changes accepted; python-docx would leave out what was inserted."""
    pieces = []
    for node in paragraph.iter():
        name = _name(node)
        if name in _SHOWN and not any(_name(above) in _HIDDEN for above in node.iterancestors()):
            shown = _symbol(node) if name == "sym" else _SHOWN[name] or node.text or ""
            pieces.append((value(node.getparent(), "w:rPr/w:vertAlign"), shown))
    runs = ((align, "".join(text for _, text in run)) for align, run in groupby(pieces, key=itemgetter(0)))
    return normalize_line_ends("".join(_ALIGNED.get(align, str)(text) for align, text in runs))


def _name(node: Any) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _symbol(node: Any) -> str:
    """A character of a font as Unicode has it; a blank where that is not known, so that words stay apart."""
    code = attribute(node, "char")
    if not _CODE.fullmatch(code):
        return " "
    shown = chr(int(code, 16))
    if attribute(node, "font") == "Symbol":
        shown = shown.translate(_IN_SYMBOL_FONT)
    return shown if shown.isprintable() else " "
