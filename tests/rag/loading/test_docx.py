"""Word to documents."""

import io
import re
import zipfile
from pathlib import Path

import docx
from docx.oxml import OxmlElement

from rag.loading import load

from .make import docx_bytes, write


def test_docx_keeps_headings_and_tables_in_order(tmp_path: Path) -> None:
    source = docx.Document()
    source.add_heading("Minutes", 0)
    source.add_paragraph("The council met on 3 May.")
    source.add_heading("Budget", 2)
    table = source.add_table(rows=2, cols=2)
    for cell, text in zip((c for row in table.rows for c in row.cells), ["Post", "Sum", "Roads", "1,200"], strict=True):
        cell.text = text
    source.add_paragraph("It was adopted.")
    document = load(write(tmp_path, "a.docx", docx_bytes(source)))
    assert (
        document.text
        == "Minutes\n\nThe council met on 3 May.\n\nBudget\n\nPost | Sum\nRoads | 1,200\n\nIt was adopted."
    )
    assert [(h.level, h.title) for h in document.headings] == [(1, "Minutes"), (2, "Budget")]


def test_docx_tracked_insertions_and_inner_tables_are_read_and_deletions_are_not(tmp_path: Path) -> None:
    source = docx.Document()
    paragraph = source.add_paragraph("The reserve is ")
    for mark, tag, words in (("ins", "t", "90,000"), ("del", "delText", "10,000")):
        change, run, text = (OxmlElement(f"w:{name}") for name in (mark, "r", tag))
        text.text = words
        run.append(text)
        change.append(run)
        paragraph._p.append(change)
    inner = source.add_table(1, 1).cell(0, 0).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "Lighting", "38,500"
    document = load(write(tmp_path, "a.docx", docx_bytes(source)))
    assert document.text == "The reserve is 90,000\n\nLighting | 38,500"


def test_docx_content_controls_are_read(tmp_path: Path) -> None:
    source = docx.Document()
    source.add_paragraph("Before.")
    control, content = OxmlElement("w:sdt"), OxmlElement("w:sdtContent")
    content.append(source.add_paragraph("Inside.")._p)
    control.append(content)
    source.element.body.insert(1, control)
    assert load(write(tmp_path, "a.docx", docx_bytes(source))).text == "Before.\n\nInside."


def controlled(element: "docx.oxml.xmlchemy.BaseOxmlElement") -> "docx.oxml.xmlchemy.BaseOxmlElement":
    """What was there, now inside a content control."""
    control, content = OxmlElement("w:sdt"), OxmlElement("w:sdtContent")
    element.addprevious(control)
    control.append(content)
    content.append(element)
    return control


def test_docx_cells_and_rows_in_content_controls_are_read_in_their_place(tmp_path: Path) -> None:
    source = docx.Document()
    table = source.add_table(rows=3, cols=2)
    for cell, text in zip((c for row in table.rows for c in row.cells), "abcdef", strict=True):
        cell.text = text
    controlled(table.cell(0, 0)._tc)
    controlled(controlled(table.rows[1]._tr))  # as Word makes for a section that repeats
    assert load(write(tmp_path, "a.docx", docx_bytes(source))).text == "a | b\nc | d\ne | f"


def test_docx_merged_cells_in_content_controls_are_read_as_any_merged_cells(tmp_path: Path) -> None:
    source = docx.Document()
    table = source.add_table(rows=2, cols=3)
    table.cell(0, 0).merge(table.cell(1, 0)).text = "down"
    table.cell(0, 1).merge(table.cell(0, 2)).text = "across"
    table.cell(1, 1).text, table.cell(1, 2).text = "x", "y"
    plain = load(write(tmp_path, "a.docx", docx_bytes(source))).text
    assert plain == "down | across\ndown | x | y"
    for cell in [cell for row in table.rows for cell in row._tr.tc_lst]:
        controlled(cell)
    for row in list(table.rows):
        controlled(row._tr)
    assert load(write(tmp_path, "b.docx", docx_bytes(source))).text == plain


def test_docx_without_properties_has_no_made_up_title_or_date(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("The bridge", 1)
    document.add_paragraph("It opened in 1932.")
    with_properties, out = io.BytesIO(docx_bytes(document)), io.BytesIO()
    with zipfile.ZipFile(with_properties) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if name != "docProps/core.xml":
                data = old.read(name)
                relation = rb'<Relationship [^>]*core-properties"[^>]*/>'
                new.writestr(name, re.sub(relation, b"", data) if name == "_rels/.rels" else data)
    found = load(write(tmp_path, "bridge.docx", out.getvalue()))
    assert (found.title, found.metadata) == ("The bridge", {})
