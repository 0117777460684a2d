"""The conversation as it is shown: each quote in its sentence with its numbered places, and nothing smuggled in."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings

from rag.labels import Verdict
from rag.ui.page.conversation import Conversation, Exchange
from rag.ui.page.messages import confidence, messages
from rag.ui.page.place import linked
from tests.ui.answers import answer, citation, every, other, refused
from tests.ui.markup import HOSTILE, Read, markup, put_in, read


def shown(*exchanges: Exchange, may_judge: bool = False) -> Read:
    return read(messages(exchanges, [], may_judge=may_judge))


def opened(page: Read) -> list[tuple[str, str]]:
    """The number that is shown of each citation, and the exchange and place that it opens."""
    links = page.all("a", data_do="place")
    return [(link.text.split()[0], link.attributes["data-value"]) for link in links]


def test_answer_shows_the_quote_in_its_sentence_and_the_place() -> None:
    page = shown(Exchange("When did it open?", answer()))
    assert page.one("h2", class_="question").text == "You asked: When did it open?"
    assert page.one("blockquote").text == "It opened in 1932 at last."
    assert page.one("mark").text == "1932"
    link = page.one("a")
    assert link.text == "[1] Bridges › History"
    assert link.attributes["href"] == "#place=0123456789abcdef:100-104:abababababababab"
    assert page.one("span", class_="source").text == "files/bridge.md, characters 100–104"
    assert page.one("p", class_="confidence").text == "Very likely right (0.93)"
    assert not page.all("details")


def test_quote_is_marked_where_it_was_found_and_nowhere_else() -> None:
    cited = citation("7", before="7 arches, 77 years and ", after=" ferries, not 7.")
    html = messages((Exchange("How many ferries?", answer(cited)),), [], may_judge=True)
    assert html.count("<mark>") == 1
    assert ">7 arches, 77 years and <mark>7</mark> ferries, not 7.<" in html


def test_every_place_of_an_answer_is_listed_under_the_sentence_of_the_first() -> None:
    page = shown(Exchange("When?", answer(citation(), citation(title="Ferries", start=7, page=3, before="In "))))
    assert page.one("blockquote").text == "It opened in 1932 at last."
    assert [link.text for link in page.all("a")] == ["[1] Bridges › History", "[2] Ferries › Bridges › History"]
    assert page.all("span", class_="source")[1].text == "files/bridge.md, page 3, characters 7–11"


def test_citations_are_counted_on_through_the_alternatives_and_each_number_opens_its_own() -> None:
    others = (other(citation("1933", start=20), citation("1933", start=40)), other(citation("1934", start=60)))
    exchange = Exchange("When?", answer(citation(), citation(start=300), others=others))
    page = shown(Exchange("Before?", answer()), exchange)
    assert opened(page)[1:] == [("[1]", "1:0"), ("[2]", "1:1"), ("[3]", "1:2"), ("[4]", "1:3"), ("[5]", "1:4")]
    starts = [linked(link.attributes["href"]).start for link in page.all("a")[1:]]  # type: ignore[union-attr]
    assert starts == [100, 300, 20, 40, 60] == [cited.start for cited in exchange.citations]
    folded = page.one("details", data_key="1")
    assert folded.text.startswith("Other answers (2)It opened in 1933 at last.[3] ")
    assert folded.text.endswith("Uncertain (0.50)")
    assert [mark.text for mark in page.all("mark")] == ["1932", "1932", "1933", "1934"]


def test_all_answers_are_a_list_whose_citations_are_counted_on() -> None:
    exchange = Exchange("What did it cost?", every((citation("7"), citation("7", start=9)), (citation("8", start=50),)))
    page = shown(exchange, may_judge=True)
    assert [item.text.split(" at last")[0] for item in page.all("blockquote")] == ["It opened in 7", "It opened in 8"]
    assert [mark.text for mark in page.all("mark")] == ["7", "8"]
    assert opened(page) == [("[1]", "0:0"), ("[2]", "0:1"), ("[3]", "0:2")]
    assert [cited.start for cited in exchange.citations] == [100, 9, 50]
    assert not page.all("p", class_="note")
    assert not page.all("button", data_do="judge")
    assert page.one("button", data_do="again").attributes["data-value"] == "0"


def test_documents_that_disagree_are_told_to() -> None:
    page = shown(Exchange("What did it cost?", every((citation("7"),), (citation("8"),), disagree=True)))
    assert page.one("p", class_="note").text == "The documents disagree."


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (refused(citation("A ferry sank."), citation("A bridge.", start=9)), "no passage holds an answer"),
        (every(), "the best answer is below the threshold"),
        (refused(), "no passage holds an answer"),
    ],
)
def test_refusal_says_why_and_shows_the_nearest_passages_as_no_support(refusal: object, why: str) -> None:
    exchange = Exchange("Who sank it?", refusal)  # type: ignore[arg-type]
    page = shown(exchange)
    assert page.one("p", class_="refusal").text == "The documents do not answer this."
    assert f"Why: {why}." in page.text
    assert not page.all("mark")
    assert not page.all("blockquote")
    assert not page.all("p", class_="confidence")
    assert len(opened(page)) == len(exchange.citations)
    hints = [hint.text for hint in page.all("p", class_="hint")]
    assert hints == ["The nearest passages, to look at; they do not support an answer:"] * bool(exchange.citations)


def test_nearest_passages_are_numbered_as_the_citations_of_their_exchange() -> None:
    exchange = Exchange("Who sank it?", refused(citation("A ferry sank."), citation("A bridge.", start=9)))
    page = shown(exchange)
    assert opened(page) == [("[1]", "0:0"), ("[2]", "0:1")]
    assert [span.text for span in page.all("span", class_="source")] == [
        "files/bridge.md, characters 100–113",
        "files/bridge.md, characters 9–18",
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.0, "Very likely right (1.00)"),
        (0.8, "Very likely right (0.80)"),
        (0.79, "Likely right (0.79)"),
        (0.6, "Likely right (0.60)"),
        (0.59, "Uncertain (0.59)"),
        (0.4, "Uncertain (0.40)"),
        (0.39, "Doubtful (0.39)"),
        (0.0, "Doubtful (0.00)"),
    ],
)
def test_confidence_is_told_in_words_and_number(value: float, words: str) -> None:
    assert confidence(value) == words


def test_question_that_was_read_with_what_was_said_before_can_be_asked_as_typed() -> None:
    page = shown(Exchange("Q", answer()), Exchange("And then?", answer(read_as="And in 1932?")))
    assert page.one("p", class_="read-as").text == "Read as: And in 1932? Ask it as I typed it"
    assert page.one("button", data_do="as-typed").attributes["data-value"] == "1"


def test_question_that_is_worked_on_says_what_is_done_and_one_that_failed_can_be_asked_again() -> None:
    page = shown(Exchange("Q", note="Reading them", is_pending=True), Exchange("R", note="That did not work."))
    assert page.one("p", class_="pending").text == "Reading them …"
    assert page.one("p", role="alert").text == "That did not work."
    assert page.one("button", data_do="again").attributes["data-value"] == "1"


@pytest.mark.parametrize(
    ("verdict", "pressed", "remark"),
    [
        (None, ["false", "false"], False),
        (Verdict.RIGHT, ["true", "false"], False),
        (Verdict.WRONG, ["false", "true"], False),
        (Verdict.PLACE, ["false", "false"], True),
    ],
)
def test_judgement_is_shown_where_answers_can_be_judged(
    verdict: Verdict | None, pressed: list[str], remark: bool
) -> None:
    exchange = Exchange("When?", answer(), verdict=verdict)
    page = shown(exchange, may_judge=True)
    buttons = page.all("button", data_do="judge")
    back = [f"0:{Verdict.PLACE}"] if remark else []
    assert [button.attributes["data-value"] for button in buttons] == ["0:right", "0:wrong", *back]
    assert [button.attributes["aria-pressed"] for button in buttons[:2]] == pressed
    assert ("The right place is marked. Take it back" in page.text) is remark
    assert not shown(exchange).all("button", data_do="judge")


def test_of_all_answers_only_the_right_place_is_judged() -> None:
    exchange = Exchange("What did it cost?", every((citation("7"),)), verdict=Verdict.PLACE)
    assert "The right place is marked. Take it back" in shown(exchange, may_judge=True).text
    assert not shown(replace(exchange, verdict=None), may_judge=True).all("button", data_do="judge")


def test_what_is_judged_of_a_refusal_is_that_there_is_no_answer() -> None:
    judging = shown(Exchange("Who?", refused()), may_judge=True).one("p", class_="judging")
    assert judging.text == "Is it right that there is no answer? RightWrong Ask again"


def test_empty_conversation_shows_what_could_be_asked_and_nothing_to_save() -> None:
    page = read(messages((), ["When did it open?", "Who built it?"], may_judge=True))
    assert [(b.text, b.attributes["data-value"]) for b in page.all("button", data_do="ask")] == [
        ("When did it open?", "When did it open?"),
        ("Who built it?", "Who built it?"),
    ]
    assert not page.all("button", data_do="keep")
    assert not read(messages((), [], may_judge=True)).all("button")


def test_conversation_can_be_saved_and_begun_anew_only_when_that_is_meant() -> None:
    page = shown(Exchange("Q", answer()))
    assert [b.attributes["data-value"] for b in page.all("button", data_do="keep")] == ["markdown", "html", "json"]
    assert page.one("button", data_do="clear").attributes["data-confirm"].startswith("Begin a new conversation?")


def of(*exchanges: Exchange) -> str:
    return messages(exchanges, [], may_judge=True)


WHERE: dict[str, Callable[[str], str]] = {
    "question": lambda text: of(Exchange(text, answer())),
    "pending": lambda text: of(Exchange("Q", note=text, is_pending=True)),
    "note": lambda text: of(Exchange("Q", note=text)),
    "read as": lambda text: of(Exchange("Q", answer(read_as=text))),
    "quote": lambda text: of(Exchange("Q", answer(citation(text, before="", after="", start=0, source="a")))),
    "before": lambda text: of(Exchange("Q", answer(citation(before=text)))),
    "after": lambda text: of(Exchange("Q", answer(citation(after=text)))),
    "title": lambda text: of(Exchange("Q", answer(citation(title=text)))),
    "heading": lambda text: of(Exchange("Q", answer(citation(heading=("a", text))))),
    "document": lambda text: of(Exchange("Q", answer(replace(citation(), document_id=text)))),
    "source": lambda text: of(Exchange("Q", answer(citation(source=text)))),
    "other answer": lambda text: of(Exchange("Q", answer(others=(other(citation(before=text, title=text)),)))),
    "value": lambda text: of(Exchange("Q", every((citation(before=text),), (citation(title=text),)))),
    "nearest title": lambda text: of(Exchange("Q", refused(citation(title=text, source=text)))),
    "example": lambda text: messages((), [text], may_judge=False),
}


def without_numbers(html: Callable[[str], str], text: str) -> Callable[[str], str]:
    """With the end of a quote as it is for `text`: the numbers that are shown of a place hang on its length."""
    return lambda shown: (
        html(shown).replace(f"0–{len(shown)}", f"0–{len(text)}").replace(f":0-{len(shown)}:", f":0-{len(text)}:")
    )


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(where: str, text: str) -> None:
    put_in(without_numbers(WHERE[where], text), text)


@pytest.mark.parametrize("where", WHERE)
@settings(deadline=None)
@given(text=markup)
def test_any_text_is_shown_letter_for_letter(where: str, text: str) -> None:
    put_in(without_numbers(WHERE[where], text), text)


def test_every_link_leads_to_a_place_on_this_page() -> None:
    conversation: Conversation = tuple(
        Exchange(text, given, verdict=Verdict.WRONG)
        for text in HOSTILE
        for given in (answer(citation(title=text, source=text)), refused(citation(text, heading=(text,))))
    )
    page = shown(*conversation, may_judge=True)
    assert len(page.all("a")) == 2 * len(HOSTILE)
    assert all(linked(link.attributes["href"]) for link in page.all("a"))
    assert {element.tag for element in page.elements} & {"script", "img", "svg", "iframe", "style", "form"} == set()
    names = "aria-label class data-confirm data-do data-value href role tabindex type aria-pressed"
    assert {name for element in page.elements for name in element.attributes} == set(names.split())
