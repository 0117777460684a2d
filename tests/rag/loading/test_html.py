"""HTML to documents."""

from pathlib import Path

import pytest

from rag.loading import load

from .make import write


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


def test_html_lists_inside_lists_are_read_once_and_permalinks_dropped(tmp_path: Path) -> None:
    page = (
        "<!doctype html><html><body><main><h2>Members<a class=headerlink href=#m>¶</a></h2>"
        "<p>The committee has these members, as the register of the town says in its last edition:</p>"
        "<ul><li>Chair<ul><li>Ada Berg</li><li>Max Roth</li></ul></li><li>Clerk</li></ul></main></body></html>"
    )
    document = load(write(tmp_path, "a.html", page))
    assert [h.title for h in document.headings] == ["Members"]
    assert document.text.endswith("edition:\n\n- Chair\n  - Ada Berg\n  - Max Roth\n- Clerk")


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
        ("<div>Run this:<pre>a\nb</pre></div>", "Run this: a\nb"),
        ("<ul><li><p>„Gut.“</p><p>...dann</p><p>.NET</p></li></ul>", "- „Gut.“ ...dann .NET"),
        ("<div>Text here<p>More text</p>and a tail</div>", "Text here More text and a tail"),
        ("<ul><li>one<ul><li>two</li></ul>three</li></ul>", "- one three\n  - two"),
        ("<ul><li><div>Three</div><div>Four</div></li></ul>", "- Three Four"),
        ("<ul><li>Two<div>Three</div>, four</li></ul>", "- Two Three, four"),
        ("<blockquote><div>Three</div><div>Four</div></blockquote>", "Three Four"),
        ("<div>Alpha one.<div>Beta two.</div>Gamma three.</div>", "Alpha one. Beta two. Gamma three."),
    ],
)
def test_html_blocks_inside_a_block_are_not_glued(tmp_path: Path, inside: str, text: str) -> None:
    assert load(write(tmp_path, "a.html", article(inside))).text.endswith(f"the war.\n\n{text}")


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("<p>H<sub>2</sub>O is <b>wet</b>, so <code>x</code>, <code>y</code>; z.</p>", "H₂O is wet, so x, y; z."),
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


def test_html_has_no_date_of_its_headline(tmp_path: Path) -> None:
    def dated(headline: str, head: str = "") -> str | None:
        page = article("").replace("<html>", f"<html><head><title>{headline}</title>{head}</head>")
        return load(write(tmp_path, "a.html", page.replace("Laboratory</h1>", f"{headline}</h1>"))).metadata.get("date")

    assert dated("Case 12/2021") is None
    assert dated("What happened on 11 September 2001") is None
    canonical = '<link rel="canonical" href="https://example.org/2021/05/04/case">'
    linked_data = '<script type="application/ld+json">{"@type": "Article", "datePublished": "2021-05-04"}</script>'
    for head in (canonical, linked_data, '<meta name="date" content="2021-05-04">'):
        assert dated("Case 12/2021", head) == "2021-05-04"


def test_html_date_of_a_time_element_goes_before_the_headline(tmp_path: Path) -> None:
    page = article('<time datetime="2021-05-04" class="published">4 May</time>').replace("Laboratory", "Case 12/2020")
    assert load(write(tmp_path, "a.html", page)).metadata["date"] == "2021-05-04"


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("10<sup>5</sup> kronor", "10⁵ kronor"),
        ("250 000<sup>2</sup> kronor", "250 000² kronor"),
        ("10<sup>−5</sup> and 2<sup>n+1</sup>", "10⁻⁵ and 2ⁿ⁺¹"),
        ("e<sup>x+1</sup> and x<sub>a+1</sub>", "e^x+1 and x_a+1"),
        ("2<sup>n<sup>2</sup></sup>", "2^n²"),
        ("log<sub>10</sub>5", "log₁₀5"),
        ("in 2019<sup><a href='#fn1'>1</a></sup> he", "in 2019[1] he"),
        ("in 2019<a href='#fn1'><sup>1</sup></a> he", "in 2019[1] he"),
        ("in 2019<sup><a href='#fn1'>[1]</a></sup> he", "in 2019[1] he"),
        ("in 2019<sup>[1]</sup> he", "in 2019[1] he"),
        ("on the 21<sup>st</sup>, the 2<sup>e</sup>", "on the 21st, the 2e"),
        ("Pincite<sup>TM</sup> and Pincite<sup>®</sup> and so on<sup>*</sup>", "PinciteTM and Pincite® and so on*"),
        ("a<sup> </sup>b", "a b"),
    ],
)
def test_html_raised_and_lowered_text_is_not_glued_to_numbers(tmp_path: Path, marked: str, text: str) -> None:
    page = article(f"<p>It says {marked} here.</p>")
    assert load(write(tmp_path, "a.html", page)).text.endswith(f"\n\nIt says {text} here.")


def test_html_a_raised_mark_in_a_heading_is_in_its_title(tmp_path: Path) -> None:
    document = load(write(tmp_path, "a.html", article("<h2>Area in km<sup>2</sup></h2><p>It has twelve.</p>")))
    heading = document.headings[-1]
    assert document.text[heading.start : heading.end] == heading.title == "Area in km²"


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            "<tr><th></th><th>2018</th><th>2019</th></tr><tr><td>Pay</td><td></td><td>9</td></tr>",
            "– | 2018 | 2019\nPay | – | 9",
        ),
        ("<tr><td>a</td><td>b</td></tr><tr><td><p>&nbsp;</p></td><td>c</td></tr>", "a | b\n– | c"),
        ("<tr><td>a</td><td>b</td></tr><tr><td></td><td> </td></tr>", "a | b"),
        ("<tr><td>a</td></tr><tr><td></td></tr><tr><td>b</td></tr>", "a\nb"),
        ("<tr><td></td><td>a</td><td></td></tr><tr><td></td><td>b</td><td></td></tr>", "a\nb"),
        (
            "<tr><td rowspan=2>May</td><td>a</td><td>1</td></tr><tr><td>b</td><td>2</td></tr><tr><td>c</td></tr>",
            "May | a | 1\nMay | b | 2\nc",
        ),
        ("<tr><td>a</td><td rowspan=2>1</td></tr><tr><td>b</td></tr>", "a | 1\nb | 1"),
        ("<tr><td rowspan=2>a</td><td>1</td></tr><tr><td></td></tr>", "a | 1"),
        ("<tr><td colspan=2>Pay</td><td>x</td></tr><tr><td>a</td><td>b</td><td></td></tr>", "Pay | x\na | b | –"),
        (
            "<thead><tr><th rowspan=2>Year</th><th>a</th></tr><tr><th>b</th></tr></thead><tr><td>1</td><td>2</td></tr>",
            "Year | a\nYear | b\n1 | 2",
        ),
    ],
)
def test_html_cells_stay_in_their_column(tmp_path: Path, rows: str, text: str) -> None:
    page = article(f"<table>{rows}</table>")
    assert load(write(tmp_path, "a.html", page)).text.endswith(f"the war.\n\n{text}")


def test_html_long_cell_that_spans_rows_is_read_once(tmp_path: Path) -> None:
    rows = f"<tr><td rowspan=2>{'word ' * 300}</td><td>a</td></tr><tr><td>b</td></tr>"
    assert load(write(tmp_path, "a.html", article(f"<table>{rows}</table>"))).text.endswith("word | a\n– | b")


@pytest.mark.parametrize("tag", ["del", "s", "strike"])
def test_html_deleted_text_is_not_read_and_inserted_text_is(tmp_path: Path, tag: str) -> None:
    page = article(f"<p>The court <{tag}>grants</{tag}> <ins>rejects</ins> the appeal.</p>")
    assert load(write(tmp_path, "a.html", page)).text.endswith("\n\nThe court rejects the appeal.")


def test_html_lines_of_pre_are_lines_and_code_keeps_its_blanks(tmp_path: Path) -> None:
    page = article("<pre>Docket   <b>12</b>\nFiled in May</pre><p>And:</p><pre>if (a) {\n    b;\n}</pre>")
    text = load(write(tmp_path, "a.html", page)).text
    assert text.endswith("\n\nDocket 12\nFiled in May\n\nAnd:\n\nif (a) {\n    b;\n}")


def test_html_control_characters_do_no_harm(tmp_path: Path) -> None:
    page = article("<div>a&#1;b</div><pre>c&#1;\nd</pre><p>So it was, 2<sup>1&#1;x</sup>.</p>")
    assert load(write(tmp_path, "a.html", page)).text.endswith("So it was, 2^1 x.")


def test_html_author_in_a_list_has_no_mark_of_ours(tmp_path: Path) -> None:
    page = article('<ul><li><div class="author">Ada Berg</div></li></ul>')
    assert load(write(tmp_path, "a.html", page)).metadata["author"] == "Ada Berg"
