"""PDF to documents."""

import io
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from rag.citations import cite
from rag.loading import load
from rag.loading.pdf import char_indexes, opened, page_text
from rag.structure import sections
from rag.values import Heading

from .make import pdf, write


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


def drop_capped(letter: str, *lines: str) -> bytes:
    """A PDF of one page: a headline, and a text that begins with a letter as high as three lines."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.setFont("Helvetica", 18)
    canvas.drawString(60, 780, "The harbour")
    canvas.setFont("Helvetica", 40)
    canvas.drawString(50, 716, letter)
    canvas.setFont("Helvetica", 11)
    for number, line in enumerate(lines):
        canvas.drawString(100, 736 - 13 * number, line)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def test_pdf_drop_cap_is_no_heading_and_begins_its_word(tmp_path: Path) -> None:
    data = drop_capped("O", "n 3 March 2017 the officer", "found amber at the port.")
    document = load(write(tmp_path, "a.pdf", data))
    assert document.text == "The harbour\nOn 3 March 2017 the officer\nfound amber at the port."
    assert [(h.level, h.title) for h in document.headings] == [(1, "The harbour")]


@pytest.mark.parametrize(
    ("letter", "line", "read"),
    [
        ("A", "ferry sank. The ferry was old.", "A\nferry sank. The ferry was old."),
        ("A", "fter noon the ferry sank.", "After noon the ferry sank."),
        ("7", "ferries sank.", "7\nferries sank."),
    ],
)
def test_pdf_drop_cap_that_is_a_word_of_its_own_stays_one(tmp_path: Path, letter: str, line: str, read: str) -> None:
    document = load(write(tmp_path, "a.pdf", drop_capped(letter, line, "It was a calm day.")))
    assert document.text == f"The harbour\n{read}\nIt was a calm day."


def test_pdf_letter_above_a_list_is_no_drop_cap(tmp_path: Path) -> None:
    document = load(write(tmp_path, "a.pdf", pdf([(24, "B"), (11, "banks, 12"), (11, "boats, 14")])))
    assert (document.text, document.headings) == ("B\nbanks, 12\nboats, 14", ())


def test_pdf_lone_large_letter_takes_no_level_from_the_headings(tmp_path: Path) -> None:
    document = load(write(tmp_path, "a.pdf", pdf([(40, "Q"), (18, "Annual report"), (11, "The fund grew by far.")])))
    assert [(h.level, h.title) for h in document.headings] == [(1, "Annual report")]


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (["The dis-", "aster. A disaster!"], "The disaster. A disaster!"),
        (["The dis-", "aster."], "The disaster."),
        (["The bal-", "last."], "The bal-last."),
        (["It is well-", "known."], "It is well-known."),
        (["A cost-", "ly cost-ly thing."], "A cost-ly cost-ly thing."),
        (["It is market-", "based: the market is based here."], "It is market-based: the market is based here."),
        (["The state-of-the-", "art boat is art."], "The state-of-the-art boat is art."),
        (["Anna Smith-", "Jones."], "Anna Smith-Jones."),
    ],
)
def test_pdf_word_that_a_line_end_parts_is_whole_where_the_page_shows_it(
    tmp_path: Path, lines: list[str], read: str
) -> None:
    assert load(write(tmp_path, "a.pdf", pdf([(11, line) for line in lines]))).text == read


def test_pdf_characters_are_found_beside_those_that_are_left_out() -> None:
    lines = ["n the dis-", "aster of 1931, the disaster", "of the age."]
    with opened(drop_capped("I", *lines)) as document:
        text_page = document[0].get_textpage()
        text = page_text(text_page)
        assert text == "The harbour\nIn the disaster of 1931, the disaster\nof the age."
        there = [text_page.get_text_range(index, 1) for index in char_indexes(text_page, 0, len(text))]
        assert "".join(there) == text.replace("\n", "\r")
        text_page.close()
