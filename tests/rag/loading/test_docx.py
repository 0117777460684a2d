"""Word to documents."""

import io
import re
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls

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


def element(xml: str) -> "docx.oxml.xmlchemy.BaseOxmlElement":
    """What `<w:name .../>` describes."""
    return parse_xml(re.sub(r"(?=/?>)", " " + nsdecls("w"), xml, count=1))


def read(folder: Path, source: "docx.document.Document") -> str:
    return load(write(folder, "a.docx", docx_bytes(source))).text


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        (["40 million", ("superscript", "3"), "."], "40 million³."),
        (["10", ("superscript", "-"), ("superscript", "15 "), "m"], "10⁻¹⁵ m"),
        (["H", ("subscript", "2"), "O"], "H₂O"),
        (["the 21", ("superscript", "st"), " of May, Acme", ("superscript", "®")], "the 21st of May, Acme®"),
        (["x", ("superscript", "a+1"), " and y", ("subscript", "1,2")], "x^a+1 and y_1,2"),
        (["40 million", ("baseline", "3")], "40 million3"),
    ],
)
def test_docx_superscripts_and_subscripts_stay_apart_from_numbers(
    tmp_path: Path, runs: list[str | tuple[str, str]], text: str
) -> None:
    source = docx.Document()
    paragraph = source.add_paragraph()
    for run in runs:
        align, words = ("", run) if isinstance(run, str) else run
        properties = paragraph.add_run(words)._r.get_or_add_rPr()
        if align:
            properties.append(element(f'<w:vertAlign w:val="{align}"/>'))
    assert read(tmp_path, source) == text


def test_docx_empty_cells_keep_values_in_their_columns(tmp_path: Path) -> None:
    source = docx.Document()
    texts = ["Milestone", "", "Date", "Amount", "Handover", "", "", "EUR 45,000", "", "", "", ""]
    table = source.add_table(rows=3, cols=4)
    for cell, text in zip((c for row in table.rows for c in row.cells), texts, strict=True):
        cell.text = text
    source.add_table(rows=2, cols=1).cell(1, 0).text = "alone"
    assert read(tmp_path, source) == "Milestone | Date | Amount\nHandover | – | EUR 45,000\n\nalone"


def test_docx_deleted_rows_are_not_read(tmp_path: Path) -> None:
    source = docx.Document()
    table = source.add_table(rows=3, cols=2)
    for cell, text in zip((c for row in table.rows for c in row.cells), "abcdef", strict=True):
        cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    table.rows[1]._tr.get_or_add_trPr().append(element("<w:del/>"))
    assert read(tmp_path, source) == "a | b\n– | f"


def test_docx_paragraph_whose_end_was_deleted_goes_on_in_the_next(tmp_path: Path) -> None:
    source = docx.Document()
    for text in ("The reference shall be ", "good and ", "signed."):
        source.add_paragraph(text)
    for paragraph in source.paragraphs[:2]:
        paragraph._p.get_or_add_pPr().append(element("<w:rPr><w:del/></w:rPr>"))
    source.add_paragraph("Struck stays.").runs[0].font.strike = True
    last = source.add_paragraph("Before a table.")
    last._p.get_or_add_pPr().append(element("<w:rPr><w:del/></w:rPr>"))
    source.add_table(rows=1, cols=1).cell(0, 0).text = "cell"
    source.add_paragraph("End.")
    assert (
        read(tmp_path, source)
        == "The reference shall be good and signed.\n\nStruck stays.\n\nBefore a table.\n\ncell\n\nEnd."
    )


def numbering(source: "docx.document.Document", *levels: tuple[str, str], start: int = 1, extra: str = "") -> None:
    """List 50, its levels given by format and text; `extra` goes into each level."""
    xml = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/>{extra}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for depth, (form, text) in enumerate(levels)
    )
    root = source.part.numbering_part.element
    root.insert(0, element(f'<w:abstractNum w:abstractNumId="50">{xml}</w:abstractNum>'))
    root.append(element('<w:num w:numId="50"><w:abstractNumId w:val="50"/></w:num>'))


def num_pr(depth: int | None = None, number: int | None = 50) -> "docx.oxml.xmlchemy.BaseOxmlElement":
    named = {"ilvl": depth, "numId": number}
    xml = "".join(f'<w:{name} w:val="{value}"/>' for name, value in named.items() if value is not None)
    return element(f"<w:numPr>{xml}</w:numPr>")


def add_numbered(source: "docx.document.Document", text: str, *depths: int, number: int = 50) -> None:
    for depth in depths:
        source.add_paragraph(text)._p.get_or_add_pPr().append(num_pr(depth, number))


CLAUSES = (("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "(%3)"), ("lowerRoman", "(%4)"))


def test_docx_clauses_have_their_numbers_and_deeper_ones_begin_again(tmp_path: Path) -> None:
    source = docx.Document()
    numbering(source, *CLAUSES)
    add_numbered(source, "x", 0, 1, 2, 2, 3, 1, 2, 0, 1)
    assert read(tmp_path, source) == "1. x\n\n1.1 x\n\n(a) x\n\n(b) x\n\n(i) x\n\n1.2 x\n\n(a) x\n\n2. x\n\n2.1 x"


@pytest.mark.parametrize(
    ("form", "start", "label"),
    [
        ("decimal", 0, "0"),
        ("decimalZero", 7, "07"),
        ("lowerLetter", 26, "z"),
        ("upperLetter", 28, "BB"),
        ("upperRoman", 44, "XLIV"),
        ("lowerRoman", 399, "cccxcix"),
        ("lowerLetter", 10**9, "1000000000"),
        ("ideographDigital", 4, "4"),
    ],
)
def test_docx_numbers_are_written_in_their_format(tmp_path: Path, form: str, start: int, label: str) -> None:
    source = docx.Document()
    numbering(source, (form, "§ %1:"), start=start)
    add_numbered(source, "x", 0)
    assert read(tmp_path, source) == f"§ {label}: x"


def test_docx_levels_may_go_on_or_show_decimals_only(tmp_path: Path) -> None:
    source = docx.Document()
    numbering(source, ("upperRoman", "%1"), ("decimal", "%1.%2"), extra='<w:isLgl/><w:lvlRestart w:val="0"/>')
    add_numbered(source, "x", 1, 0, 1, 1)
    assert read(tmp_path, source) == "1.1 x\n\n1 x\n\n1.2 x\n\n1.3 x"


def test_docx_lists_of_one_definition_go_on_unless_they_say_where_to_start(tmp_path: Path) -> None:
    source = docx.Document()
    numbering(source, *CLAUSES)
    root = source.part.numbering_part.element
    restart = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    root.append(element('<w:num w:numId="51"><w:abstractNumId w:val="50"/></w:num>'))
    root.append(element(f'<w:num w:numId="52"><w:abstractNumId w:val="50"/>{restart}</w:num>'))
    for number in (50, 51, 52, 52):
        add_numbered(source, "x", 0, number=number)
    assert read(tmp_path, source) == "1. x\n\n2. x\n\n5. x\n\n6. x"


def test_docx_numbers_come_from_styles_and_list_styles_too(tmp_path: Path) -> None:
    source = docx.Document()
    numbering(source, *CLAUSES)
    clause, part = (source.styles.add_style(name, 1) for name in ("Clause", "Part"))
    part.base_style = clause
    clause.element.get_or_add_pPr().append(num_pr(0, 51))
    part.element.get_or_add_pPr().append(num_pr(1, None))
    source.styles.add_style("Legal", 4).element.get_or_add_pPr().append(num_pr(None, 50))
    root = source.part.numbering_part.element
    root.insert(0, element('<w:abstractNum w:abstractNumId="51"><w:numStyleLink w:val="Legal"/></w:abstractNum>'))
    root.append(element('<w:num w:numId="51"><w:abstractNumId w:val="51"/></w:num>'))
    for style in ("Clause", "Part", "Normal"):
        source.add_paragraph("x", style)
    source.add_paragraph("none", "Part")._p.get_or_add_pPr().append(num_pr(0, 0))
    source.add_paragraph("x", "Part")
    assert read(tmp_path, source) == "1. x\n\n1.1 x\n\nx\n\nnone\n\n1.2 x"


def test_docx_style_that_a_level_names_has_that_level(tmp_path: Path) -> None:
    source = docx.Document()
    numbering(source, *CLAUSES)
    source.styles.add_style("Part", 1).element.get_or_add_pPr().append(num_pr(None))
    level = source.part.numbering_part.element[0][1]
    level.append(element('<w:pStyle w:val="Part"/>'))
    source.add_paragraph("x", "Part")
    assert read(tmp_path, source) == "1.1 x"


def test_docx_bullets_are_dashes(tmp_path: Path) -> None:
    source = docx.Document()
    source.add_paragraph("x", "List Bullet")
    assert read(tmp_path, source) == "- x"


def test_docx_heading_has_its_number_in_text_and_title(tmp_path: Path) -> None:
    source = docx.Document()
    numbering(source, *CLAUSES)
    for title in ("Lease", "Termination"):
        source.add_heading(title, 1)._p.get_or_add_pPr().append(num_pr(0))
    document = load(write(tmp_path, "a.docx", docx_bytes(source)))
    assert [(h.title, document.text[h.start : h.end]) for h in document.headings] == [
        ("1. Lease", "1. Lease"),
        ("2. Termination", "2. Termination"),
    ]


def test_docx_deleted_clauses_do_not_count_and_empty_ones_show_only_in_cells(tmp_path: Path) -> None:
    source = docx.Document()
    numbering(source, *CLAUSES)
    add_numbered(source, "", 0, 0)
    source.paragraphs[0]._p.get_or_add_pPr().append(element("<w:rPr><w:del/></w:rPr>"))
    add_numbered(source, "x", 0)
    table = source.add_table(rows=1, cols=2)
    table.cell(0, 0).paragraphs[0]._p.get_or_add_pPr().append(num_pr(0))
    table.cell(0, 1).text = "y"
    assert read(tmp_path, source) == "2. x\n\n3. | y"


@pytest.mark.parametrize(
    ("font", "code", "shown"),
    [
        ("Times New Roman", "00A7", "§"),
        ("Symbol", "00A7", "§"),
        ("Symbol", "F06D", "μ"),
        ("Symbol", "F0A3", "≤"),
        ("Wingdings", "F0A7", " "),
        ("Symbol", "F0FF", " "),
        ("Arial", "D800", " "),
        ("Arial", "wrong", " "),
    ],
)
def test_docx_symbols_are_read_or_leave_a_blank(tmp_path: Path, font: str, code: str, shown: str) -> None:
    source = docx.Document()
    paragraph = source.add_paragraph("a")
    paragraph.add_run()._r.append(element(f'<w:sym w:font="{font}" w:char="{code}"/>'))
    paragraph.add_run("b")
    assert read(tmp_path, source) == f"a{shown}b"
