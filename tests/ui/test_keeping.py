"""A conversation as a file: every quote with its place and the hash of its file, and nothing but text."""

import json
import re
from importlib.metadata import version

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from rag.labels import Verdict
from rag.ui.page.conversation import Conversation, Exchange
from rag.ui.page.keeping import KINDS, as_file
from tests.ui.answers import SHA256, answer, citation, every, other, refused
from tests.ui.markup import HOSTILE, markup, put_in, read

TALK: Conversation = (
    Exchange(
        "When did it open?",
        answer(
            citation(page=3, date="2020-01-02"),
            citation("1932", title="Ferries", source="b/ferry.pdf", heading=(), start=7, before="In "),
            others=(other(citation("1933", start=50)),),
        ),
        verdict=Verdict.RIGHT,
    ),
    Exchange("What did it cost?", every((citation("7 pounds"),), (citation("8 pounds", start=9),), disagree=True)),
    Exchange("Who sank it?", refused(citation("A ferry sank."), read_as="Who sank the ferry?"), verdict=Verdict.WRONG),
    Exchange("Broken?", note="That did not work."),
    Exchange("And now?", note="Reading them", is_pending=True),
)
QUOTES = ("1932", "1932", "1933", "7 pounds", "8 pounds")
PLACES = (
    f"Bridges › History (2020-01-02); bridge.md, page 3, characters 100–104, SHA-256 {SHA256}",
    f"Ferries; ferry.pdf, characters 7–11, SHA-256 {SHA256}",
    f"Bridges › History; bridge.md, characters 50–54, SHA-256 {SHA256}",
    f"Bridges › History; bridge.md, characters 100–108, SHA-256 {SHA256}",
    f"Bridges › History; bridge.md, characters 9–17, SHA-256 {SHA256}",
)


def rendered(markdown: str) -> str:
    """What a program makes of Markdown."""
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))


def without_time(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", "NOW", text)


@pytest.mark.parametrize(
    ("kind", "suffix", "media_type"),
    [("markdown", "md", "text/markdown"), ("json", "json", "application/json"), ("html", "html", "text/html")],
)
def test_file_is_named_by_when_it_was_saved(kind: str, suffix: str, media_type: str) -> None:
    file = as_file(TALK, kind)
    assert re.fullmatch(rf"pincite-\d{{4}}-\d\d-\d\dT\d{{6}}\.{suffix}", file.name)
    assert file.type == media_type
    assert kind in KINDS
    assert len(KINDS) == 3


def test_markdown_holds_each_question_with_its_quotes_and_places() -> None:
    assert without_time(as_file(TALK, "markdown").text) == (
        "# Questions and quotes\n\n"
        f"Pincite {version('pincite')}, NOW\n\n"
        "## When did it open?\n\n"
        "Judged: right.\n\n"
        "1932 (confidence 0.93)\n\n"
        f"> 1932\n>\n> {PLACES[0]}\n\n"
        f"> 1932\n>\n> {PLACES[1]}\n\n"
        "Another answer: 1933 (confidence 0.50)\n\n"
        f"> 1933\n>\n> {PLACES[2]}\n\n"
        "## What did it cost?\n\n"
        "The documents disagree.\n\n"
        "7 pounds (confidence 0.70)\n\n"
        f"> 7 pounds\n>\n> {PLACES[3]}\n\n"
        "8 pounds (confidence 0.70)\n\n"
        f"> 8 pounds\n>\n> {PLACES[4]}\n\n"
        "## Who sank it?\n\n"
        "Judged: wrong.\n\n"
        "Read as: Who sank the ferry?\n\n"
        "The documents do not answer this: no passage holds an answer.\n"
    )


PLACED = Exchange("When?", answer(), verdict=Verdict.PLACE, place=citation("7:45 pm", start=7, before="It shuts at "))


def test_right_place_that_was_marked_stands_before_the_wrong_answer() -> None:
    reference = f"Bridges › History; bridge.md, characters 7–14, SHA-256 {SHA256}"
    assert (
        f"## When?\n\nJudged: wrong.\n\nThe right place:\n\n> 7:45 pm\n>\n> {reference}\n\n1932 (confidence 0.93)\n"
    ) in as_file((PLACED,), "markdown").text
    page = read(as_file((PLACED,), "html").text)
    assert page.text.index("Judged: wrong.") < page.text.index("The right place:") < page.text.index("7:45 pm")
    assert [mark.text for mark in page.all("mark")] == ["7:45 pm", "1932"]
    (found,) = json.loads(as_file((PLACED,), "json").text)["exchanges"]
    assert (found["verdict"], found["place"]["quote"], found["place"]["start"]) == (Verdict.PLACE, "7:45 pm", 7)


def test_json_holds_the_answers_as_the_api_gives_them() -> None:
    found = json.loads(as_file(TALK, "json").text)
    assert found["program"] == f"Pincite {version('pincite')}"
    assert without_time(found["at"]) == "NOW"
    answers = [exchange.answer for exchange in TALK[:3]]
    assert found["exchanges"] == [
        {
            "question": exchange.question,
            "verdict": exchange.verdict,
            "place": None,
            "answer": json.loads(json.dumps(one.to_dict())),
        }
        for exchange, one in zip(TALK[:3], answers, strict=True)
        if one
    ]
    first = found["exchanges"][0]["answer"]["citations"][0]
    assert (first["quote"], first["start"], first["end"], first["sha256"]) == ("1932", 100, 104, SHA256)
    assert [one["verdict"] for one in found["exchanges"]] == ["right", None, "wrong"]


def test_html_holds_each_question_with_its_quotes_marked_and_their_places() -> None:
    page = read(as_file(TALK, "html").text)
    assert [heading.text for heading in page.all("h2")] == ["When did it open?", "What did it cost?", "Who sank it?"]
    assert tuple(mark.text for mark in page.all("mark")) == QUOTES
    assert [quote.text for quote in page.all("blockquote")][1:] == [
        "In 1932 at last.",
        "It opened in 1933 at last.",
        "It opened in 7 pounds at last.",
        "It opened in 8 pounds at last.",
    ]
    assert tuple(source.text for source in page.all("p", class_="source")) == PLACES
    assert "The documents do not answer this: no passage holds an answer." in page.text
    assert "Read as: Who sank the ferry?" in page.text
    assert "Judged: right." in page.text


def test_refusals_have_no_quotes_in_a_file_to_read() -> None:
    for kind in ("markdown", "html"):
        assert "A ferry sank." not in as_file(TALK, kind).text


def test_html_needs_nothing_else_and_leads_nowhere() -> None:
    conversation = tuple(Exchange(text, answer(citation(text, title=text, source=text))) for text in HOSTILE)
    page = read(as_file((*TALK, *conversation), "html").text)
    assert {element.tag for element in page.elements} == set(
        "html head meta title style body h1 h2 p section blockquote mark".split()
    )
    assert {name for e in page.elements for name in e.attributes} == {
        "lang",
        "charset",
        "name",
        "content",
        "http-equiv",
        "class",
    }
    policy = page.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert not re.search(r"url\(|@import|//", page.one("style").text)


def html(text: str, length: int) -> str:
    """The page of a conversation in which a text stands in all places; as if it had that many characters."""
    one = citation(text, title=text, heading=(text,), date=text, before=f"{text} ", after=f" {text}", start=1000)
    conversation = (Exchange(text, answer(one, read_as=text)), Exchange(text, every((one,))))
    return without_time(as_file(conversation, "html").text).replace(f"–{1000 + len(text)}", f"–{1000 + length}")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_an_html_file_is_text(text: str) -> None:
    put_in(lambda shown: html(" ".join(shown.split()), len(text)), text)


@settings(deadline=None)
@given(markup)
def test_any_text_in_an_html_file_is_there_letter_for_letter(text: str) -> None:
    text = " ".join(text.split())
    put_in(lambda shown: html(shown, len(text)), text)


def markdown_of(text: str) -> str:
    one = citation(text, title=text, heading=(text,), source=text)
    conversation = (Exchange(text, answer(one, read_as=text)), Exchange(text, every((one,))))
    return as_file(conversation, "markdown").text


def assert_literal(text: str) -> None:
    page = read(rendered(markdown_of(text)))
    assert {element.tag for element in page.elements} == {"h1", "h2", "p", "blockquote"}
    assert [heading.text for heading in page.all("h2")] == [text, text]
    quotes = [quote.text.strip().partition("\n") for quote in page.all("blockquote")]
    assert [quote for quote, _, _ in quotes] == [text, text]
    assert f"Read as: {text}\n" in page.text
    assert f"{text} (confidence 0.93)" in page.text


@pytest.mark.parametrize(
    "text",
    [
        *HOSTILE,
        "# Heading",
        "- item",
        "+ item",
        "* item",
        "1. item",
        "12) item",
        "> quote",
        "===",
        "---",
        "```",
        "~~~",
        "~~gone~~",
        "a | b",
        "|---|",
        "*a* _b_ __c__",
        "<https://example.org>",
        "![](https://example.org/a.png)",
        "[a]: https://example.org",
        "a\\",
        "\\*a\\*",
        "&nbsp;",
    ],
)
def test_markdown_shows_what_would_be_markup_as_it_is(text: str) -> None:
    assert_literal(text)


@settings(deadline=None)
@given(markup)
def test_markdown_shows_any_line_as_it_is(text: str) -> None:
    assert_literal(" ".join(text.split()))


@pytest.mark.parametrize("kind", ["markdown", "html", "json"])
def test_conversation_without_answers_is_a_file_without_quotes(kind: str) -> None:
    text = as_file((TALK[3],), kind).text
    assert "Broken?" not in text
    assert "blockquote>" not in text
    assert f"Pincite {version('pincite')}" in text
