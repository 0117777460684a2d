"""A quote to be pasted elsewhere: where it stands in one line that can be checked, and text that stays text."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.citations import cite, literal, quoted, reference
from rag.values import Document, Heading, Page

TEXT = "Bridges\nHistory\nIt opened in 1932, and sank.\nIt was built by Ada."
SHA256 = "0123456789abcdef" * 4
DOCUMENT = Document(
    "d" * 16,
    "Bridges",
    "files/old/bridge.pdf",
    SHA256,
    TEXT,
    pages=(Page(1, 0, 15), Page(2, 16, len(TEXT))),
    headings=(Heading(1, "Bridges", 0, 7), Heading(2, "History", 8, 15)),
    metadata={"date": "2020-01-02"},
)
OPENED = cite(DOCUMENT, 29, 33)


def test_reference_names_title_headings_date_file_page_characters_and_hash() -> None:
    assert OPENED.quote == "1932"
    assert reference(OPENED) == (
        f"Bridges › History (2020-01-02); bridge.pdf, page 2, characters 29–33, SHA-256 {SHA256}"
    )


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"date": None}, "Bridges › History; bridge.pdf, page 2,"),
        ({"page": None}, "Bridges › History (2020-01-02); bridge.pdf, characters 29–33,"),
        ({"heading": ()}, "Bridges (2020-01-02); bridge.pdf,"),
        ({"heading": ("History",), "title": "Rivers"}, "Rivers › History (2020-01-02); bridge.pdf,"),
        ({"heading": ("History", "History")}, "Bridges › History (2020-01-02); bridge.pdf,"),
        ({"source": "bridge.pdf"}, "Bridges › History (2020-01-02); bridge.pdf,"),
    ],
)
def test_reference_leaves_out_what_the_document_does_not_have(changes: dict[str, object], start: str) -> None:
    assert reference(replace(OPENED, **changes)).startswith(start)  # type: ignore[arg-type]


def test_quote_is_pasted_with_its_reference() -> None:
    assert quoted(OPENED) == f"“1932”\n{reference(OPENED)}"
    assert quoted(OPENED, markdown=True) == f"> 1932\n>\n> {reference(OPENED)}"


def test_each_line_of_a_quote_is_quoted_in_markdown() -> None:
    one = cite(DOCUMENT, 16, len(TEXT))
    assert quoted(one, markdown=True) == (
        f"> It opened in 1932, and sank.\n> It was built by Ada.\n>\n> {reference(one)}"
    )
    assert quoted(one).startswith("“It opened in 1932, and sank.\nIt was built by Ada.”\n")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain, text. (And more!)", "plain, text. (And more!)"),
        ("<b>&amp;", "\\<b\\>\\&amp;"),
        ("*a* _b_ `c` ~d~", "\\*a\\* \\_b\\_ \\`c\\` \\~d\\~"),
        ("[a](b)", "\\[a\\](b)"),
        ("# a | b $c$ \\", "\\# a \\| b \\$c\\$ \\\\"),
        ("- a - b", "\\- a - b"),
        ("  + a", "  \\+ a"),
        ("12. a 3. b", "12\\. a 3. b"),
        ("1) a", "1\\) a"),
        ("===", "\\==="),
        ("", ""),
    ],
)
def test_literal_has_a_backslash_before_what_markdown_would_take_for_its_own(text: str, written: str) -> None:
    assert literal(text) == written


PIECES = "*|_|`|~~|[|]|(|)|<|>|#|$|&|amp;|\\|-|+|=|1.|2)|!|:|'|\"|a|b c|https://x.org| |é".split("|")
LINES = st.lists(st.sampled_from([*PIECES, "|"]), min_size=1, max_size=12).map("".join).map(str.strip)


@settings(deadline=None)
@given(st.lists(LINES.filter(bool), min_size=1, max_size=4))
def test_pasted_markdown_reads_as_the_quote_and_its_reference(lines: list[str]) -> None:
    quote = "\n".join(lines)
    one = replace(OPENED, quote=quote, title=lines[0], source=f"files/{lines[0].replace('/', '')}.md")
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(quoted(one, markdown=True))
    wanted = f"<blockquote>\n<p>{escaped(quote)}</p>\n<p>{escaped(reference(one))}</p>\n</blockquote>\n"
    assert html == wanted


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
