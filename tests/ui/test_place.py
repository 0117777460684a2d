"""The place of a quote: exact text in growing windows, pages of PDFs with boxes, and no place where there is none."""

import json
import re
import string
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from rag import Library
from rag.citations import cite, quoted
from rag.ui.page.place import AROUND, MORE, NEAR, Place, link, link_to_document, linked, moved, place_of, shown
from rag.values import Citation, Document
from tests.ui.answers import ID, SHA256, citation
from tests.ui.markup import HOSTILE, Element, Read, read

BRIDGE = "# Bridges\n\n## History\n\nThe harbour bridge opened in 1932. It was built by Ada Berg.\n"


def added(library: Library, path: Path, text: str | None = None) -> Document:
    """What the library reads from a file, after a text was written to it."""
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert not library.add(path).failed
    (entry,) = (entry for entry in library.documents() if entry.location == str(path))
    with library.view() as view:
        return view.document(entry.id)


def cited(document: Document, quote: str) -> Citation:
    start = document.text.index(quote)
    return cite(document, start, start + len(quote))


def placed(document: Document, quote: str, *, supports: bool = True) -> Place:
    return place_of(cited(document, quote), supports=supports, number=0)


def looked(library: Library, place: Place, *, may_judge: bool = False, is_opened: bool = False) -> Read:
    return read(shown(library, place, may_judge=may_judge, is_opened=is_opened)[1])


def steps(page: Read) -> list[str]:
    """The ways in which the place can be looked at otherwise."""
    return [button.attributes["data-value"] for button in page.all("button", data_do="look")]


def window(page: Read) -> tuple[int, int, str]:
    """What is shown of the text, with where it begins and ends in it."""
    frame = page.one("div", class_="text")
    start = int(frame.attributes["data-start"])
    return start, start + len(frame.text), frame.text


# Links


@pytest.mark.parametrize("start", [0, 100, 10**11])
def test_link_names_the_place_and_the_file(start: int) -> None:
    one = citation(start=start)
    found = linked(link(one))
    assert found == Place(ID, start, start + 4, SHA256[:16])
    assert found == replace(place_of(one, supports=True, number=3), sha256=SHA256[:16], number=None)
    assert linked(link(one, supports=False)) == replace(found, supports=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#",
        "#place=",
        "place=d:0-4:ab",
        "#place=d:0-4",
        "#place=d:0-4:",
        "#place=d:0-4:ab:",
        "#place=d:0-4:ab\n",
        "\n#place=d:0-4:ab",
        "#place=d:0-4:AB",
        "#place=d:0-4:xyz",
        f"#place=d:0-4:{'a' * 65}",
        "#place=d:4-4:ab",
        "#place=d:5-4:ab",
        "#place=d:-1-4:ab",
        "#place=d:0--4:ab",
        "#place=d:0-:ab",
        "#place=d:0.5-4:ab",
        "#place=d:0-1e3:ab",
        f"#place=d:0-{'9' * 13}:ab",
        "#place=:0-4:ab",
        "#place=a b:0-4:ab",
        "#place=../d:0-4:ab",
        "#place=d%22:0-4:ab",
        "#place=<script>:0-4:ab",
        "javascript:alert(1)",
        "#other",
    ],
)
def test_what_is_no_link_to_a_place_leads_nowhere(text: str) -> None:
    assert linked(text) is None


@settings(deadline=None)
@given(st.text(st.sampled_from("#place=d:-0149abx\n"), max_size=30) | st.from_regex(r"#place=\w*:\d*-\d*:[0-9a-f]*"))
def test_every_link_that_leads_somewhere_names_a_span(text: str) -> None:
    found = linked(text)
    assert found is None or (text.startswith(f"#place={found.document_id}:") and 0 <= found.start < found.end)


def test_link_to_a_document_names_its_file_and_no_span() -> None:
    place = linked(link_to_document("d1", "ab" * 32))
    assert place == Place("d1", 0, 0, "ab" * 8, after=MORE)
    assert not place.is_quoted


# Text


def test_place_shows_the_text_with_the_quote_marked_and_says_where_it_stands(library: Library, tmp_path: Path) -> None:
    document = added(library, tmp_path / "bridge.md", BRIDGE)
    page = looked(library, placed(document, "1932"))
    assert page.one("h2").text == "Bridges"
    assert page.one("p", class_="path").text == "History"
    assert page.one("p", class_="source").text == (
        f"{tmp_path / 'bridge.md'}, characters 52–56SHA-256 of the file: {document.sha256[:16]}…"
    )
    assert window(page) == (0, 84, BRIDGE)
    assert page.one("mark").text == "1932"
    assert not page.all("p", class_="note")
    assert steps(page) == []


def test_quote_can_be_copied_as_text_as_markdown_and_as_a_link(library: Library, tmp_path: Path) -> None:
    one = cited(added(library, tmp_path / "bridge.md", BRIDGE), "1932")
    page = looked(library, place_of(one, supports=True, number=0))
    copied = [e.attributes["data-copy"] for e in page.elements if "data-copy" in e.attributes]
    assert copied == [quoted(one), quoted(one, markdown=True)]
    assert page.one("button", data_link=link(one)).text == "Copy link"


def test_place_that_supports_nothing_has_no_mark_and_says_so(library: Library, tmp_path: Path) -> None:
    document = added(library, tmp_path / "bridge.md", BRIDGE)
    page = looked(library, placed(document, "1932", supports=False))
    assert page.all("mark") == []
    assert page.one("p", class_="note").text == "Near the question, but not an answer to it."
    assert page.one("span", class_="quote").text == "1932"
    assert window(page)[2] == BRIDGE


@pytest.mark.parametrize(("may_judge", "number", "may_mark"), [(True, 0, True), (True, None, False), (False, 0, False)])
def test_right_place_can_be_marked_for_an_exchange_by_who_may_judge(
    library: Library, tmp_path: Path, may_judge: bool, number: int | None, may_mark: bool
) -> None:
    place = replace(placed(added(library, tmp_path / "bridge.md", BRIDGE), "1932"), number=number)
    marks = [e for e in looked(library, place, may_judge=may_judge).elements if "data-mark" in e.attributes]
    assert len(marks) == may_mark


def test_whole_document_is_shown_from_its_beginning_with_nothing_quoted(library: Library, tmp_path: Path) -> None:
    text = f"---\ntitle: Long\n---\n{BRIDGE * 40}"
    document = added(library, tmp_path / "bridge.md", text)
    place = Place(document.id, 0, 0, document.sha256, number=3)
    page = looked(library, place, may_judge=True)
    assert window(page)[0] == document.body_start
    assert window(page)[1] < len(document.text)
    assert steps(page) == ["later"]
    assert page.one("h2").text == "Long"
    assert not [e for e in page.elements if e.tag == "mark" or e.attributes.get("class") == "quote"]
    assert not [e for e in page.elements if {"data-copy", "data-link"} & e.attributes.keys()]
    (mark,) = (e for e in page.elements if "data-mark" in e.attributes)
    assert mark.text == "The selected words are the right answer to the last question"


@pytest.mark.parametrize(("is_opened", "said"), [(True, "1"), (False, "0")])
def test_whether_a_person_opened_the_place_is_told(
    library: Library, tmp_path: Path, is_opened: bool, said: str
) -> None:
    place = placed(added(library, tmp_path / "bridge.md", BRIDGE), "1932")
    assert looked(library, place, is_opened=is_opened).one("section").attributes["data-opened"] == said


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_documents_are_shown_as_text(library: Library, tmp_path: Path, text: str) -> None:
    name = text.replace("/", "|")
    heading = "".join(f"\\{c}" if c in string.punctuation else c for c in text)
    front = f"---\ntitle: {json.dumps(text)}\n---\n"
    document = added(library, tmp_path / f"{name}.md", f"{front}# {heading} again\n\nBefore {text} after {text} end.\n")
    one = cite(document, document.text.index("after"), document.text.index(" end."))
    html = shown(library, place_of(one, supports=True, number=0), may_judge=True)[1]
    page = read(html)
    assert [element.tag for element in page.elements] == (
        "section header h2 p p br p button button button p button div mark".split()
    )
    names = "aria-label class data-copy data-link data-mark data-opened data-start role"
    assert {name for e in page.elements for name in e.attributes} == {*names.split(), "tabindex", "title", "type"}
    assert page.one("h2").text == text
    assert page.one("p", class_="path").text == f"{text} again"
    assert page.one("p", class_="source").text.startswith(f"{tmp_path}/{name}.md, characters {one.start}–{one.end}SHA")
    assert page.one("mark").text == f"after {text}"
    assert window(page)[2] == document.text[len(front) :]
    copied = [e.attributes["data-copy"] for e in page.elements if "data-copy" in e.attributes]
    assert copied == [quoted(one), quoted(one, markdown=True)]
    assert text in copied[0]


PIECES = "word |Word. |line\n|\n\n|日本語|x|<b>|</div>|&amp;|'|\"|😀|e\u0301|\xa0|# h\n".split("|")
TEXTS = st.lists(st.tuples(st.sampled_from(PIECES), st.integers(1, 900)), min_size=1, max_size=5).map(
    lambda runs: "".join(piece * times for piece, times in runs)
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS.filter(str.strip), front=st.sampled_from(["", "---\ntitle: Secret\n---\n"]), data=st.data())
def test_windows_are_exact_and_grow_until_all_but_the_front_matter_is_shown(
    library: Library, tmp_path: Path, text: str, front: str, data: st.DataObject
) -> None:
    document = added(library, tmp_path / "a.md", front + text)
    first, last = document.body_start, len(document.text)
    assert (document.text, first) == (front + text, len(front))
    start = data.draw(st.integers(first, last - 1))
    end = data.draw(st.integers(start + 1, min(last, start + 300)))
    quote = document.text[start:end]
    place, html = shown(library, Place(document.id, start, end, document.sha256), may_judge=False)
    page = read(html)
    low, high, seen = window(page)
    assert seen == document.text[low:high]
    assert max(first, start - AROUND - NEAR) <= low <= max(first, start - AROUND)
    assert seen[:1] != "\u0301"
    assert min(last, end + AROUND) <= high <= min(last, end + AROUND + NEAR)
    assert page.one("mark").text == quote
    for _ in range(2 + last // MORE):
        assert steps(page) == ["earlier"] * (low > first) + ["later"] * (high < last)
        before = moved(place, "earlier")
        place, html = shown(library, before, may_judge=False)
        page = read(html)
        earlier, same, seen = window(page)
        assert (earlier < low or earlier == first, same) == (True, high)
        assert seen == document.text[earlier:same]
        place, html = shown(library, moved(place, "later"), may_judge=False)
        page = read(html)
        same, later, seen = window(page)
        assert (later > high or later == last, same) == (True, earlier)
        assert seen == document.text[same:later]
        assert page.one("mark").text == quote
        low, high = earlier, later
    assert (low, high, steps(page)) == (first, last, [])


def test_window_begins_and_ends_between_lines_else_between_words_else_anywhere(
    library: Library, tmp_path: Path
) -> None:
    lines, words, letters = "a line of text\n" * 200, "a few words " * 300, "字" * 3000
    for text, before, after in ((lines, "\n", "\n"), (words, " ", " "), (letters, "字", "字")):
        document = added(library, tmp_path / "a.txt", text)
        start, end, _ = window(looked(library, Place(document.id, 1500, 1504, document.sha256)))
        assert (document.text[start - 1], document.text[end]) == (before, after)
    assert (start, end) == (1500 - AROUND, 1504 + AROUND)
    for near in (AROUND + NEAR - 1, 3000 - AROUND - NEAR + 1):  # little more is shown, too
        start, end, _ = window(looked(library, Place(document.id, near - 1, near, document.sha256)))
        assert start == 0 or end == 3000


@pytest.mark.parametrize(
    ("text", "at", "start"),
    [
        ("e\u0301" * 2000, 1501, 600),  # the character at 601 is a mark
        ("e\u0301" * 2000, 1502, 602),
        ("x" + "e\u0323\u0301" * 1000, 1503, 601),
        ("x" * 600 + " \u0301" + "y" * 2000, 1502, 600),
        ("x" + "\u0301" * 2000, 1500, 1500 - AROUND - NEAR),
    ],
)
def test_window_begins_with_no_mark_of_a_letter_before_it(
    library: Library, tmp_path: Path, text: str, at: int, start: int
) -> None:
    document = added(library, tmp_path / "a.txt", text)
    assert window(looked(library, Place(document.id, at, at + 2, document.sha256)))[0] == start


# Places that are none


def refused(library: Library, place: Place) -> Element:
    """What is said where there is no place to show."""
    same, html = shown(library, place, may_judge=True)
    page = read(html)
    assert same == place
    assert [element.tag for element in page.elements] == ["section", "p"]
    assert page.text == page.one("p", role="alert").text
    return page.one("p")


def test_document_that_changed_since_it_was_quoted_is_told_so_and_shows_no_quote(
    library: Library, tmp_path: Path
) -> None:
    place = placed(added(library, tmp_path / "a.md", BRIDGE), "1932")
    added(library, tmp_path / "a.md", BRIDGE.replace("1932", "1933"))
    for one in (place, replace(place, sha256=place.sha256[:16])):
        assert refused(library, one).text.startswith("This document has changed since it was quoted.")


def test_document_that_is_gone_is_told_so_and_shows_no_quote(library: Library, tmp_path: Path) -> None:
    document = added(library, tmp_path / "a.md", BRIDGE)
    library.remove(document.id)
    assert refused(library, placed(document, "1932")).text == "The library does not hold this document any more."
    assert refused(library, Place("<b>", 0, 4, "ab")).text == "The library does not hold this document any more."


@pytest.mark.parametrize("span", [(0, 3), (3, 30), (16, 40), (30, 1000), (1000, 1001), (30, 30), (-5, 30), (40, 30)])
def test_span_that_is_not_in_the_body_of_the_document_is_no_place(
    library: Library, tmp_path: Path, span: tuple[int, int]
) -> None:
    front = "---\nkey: Secret\n---\n"
    document = added(library, tmp_path / "a.md", front + BRIDGE)
    assert document.body_start == 20
    page = refused(library, Place(document.id, *span, document.sha256))
    assert page.text == "This link leads to no place in the document."


def test_front_matter_is_never_shown(library: Library, tmp_path: Path) -> None:
    document = added(library, tmp_path / "a.md", f"---\nkey: Secret\n---\n{BRIDGE}")
    place = replace(placed(document, "# Bridges"), before=10**9)
    _, html = shown(library, place, may_judge=True)
    assert "Secret" not in html
    assert window(read(html))[0] == 20


# Pages


@pytest.fixture
def printed(library: Library, tmp_path: Path) -> tuple[Document, Path]:
    """A PDF of two pages (400 by 300 points), which the library holds."""
    path = tmp_path / "bridge.pdf"
    canvas = Canvas(str(path), pagesize=(400, 300))
    canvas.setTitle("Bridges")
    canvas.drawString(50, 200, "The harbour opened in 1931.")
    canvas.showPage()
    canvas.drawString(100, 210, "The bridge opened in 1932,")
    canvas.drawString(100, 180, "and was built by Ada Berg.")
    canvas.showPage()
    canvas.save()
    return added(library, path), path


def boxes(page: Read) -> list[dict[str, float]]:
    """Where the boxes stand, in percent of the page."""
    styles = [box.attributes["style"] for box in page.all("span", class_="box quote")]
    return [{name: float(value) for name, value in re.findall(r"(\w+):([\d.]+)%", style)} for style in styles]


def test_page_of_the_quote_is_shown_as_an_image_with_a_box_for_each_line(
    library: Library, printed: tuple[Document, Path]
) -> None:
    place, html = shown(library, placed(printed[0], "bridge opened in 1932,\nand was"), may_judge=True)
    page = read(html)
    assert place.page == 2
    image = page.one("img")
    assert (image.attributes["width"], image.attributes["height"]) == ("900", "675")
    start, _, data = image.attributes["src"].partition(",")
    assert (start, b64decode(data, validate=True)[:8]) == ("data:image/png;base64", b"\x89PNG\r\n\x1a\n")
    first, second = boxes(page)
    assert second["left"] == pytest.approx(25, abs=0.2)
    assert first["left"] > 26
    assert first["top"] + first["height"] <= second["top"] <= first["top"] + 12
    assert "Page 2 of 2" in page.text
    assert "page 2, characters" in page.one("p", class_="source").text
    assert steps(page) == ["text", "previous", "in"]
    assert page.one("div", class_="paper supports")
    assert page.all("div", class_="text") == []


def test_page_near_a_question_has_boxes_that_do_not_support(library: Library, printed: tuple[Document, Path]) -> None:
    page = looked(library, placed(printed[0], "1932", supports=False))
    assert page.one("div", class_="paper near")
    assert len(boxes(page)) == 1
    assert page.one("p", class_="note").text == "Near the question, but not an answer to it."
    assert page.all("mark") == []


def test_pages_can_be_turned_as_far_as_there_are_any(library: Library, printed: tuple[Document, Path]) -> None:
    place, _ = shown(library, placed(printed[0], "1932"), may_judge=False)
    seen = []
    for step in ("next", "previous", "previous", "next"):
        place, html = shown(library, moved(place, step), may_judge=False)
        page = read(html)
        seen.append((step, place.page, len(boxes(page)), [s for s in steps(page) if s in ("previous", "next")]))
    assert seen == [
        ("next", 2, 1, ["previous"]),
        ("previous", 1, 0, ["next"]),
        ("previous", 1, 0, ["next"]),
        ("next", 2, 1, ["previous"]),
    ]


def test_page_can_be_made_larger_and_smaller(library: Library, printed: tuple[Document, Path]) -> None:
    place, _ = shown(library, placed(printed[0], "1932"), may_judge=False)
    seen = []
    for step in ("in", "in", "in", "in", "out"):
        place = moved(place, step)
        page = looked(library, place)
        image, paper = page.one("img"), page.one("div", class_="paper supports")
        zooms = [s for s in steps(page) if s in ("in", "out")]
        seen.append((place.zoom, image.attributes["width"], paper.attributes["style"], zooms))
    assert seen == [
        (150, "1350", "width:150%", ["out", "in"]),
        (200, "1800", "width:200%", ["out", "in"]),
        (300, "2700", "width:300%", ["out"]),
        (300, "2700", "width:300%", ["out"]),
        (200, "1800", "width:200%", ["out", "in"]),
    ]


def test_text_of_a_pdf_can_be_shown_and_its_page_again(library: Library, printed: tuple[Document, Path]) -> None:
    place, _ = shown(library, placed(printed[0], "1931"), may_judge=True)
    place, html = shown(library, moved(moved(place, "next"), "text"), may_judge=True)
    page = read(html)
    assert (place.page, page.all("img"), page.one("mark").text) == (None, [], "1931")
    assert window(page) == (0, len(printed[0].text), printed[0].text)
    assert steps(page) == ["page-image"]
    place, html = shown(library, moved(place, "page-image"), may_judge=True)
    assert (place.page, len(boxes(read(html)))) == (1, 1)


@pytest.mark.parametrize("is_gone", [True, False])
def test_file_that_is_not_as_it_was_read_is_shown_as_text_with_the_reason(
    library: Library, printed: tuple[Document, Path], is_gone: bool
) -> None:
    document, path = printed
    path.unlink() if is_gone else path.write_bytes(path.read_bytes() + b"\n")
    page = looked(library, placed(document, "1932"))
    why = "No such file or directory" if is_gone else "it has changed since it was read"
    alert = page.one("p", role="alert").text
    assert alert.startswith(f"Cannot read {str(path)!r}: {why}")
    assert page.all("img") == []
    assert page.one("mark").text == "1932"
    assert window(page)[2] == document.text


@pytest.mark.parametrize("text", [text.replace("/", "|") for text in HOSTILE])
def test_hostile_name_of_a_pdf_that_cannot_be_shown_is_text(
    library: Library, printed: tuple[Document, Path], text: str
) -> None:
    path = printed[1].rename(printed[1].with_name(f"{text}.pdf"))
    document = added(library, path)
    path.unlink()
    page = looked(library, placed(document, "1932"))
    assert repr(str(path)) in page.one("p", role="alert").text
    assert not {"img", "script", "svg", "b"} & {element.tag for element in page.elements}


@pytest.mark.parametrize(
    ("step", "changed"),
    [
        ("earlier", {"before": 3900}),
        ("later", {"after": 3900}),
        ("text", {"page": None}),
        ("page-image", {"page": 0}),
        ("previous", {"page": 1}),
        ("next", {"page": 3}),
        ("in", {"zoom": 150}),
        ("out", {"zoom": 100}),
        ("elsewhere", {}),
        ("", {}),
    ],
)
def test_step_changes_how_the_place_is_looked_at_and_never_the_place(step: str, changed: dict[str, int]) -> None:
    place = Place(ID, 3, 9, SHA256, page=2)
    assert moved(place, step) == replace(place, **changed)  # type: ignore[arg-type]
