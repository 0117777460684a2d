"""Word documents: paragraphs and tables in their order, a table row as a line, styles tell the headings.

Tracked changes are read as accepted. Headers, footers, footnotes, comments and text boxes are left out.
"""

import io
import re
import zipfile
from typing import Any

from .decoding import normalize_line_ends
from .extracted import Extracted, TextBuilder, Unreadable

MAX_UNPACKED_BYTES = 1_000_000_000  # an honest document unpacks to a few times its size; a zip bomb does not stop
CELL_BREAK = " | "
_SHOWN = {"t": "", "tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}  # what each shows; "": its text
_HIDDEN = frozenset({"del", "moveFrom", "txbxContent", "tabs"})
_HEADING_STYLE = re.compile(r"heading (\d)", re.IGNORECASE)


def read_docx(data: bytes) -> Extracted:
    """The body's text with its headings; title, author and date of the core properties. Raises Unreadable."""
    document = _open(data)
    _unwrap_controls(document.element.body)
    builder = TextBuilder()
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            builder.add(_table(block))
        elif level := _heading_level(block):
            builder.add_heading(_text(block), level)
        else:
            builder.add(_text(block))
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


def _heading_level(paragraph: Any) -> int | None:
    name = paragraph.style.name if paragraph.style is not None else ""
    if name == "Title":
        return 1
    match = _HEADING_STYLE.match(name or "")
    return min(int(match.group(1)), 6) if match else None


def _table(table: Any) -> str:
    return "\n".join(filter(None, (_row(row) for row in table.rows)))


def _row(row: Any) -> str:
    cells: dict[int, str] = {}
    for cell in row.cells:  # a merged cell comes once for each column that it spans
        cells.setdefault(id(cell._tc), _cell(cell))
    return CELL_BREAK.join(text for text in cells.values() if text)


def _cell(cell: Any) -> str:
    """A cell on one line, tables inside it too."""
    texts = (_table(block) if hasattr(block, "rows") else _text(block) for block in cell.iter_inner_content())
    return CELL_BREAK.join(filter(None, (" ".join(text.split()) for text in texts)))


def _text(paragraph: Any) -> str:
    """The paragraph with all tracked changes accepted; python-docx would leave out what was inserted."""
    parts = []
    for node in paragraph._p.iter():
        name = node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
        if name in _SHOWN and not any(a.tag.rpartition("}")[2] in _HIDDEN for a in node.iterancestors()):
            parts.append(_SHOWN[name] or node.text or "")
    return normalize_line_ends("".join(parts))
