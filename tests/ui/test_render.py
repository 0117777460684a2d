"""What the page shows: the quote in its place, and nothing that a document could smuggle in."""

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.citations import cite
from rag.ui.render import literal, message, places
from rag.values import Alternative, Answer, Citation, Document, Heading, Refusal, Timings

TEXT = "Ships\n\nTwo <b>ferries</b> came. One [left](javascript:x) in 1932."
DOCUMENT = Document("id", "T <i>", "a<b>.md", "0" * 64, TEXT, headings=(Heading(1, "Ships", 0, 5),))
TIMINGS = Timings(0, 0, 0, 0, 0, 0)


def answer(*citations: Citation, refusal: Refusal | None = None) -> Answer:
    if refusal:
        return Answer("Q", "", 0.1, (), (), refusal, citations, None, TIMINGS)
    others = (Alternative("Two", 0.7, (cite(DOCUMENT, 7, 10),)),)
    return Answer("Q", citations[0].quote, 0.93, citations, others, None, (), None, TIMINGS)


def test_answer_shows_the_quote_in_its_sentence_the_place_and_the_others() -> None:
    start = TEXT.index("1932")
    shown = message(answer(cite(DOCUMENT, start, start + 4)))
    assert "<mark>1932</mark>" in shown
    assert unescape(shown).count("One [left](javascript:x) in <mark>1932</mark>.") == 1
    assert f"characters {start}–{start + 4}" in unescape(shown)
    assert "Confidence 0.93" in shown
    assert "Other answers (1)" in shown


def test_refusal_shows_the_reason_and_supports_nothing() -> None:
    nearest = cite(DOCUMENT, 7, len(TEXT))
    assert "no passage holds an answer" in message(answer(nearest, refusal=Refusal.NO_ANSWER))
    panel = places([(DOCUMENT, nearest)], supports=False)
    assert "not an answer" in panel
    assert "<mark>" not in panel


def test_panel_marks_the_quote_in_the_text_around_it() -> None:
    start = TEXT.index("1932")
    panel = places([(DOCUMENT, cite(DOCUMENT, start, start + 4))], supports=True)
    assert "Two &lt;b&gt;ferries&lt;/b&gt; came. One [left](javascript:x) in <mark>1932</mark>." in panel
    assert "T &lt;i&gt; › Ships" in panel
    assert "a&lt;b&gt;.md" in panel


@pytest.mark.parametrize(
    "text", ["<script>x</script>", "![](http://x)", "$$x$$", "**b**", "http://x.org", "# h", "&lt;"]
)
def test_literal_text_holds_no_markup_and_reads_the_same(text: str) -> None:
    assert not set(literal(text)) & set("<>[]()*_`!$:/\\\"'")
    assert unescape(literal(text)) == text


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Co"])))
def test_literal_text_reads_the_same(text: str) -> None:
    assert unescape(literal(text)) == text
