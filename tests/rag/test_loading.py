"""Files to documents."""

import io
import re
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from rag.citations import cite
from rag.corpora import shipped_corpus
from rag.errors import FileError
from rag.loading import load
from rag.structure import sections
from rag.values import Heading


def write(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def pdf(*pages: list[tuple[int, str]], title: str | None = None, encrypt: str | None = None, **kwargs: str) -> bytes:
    """A PDF whose pages are lists of (type size, line)."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, encrypt=encrypt)
    if title:
        canvas.setTitle(title)
    for lines in pages:
        y = 780
        for size, line in lines:
            canvas.setFont("Helvetica", size)
            canvas.drawString(60, y, line)
            y -= 2 * size
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def outlined(title: str, *lines: str) -> bytes:
    """A PDF of one page with an entry in its outline."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for number, line in enumerate(lines):
        canvas.drawString(60, 780 - 20 * number, line)
    canvas.bookmarkPage("here")
    canvas.addOutlineEntry(title, "here")
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def docx_bytes(build: "docx.document.Document") -> bytes:
    buffer = io.BytesIO()
    build.save(buffer)
    return buffer.getvalue()


def test_shipped_article_has_front_matter_headings_and_its_whole_text() -> None:
    path = shipped_corpus() / "ukraine-standoff-2022.md"
    document = load(path)
    assert document.text == path.read_text(encoding="utf-8")
    assert document.title == "The January 2022 standoff over Ukraine"
    assert document.metadata["date"] == "2022-01-26"
    assert document.metadata["language"] == "en"
    assert [h.title for h in document.headings][:3] == [document.title, "Troops and ships", "What was said"]
    assert document.text[document.body_start :].lstrip().startswith("# The January")


def test_line_ends_are_normalized_before_offsets_are_counted(tmp_path: Path) -> None:
    assert load(write(tmp_path, "a.txt", b"one\r\ntwo\rthree\n")).text == "one\ntwo\nthree\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1251", "shift_jis", "big5"])
def test_text_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = {
        "cp1251": "Дипломаты встретились в Женеве, чтобы обсудить положение. Они ни о чём не договорились. " * 4,
        "shift_jis": "日本の外務大臣は記者会見でその提案について説明しました。合意はありませんでした。" * 4,
        "big5": "外交官在日內瓦會面討論軍隊問題。他們沒有達成任何協議。會談在一月結束。" * 4,
    }.get(encoding, "Łódź naïve “quotes” — 日本 😀 e\u0301\n")
    assert load(write(tmp_path, "a.txt", text.encode(encoding))).text == text


def test_unicode_is_kept_as_it_is(tmp_path: Path) -> None:
    text = "e\u0301 \u00e9 \ufb01 \u00a0 \u200b \u212b"
    assert load(write(tmp_path, "a.txt", text)).text == text


def test_markdown_headings_are_spans_and_code_is_no_heading(tmp_path: Path) -> None:
    text = "Title\n=====\n\n```\n# no heading\n```\n## A *b* `c` ##\ntext\n"
    document = load(write(tmp_path, "a.md", text))
    assert document.headings == (
        Heading(1, "Title", 0, 11),
        Heading(2, "A b c", text.index("##"), text.index("\ntext")),
    )
    assert document.title == "Title"


def test_front_matter_that_is_no_yaml_is_text(tmp_path: Path) -> None:
    document = load(write(tmp_path, "a.md", "---\n[unclosed\n---\nWords.\n"))
    assert (document.body_start, document.metadata, document.title) == (0, {}, "a")


def test_html_drops_navigation_and_keeps_headings_lists_and_tables(tmp_path: Path) -> None:
    page = (
        "<!doctype html><html lang=en><head><meta charset=windows-1252><title>Report</title></head><body>"
        "<nav><a href=/>Home</a><a href=/x>All the news</a></nav><main><article><h1>Harbour report</h1>"
        "<p>The harbour was closed for nine days \x96 a caf\xe9 owner said so in a long statement to the press.</p>"
        "<h2>Ships</h2><ul><li>Two ferries lay idle</li><li>One tanker left</li></ul>"
        "<table><tr><th>Ship</th><th>Tons</th></tr><tr><td>Aurora</td><td>5,400</td></tr></table>"
        "<p>Nothing else moved in the harbour until the following week, when the ice broke up.</p>"
        "</article></main><footer>Copyright, imprint, cookies</footer></body></html>"
    )
    document = load(write(tmp_path, "a.html", page.encode("latin-1")))
    assert "nine days – a café owner" in document.text
    assert "Aurora | 5,400" in document.text
    assert "- Two ferries lay idle" in document.text
    assert "cookies" not in document.text
    ships = next(h for h in document.headings if h.title == "Ships")
    assert document.text[ships.start : ships.end] == "Ships"


def test_pdf_pages_are_spans_and_large_lines_are_headings(tmp_path: Path) -> None:
    data = pdf(
        [(18, "Annual report"), (11, "The fund grew by 12 percent in"), (11, "the year 2021."), (11, "Costs fell.")],
        [(14, "Outlook"), (11, "The board expects a calm year."), (11, "It has no other plans.")],
        title="Fund 2021",
    )
    document = load(write(tmp_path, "a.pdf", data))
    first, second = document.pages
    assert (first.number, second.number) == (1, 2)
    assert document.text[second.start : second.end].startswith("Outlook\nThe board expects")
    assert [(h.level, h.title) for h in document.headings] == [(1, "Annual report"), (2, "Outlook")]
    assert all(document.text[h.start : h.end] == h.title for h in document.headings)
    assert document.title == "Fund 2021"


def test_pdf_outline_gives_headings(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    for title, level in (("Part One", 0), ("Section  A", 1)):
        canvas.drawString(60, 700, "Some words first.")
        canvas.drawString(60, 680, title)
        canvas.bookmarkPage(title)
        canvas.addOutlineEntry(title, title, level)
        canvas.showPage()
    canvas.save()
    document = load(write(tmp_path, "a.pdf", buffer.getvalue()))
    assert [(h.level, h.title) for h in document.headings] == [(1, "Part One"), (2, "Section A")]


def test_pdf_outline_title_in_a_sentence_is_no_heading(tmp_path: Path) -> None:
    said = "saying that the methods of Smith (1999) were used and gave 42 mg."
    document = load(write(tmp_path, "a.pdf", outlined("Methods", said, "Methods", "Samples were dried.")))
    assert document.headings == (Heading(1, "Methods", len(said) + 1, len(said) + 8),)
    assert [document.text[a:b].strip() for a, b in sections(document)] == [said, "Samples were dried."]


@pytest.mark.parametrize(
    ("title", "heading"),
    [
        ("Methods", "METHODS"),
        ("Methods", "2 Methods"),
        ("Methods", "2.1. Methods"),
        ("Methods", "A.1 Methods"),
        ("Methods", "IV – Methods"),
        ("Methods", "Chapter 3: Methods"),
        ("2 Methods", "2 Methods"),
        ("A Methods", "Appendix A Methods"),
        ("Methods of the survey", "2.1 Methods of\nthe survey"),
    ],
)
def test_pdf_outline_title_is_found_in_whole_lines_with_the_number_before_it(
    tmp_path: Path, title: str, heading: str
) -> None:
    document = load(write(tmp_path, "a.pdf", outlined(title, "Before.", *heading.splitlines(), "After.")))
    (found,) = document.headings
    assert (found.title, document.text[found.start : found.end]) == (title, heading)


@pytest.mark.parametrize("line", ["the Methods", "Methods of Smith", "Methods . . . . 7", "2 new Methods"])
def test_pdf_outline_title_that_fills_no_line_gives_no_heading(tmp_path: Path, line: str) -> None:
    assert load(write(tmp_path, "a.pdf", outlined("Methods", "42", line, "After."))).headings == ()


def test_pdf_sentence_runs_on_over_a_page_break(tmp_path: Path) -> None:
    pages = "The board said that the fund grew by", "twelve percent in 2021. Costs fell."
    document = load(write(tmp_path, "a.pdf", pdf(*([(11, page)] for page in pages))))
    assert document.text == "\n".join(pages)
    assert tuple(document.text[page.start : page.end] for page in document.pages) == pages
    for quote, number in (("grew by\ntwelve", 1), ("twelve percent", 2)):
        start = document.text.index(quote)
        citation = cite(document, start, start + len(quote))
        assert citation.page == number
        assert citation.sentence == "The board said that the fund grew by\ntwelve percent in 2021."


@pytest.mark.parametrize(
    ("page", "following", "runs_on"),
    [
        ("The fund grew by ", " twelve percent.", True),
        ("The fund (a large one)", "grew.", True),
        ("The fund grew by", "12 percent.", False),
        ("The fund grew in", "May.", False),
        ("The fund grew.", "twelve percent", False),
        ("Did it grow?", "yes", False),
        ("He said “it grew!”", "so they say", False),
        ("(It grew.)", "so they say", False),
        ("These grew: ", "the fund", False),
    ],
)
def test_pdf_pages_are_parted_by_a_blank_line_unless_a_sentence_runs_on(
    tmp_path: Path, page: str, following: str, runs_on: bool
) -> None:
    document = load(write(tmp_path, "a.pdf", pdf([(11, page)], [(11, following)])))
    assert document.text == page + ("\n" if runs_on else "\n\n") + following


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


def test_html_lists_inside_lists_are_read_once_and_permalinks_dropped(tmp_path: Path) -> None:
    page = (
        "<!doctype html><html><body><main><h2>Members<a class=headerlink href=#m>¶</a></h2>"
        "<p>The committee has these members, as the register of the town says in its last edition:</p>"
        "<ul><li>Chair<ul><li>Ada Berg</li><li>Max Roth</li></ul></li><li>Clerk</li></ul></main></body></html>"
    )
    document = load(write(tmp_path, "a.html", page))
    assert [h.title for h in document.headings] == ["Members"]
    assert document.text.endswith("edition:\n\n- Chair\n  - Ada Berg\n  - Max Roth\n- Clerk")


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.bin", "a"])
def test_kind_is_told_by_content(tmp_path: Path, name: str) -> None:
    assert load(write(tmp_path, name, pdf([(11, "Plain words.")]))).pages
    word = docx.Document()
    word.add_paragraph("In Word.")
    assert load(write(tmp_path, name, docx_bytes(word))).text == "In Word."


def without(part: str, removed: bytes) -> bytes:
    """A Word document one part of which is not what it should be."""
    source = io.BytesIO()
    docx.Document().save(source)
    buffer = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, removed if name == part else old.read(name))
    return buffer.getvalue()


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


def test_html_that_says_latin_1_is_read_as_browsers_do(tmp_path: Path) -> None:
    said = b"<p>It cost \x80 5 and he said \x93no\x94 to the press.</p>"
    page = b"<!doctype html><html><head><meta charset=iso-8859-1></head><body>" + said + b"</body></html>"
    assert "It cost \u20ac 5 and he said \u201cno\u201d" in load(write(tmp_path, "a.html", page)).text


def test_html_that_says_utf_16_in_one_byte_a_letter_is_utf_8(tmp_path: Path) -> None:
    page = '<?xml version="1.0" encoding="utf-16"?><html><body><p>Words – in a paragraph.</p></body></html>'
    for space in ("", " "):  # an even and an odd length
        assert "Words – in" in load(write(tmp_path, "a.html", space.join([page, ""]))).text


def test_html_whose_encoding_is_no_encoding_is_read_all_the_same(tmp_path: Path) -> None:
    page = "<!doctype html><html><head><meta charset=punycode></head><body><p>Words – in a paragraph.</p></body></html>"
    assert "Words – in" in load(write(tmp_path, "a.html", page)).text


def test_text_that_speaks_of_pdf_is_text(tmp_path: Path) -> None:
    assert load(write(tmp_path, "a.md", "A PDF begins with %PDF-1.7.\n")).pages == ()


def test_front_matter_keeps_what_is_flat(tmp_path: Path) -> None:
    text = "---\ntitle: T\ntags: [a, b]\ndeep: {x: [1]}\n---\nWords.\n"
    assert load(write(tmp_path, "a.md", text)).metadata == {"title": "T", "tags": "a, b"}


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.txt", b"", "it is empty"),
        ("a.txt", b" \n\t ", "holds no text"),
        ("a.md", b"---\ntitle: x\n---\n\n", "holds no text"),
        ("a.txt", bytes(range(256)) * 8, "binary"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "binary"),
        ("a.pdf", b"words", "its name says pdf"),
        ("a.docx", b"words", "its name says docx"),
        ("a.pdf", b"%PDF-1.7\nbroken", "broken"),
        ("a.pdf", pdf([]), "no text layer"),
        ("a.pdf", pdf([(11, "Secret.")], encrypt="pass"), "encrypted"),
        ("a.docx", b"PK\x03\x04broken", "broken"),
        ("a.docx", zipped(), "no Word document"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old or an encrypted Office file"),
        ("a.html", b"<!doctype html><html><body></body></html>", "no text"),
        ("a.md", b"---\na: " + b"[" * 5000 + b"\n---\nWords.\n", "broke the parser"),
        ("a.docx", without("word/document.xml", b"<w:body/>"), "broken|broke the parser"),
    ],
)
def test_file_that_cannot_be_read_is_refused_with_its_name_and_the_reason(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    path = write(tmp_path, name, data)
    with pytest.raises(FileError, match=reason) as raised:
        load(path)
    assert str(path) in str(raised.value)


def test_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="11 bytes, more than the limit of 10"):
        load(write(tmp_path, "a.txt", "x" * 11), max_bytes=10)


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w", force_zip64=True) as entry,
    ):
        for _ in range(1001):
            entry.write(b" " * 1_000_000)
    with pytest.raises(FileError, match="unpacks to more than"):
        load(write(tmp_path, "bomb.docx", buffer.getvalue()))


def test_html_lists_in_cells_and_quotes_are_read(tmp_path: Path) -> None:
    page = (
        "<html><body><article><h1>The firm</h1><p>It makes ropes, and has done so for a very long time indeed.</p>"
        "<table><tr><th>Founders</th><td><ul><li>Ada Berg</li><li>Max Roth</li></ul></td></tr></table>"
        "<blockquote><p>The terms are these:</p><ul><li>no debts</li><li>no heirs</li></ul></blockquote>"
        "</article></body></html>"
    )
    text = load(write(tmp_path, "page.html", page)).text
    assert "Founders | Ada Berg; Max Roth" in text
    assert "The terms are these:\n- no debts\n- no heirs" in text


def article(inside: str) -> str:
    """A page of one article, long enough to be taken for one: this, and a paragraph before it."""
    opening = "The laboratory in Berlin worked on radioactive elements for many years before the war."
    return f"<html><body><article><h1>Laboratory</h1><p>{opening}</p>{inside}</article></body></html>"


_ITEMS = "<ul><li>Lise Meitner, physicist</li><li>Otto Hahn, chemist</li></ul>"
_FIGURES = "<table><tr><th>Year</th><th>Value</th></tr><tr><td>1905</td><td>77</td></tr></table>"


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (
            f"<div>The members are:{_ITEMS}</div>",
            "The members are:\n- Lise Meitner, physicist\n- Otto Hahn, chemist",
        ),
        (f"<div><b>Members</b>{_ITEMS}</div>", "Members\n- Lise Meitner, physicist\n- Otto Hahn, chemist"),
        (
            f"<div>There were:{_ITEMS}Both <i>left</i>.</div>",
            "There were:\n- Lise Meitner, physicist\n- Otto Hahn, chemist\nBoth left.",
        ),
        (
            f"<blockquote>There were:{_ITEMS}Both left.</blockquote>",
            "There were:\n- Lise Meitner, physicist\n- Otto Hahn, chemist\nBoth left.",
        ),
        (f"<div>The figures are:{_FIGURES}</div>", "The figures are:\nYear | Value\n1905 | 77"),
        (
            "<div>Figures:<table><caption>Post</caption><tr><td>a<br>b</td><td>c</td></tr></table></div>",
            "Figures:\nPost\na b | c",
        ),
    ],
)
def test_html_lists_and_tables_after_bare_text_are_lines_in_their_place(tmp_path: Path, inside: str, text: str) -> None:
    assert load(write(tmp_path, "a.html", article(inside))).text.endswith(f"the war.\n\n{text}")


def test_html_heading_between_bare_text_is_a_heading(tmp_path: Path) -> None:
    page = article("<div>Intro text<h2>Heading two here</h2>Text</div>")
    document = load(write(tmp_path, "a.html", page))
    assert document.text.endswith("Intro text\n\nHeading two here\n\nText")
    assert [(h.level, h.title) for h in document.headings] == [(1, "Laboratory"), (2, "Heading two here")]


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("<blockquote><p>First quote.</p><p>Second quote.</p></blockquote>", "First quote. Second quote."),
        ("<ul><li><p>Pour water.</p><p>Wait a while.</p></li></ul>", "- Pour water. Wait a while."),
        ("<ul><li><h3>Item head</h3><p>First words.</p></li></ul>", "- Item head First words."),
        ("<ul><li>Some: <table><tr><td>x1</td><td>x2</td></tr></table></li></ul>", "- Some: x1 x2"),
        (
            "<table><tr><td><p>a</p><p>b</p></td><td><div>c</div><div>d</div></td></tr></table>",
            "a b | c d",
        ),
        ("<div>Run this:<pre>a\nb</pre></div>", "Run this: a b"),
        ("<ul><li><p>„Gut.“</p><p>...dann</p><p>.NET</p></li></ul>", "- „Gut.“ ...dann .NET"),
        ("<div>Text here<p>More text</p>and a tail</div>", "Text here More text and a tail"),
        ("<ul><li>one<ul><li>two</li></ul>three</li></ul>", "- one three\n  - two"),
    ],
)
def test_html_blocks_inside_a_block_are_not_glued(tmp_path: Path, inside: str, text: str) -> None:
    assert load(write(tmp_path, "a.html", article(inside))).text.endswith(f"the war.\n\n{text}")


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("<p>H<sub>2</sub>O is <b>wet</b>, so <code>x</code>, <code>y</code>; z.</p>", "H2O is wet, so x, y; z."),
        ("<p>He said <q>no</q>, and (<q>maybe</q>) <q>yes</q>.</p>", "He said no, and (maybe) yes."),
        ("<ul><li><p>no debts</p>;</li><li><p> no heirs </p> </li></ul>", "- no debts;\n- no heirs"),
    ],
)
def test_html_gets_no_blank_at_punctuation_or_inside_words(tmp_path: Path, inside: str, text: str) -> None:
    assert load(write(tmp_path, "a.html", article(inside))).text.endswith(f"the war.\n\n{text}")


def test_html_has_no_date_but_its_own(tmp_path: Path) -> None:
    body = "<body><article><p>The mill employed twelve people in 2003.</p><p>© 2019 The mill</p></article></body>"
    dated = '<head><meta property="article:published_time" content="2021-05-04"></head>'
    assert "date" not in load(write(tmp_path, "a.html", f"<html>{body}</html>")).metadata
    assert load(write(tmp_path, "b.html", f"<html>{dated}{body}</html>")).metadata["date"] == "2021-05-04"


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


def test_a_broken_byte_leaves_the_rest_of_a_utf_8_file_as_it_is(tmp_path: Path) -> None:
    whole = "Łódź is the city’s name, they say – in Polish."
    cut = write(tmp_path, "cut.txt", (whole + " Łódź").encode()[:-1])
    assert load(cut).text == whole + " Łód\ufffd"
    western = write(tmp_path, "western.txt", ("Das Café ist schön. " * 20).encode("cp1252"))
    assert load(western).text == "Das Café ist schön. " * 20
