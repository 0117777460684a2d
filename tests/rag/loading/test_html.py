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
