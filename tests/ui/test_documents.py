"""What the library holds, as it is listed, and files that are given to it, as it is told how far they are."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given, settings

from rag import Library
from rag.embedding import Vectors
from rag.fakes import WordEmbedder
from rag.record import Entry
from rag.terminal import printable
from rag.ui.page.documents import MOST_LISTED, Step, adding, limits_in_words, listed, steps
from rag.ui.uploads import Limits
from tests.ui.answers import ID, SHA256
from tests.ui.markup import HOSTILE, Read, markup, put_in, read
from tests.ui.running import PATIENCE


def entry(
    title: str = "Bridges", source: str = "files/bridge.md", document_id: str = ID, pages: int = 0, passages: int = 7
) -> Entry:
    added = "2026-01-02T03:04:05+00:00"
    return Entry(document_id, title, source, f"/home/{source}", SHA256, 1000, pages, passages, added, {})


LIBRARY = [
    entry("The Bridge of Łódź", "old/bridge.PDF", "a1", pages=12, passages=1234),
    entry("Ferries", "new/ferry.md", "b2"),
    entry("Straße", "notes", "c3"),
]


def table(entries: list[Entry], words: str | None = "", *, may_remove: bool = True) -> Read:
    return read(listed(entries, words, may_remove=may_remove))


def titles(page: Read) -> list[str]:
    return [row.text for row in page.all("th", scope="row")]


def test_each_document_is_listed_with_its_file_kind_pages_passages_and_day() -> None:
    page = table(LIBRARY, may_remove=False)
    assert page.one("p", class_="count").text == "3 documents"
    assert [column.text for column in page.all("th", scope="col")] == ["Title", "Kind", "Pages", "Passages", "Added"]
    assert titles(page) == ["The Bridge of Łódźold/bridge.PDF", "Ferriesnew/ferry.md", "Straßenotes"]
    assert [cell.text for cell in page.all("td")] == [
        *("PDF", "12", "1,234", "2026-01-02 03:04"),
        *("MD", "–", "7", "2026-01-02 03:04"),
        *("text", "–", "7", "2026-01-02 03:04"),
    ]
    assert table(LIBRARY[:1]).one("p", class_="count").text == "1 document"


def test_title_opens_the_document() -> None:
    assert table(LIBRARY[:1]).one("a", data_open="1").attributes["href"] == f"#document=a1:{SHA256[:16]}"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (None, ["a1", "b2", "c3"]),
        ("", ["a1", "b2", "c3"]),
        (" \n", ["a1", "b2", "c3"]),
        ("bridge", ["a1"]),
        ("BRIDGE łódź", ["a1"]),
        ("old pdf the", ["a1"]),
        ("pdf ferries", []),
        ("f", ["a1", "b2"]),
        ("new/ferry.md", ["b2"]),
        ("STRASSE", ["c3"]),
        ("straße", ["c3"]),
        (".*", []),
        ("files", []),
    ],
)
def test_documents_are_listed_whose_title_or_file_has_all_the_words(words: str | None, found: list[str]) -> None:
    buttons = table(LIBRARY, words).all("button")
    assert [button.attributes["data-value"] for button in buttons] == found


def test_nothing_to_list_is_said_and_why() -> None:
    assert table([]).text == "The library is empty."
    assert table([], "bridge").text == "No document has these words."
    assert table(LIBRARY, "tunnel").text == "No document has these words."


def test_of_very_many_documents_the_first_are_listed_and_the_others_counted() -> None:
    many = [entry(f"T{number}", document_id=f"{number}") for number in range(MOST_LISTED + 1234)]
    page = table(many)
    assert page.one("p", class_="count").text == "1,734 documents"
    assert titles(page)[-1] == "T499files/bridge.md"
    assert len(titles(page)) == 500
    assert page.all("p")[-1].text == "… and 1,234 more."
    assert len(table(many[:MOST_LISTED]).all("p")) == 1


def test_each_document_has_a_button_to_remove_it_where_that_may_be_done() -> None:
    page = table(LIBRARY)
    assert [b.attributes["data-value"] for b in page.all("button", data_do="remove")] == ["a1", "b2", "c3"]
    button = page.all("button")[1]
    assert button.attributes["aria-label"] == "Remove Ferries"
    assert button.attributes["data-confirm"] == "Remove “Ferries” from the library, for everybody?"
    assert [column.text for column in page.all("th", scope="col")][-1] == "Remove"
    assert table(LIBRARY, may_remove=False).all("button") == []
    assert "Remove" not in table(LIBRARY, may_remove=False).text


WHERE: dict[str, Callable[[str], str]] = {
    "title": lambda text: listed([entry(title=text)], may_remove=True),
    "source": lambda text: listed([entry(source=f"{text}/a.md")], may_remove=True),
    "id": lambda text: listed([entry("x", document_id=text)], may_remove=True),
    "name of a file": lambda text: steps([Step(text, "reading")]),
    "name of a file that failed": lambda text: steps([Step(text, "failed", "it is empty")]),
    "reason": lambda text: steps([Step("a.md", "failed", text)]),
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_listed_as_text(where: str, text: str) -> None:
    put_in(WHERE[where], text)


@pytest.mark.parametrize("where", WHERE)
@settings(deadline=None)
@given(text=markup)
def test_any_text_is_listed_letter_for_letter(where: str, text: str) -> None:
    put_in(WHERE[where], printable(text) if where == "title" else text)


def test_title_cannot_turn_around_the_sentence_that_it_stands_in() -> None:
    page = table([entry(title="Ferries\u202e 2026")])
    assert titles(page) == [r"Ferries\u202e 2026files/bridge.md"]
    assert page.one("button").attributes["aria-label"] == r"Remove Ferries\u202e 2026"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_kind_of_a_file_is_text(text: str) -> None:
    ending = text.replace("/", "|").replace(".", "")
    page = table([entry(source=f"a.{ending}")])
    assert page.all("td")[0].text == ending.upper()
    assert [e.tag for e in page.elements] == [e.tag for e in table([entry()]).elements]


def test_day_in_a_strangers_library_is_text() -> None:
    page = table([replace(entry(), added="<b>2026&lt;</b>")], may_remove=False)
    assert page.all("td")[-1].text == "<b>2026&lt;</b>"


def test_what_can_be_added_is_told() -> None:
    assert limits_in_words(Limits(megabytes=1234, documents=10_000)) == (
        "Files that are read: docx, htm, html, markdown, md, pdf, text, txt, xhtml; "
        "at most 1,234 MB each, 10,000 documents in all."
    )


# Adding


def given_files(folder: Path, **files: bytes) -> list[Path]:
    """Files as they arrive, the name with an underscore for its point."""
    folder.mkdir()
    paths = [folder / name.replace("_", ".") for name in files]
    for path, data in zip(paths, files.values(), strict=True):
        path.write_bytes(data)
    return paths


def test_files_are_read_one_after_the_other_and_it_is_told_how_far_each_is(library: Library, tmp_path: Path) -> None:
    paths = given_files(tmp_path / "given", a_md=b"The bridge.", b_md=b"The ferry.")
    told = [[(step.name, step.state, step.share) for step in taken] for taken in adding(library, paths, Limits())]
    assert [told[0], told[-1]] == [
        [("a.md", "reading", 0.0), ("b.md", "waiting", 0.0)],
        [("a.md", "added", 0.0), ("b.md", "added", 0.0)],
    ]
    assert [("a.md", "reading", 1.0), ("b.md", "waiting", 0.0)] in told
    assert [("a.md", "added", 0.0), ("b.md", "reading", 1.0)] in told
    assert [one.title for one in library.documents()] == ["a", "b"]
    assert not any(path.exists() for path in paths)
    assert list(adding(library, [], Limits())) == [[]]


def test_how_far_a_long_file_is_grows_to_the_whole(library: Library, tmp_path: Path) -> None:
    text = "\n\n".join(f"The bridge number {n} was opened in its year and closed again." for n in range(6000))
    paths = given_files(tmp_path / "given", a_md=text.encode())
    shares = [step.share for (step,) in adding(library, paths, Limits()) if step.state == "reading"]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert 0 < shares[2] < 0.9
    assert shares[-1] == pytest.approx(1)


class SlowEmbedder(WordEmbedder):
    """An embedder that waits until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = Event()

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.may_go_on.wait(PATIENCE)
        return super().embed(texts)


def test_who_leaves_does_not_wait_for_a_file_and_it_is_read_to_its_end(tmp_path: Path) -> None:
    embedder = SlowEmbedder()
    with Library.open(tmp_path / "library", embedder=embedder) as library:
        told = adding(library, given_files(tmp_path / "given", a_md=b"The bridge."), Limits())
        assert [step.state for _ in range(2) for step in next(told)] == ["reading", "reading"]
        told.close()
        assert library.documents() == []
        embedder.may_go_on.set()
        until = time.monotonic() + PATIENCE
        while not library.documents():
            assert time.monotonic() < until
            time.sleep(0.05)


def test_file_that_cannot_be_read_is_told_by_name_and_the_others_are_read(library: Library, tmp_path: Path) -> None:
    paths = given_files(
        tmp_path / "given", a_exe=b"MZ", b_pdf=b"%PDF-broken", c_txt=b" ", d_txt=b"x" * 1_000_001, e_txt=b"The mill."
    )
    paths.insert(4, tmp_path / "given" / "gone.txt")
    *_, last = adding(library, paths, Limits(megabytes=1))
    told = {step.name: (step.state, step.reason) for step in last}
    assert told["a.exe"][1].startswith("it is of no kind that is read; there are: .docx")
    assert told["b.pdf"][1].startswith("the PDF is broken")
    assert told["c.txt"] == ("failed", "it holds no text")
    assert told["d.txt"] == ("failed", "it is larger than the 1 MB that are taken")
    assert "No such file" in told["gone.txt"][1]
    assert told["e.txt"] == ("added", "")
    assert [state for state, _ in told.values()] == ["failed"] * 5 + ["added"]
    assert [one.title for one in library.documents()] == ["e"]
    assert not any(path.exists() for path in paths)


def test_library_that_is_full_takes_no_more(library: Library, tmp_path: Path) -> None:
    paths = given_files(tmp_path / "given", a_md=b"One.", b_md=b"Two.", c_md=b"Three.")
    *_, last = adding(library, paths, Limits(documents=2))
    assert [step.state for step in last] == ["added", "added", "failed"]
    assert last[2].reason == "the library holds 2 documents, and no more are taken; remove some"


def test_files_are_not_read_in_while_the_server_stops(library: Library, tmp_path: Path) -> None:
    limits = Limits()
    limits.closing.set()
    (*_, last) = adding(library, given_files(tmp_path / "given", a_md=b"The bridge."), limits)
    assert [(step.name, step.state) for step in last] == [("a.md", "failed")]
    assert last[0].reason == "The server is being stopped. Try again later."
    assert library.documents() == []


def test_files_that_failed_are_named_with_the_reason_and_one_that_is_read_has_a_bar() -> None:
    page = read(steps([Step("a.md", "added"), Step("b.pdf", "failed", "it is empty"), Step("c.md", "reading")]))
    assert [(item.attributes["class"], item.text.strip()) for item in page.all("li")] == [
        ("added", "a.md – added"),
        ("failed", "b.pdf – failed: it is empty"),
        ("reading", "c.md – reading"),
    ]
    assert page.one("progress").attributes == {"aria-label": "Reading c.md"}
    half = read(steps([Step("c.md", "reading", share=0.5)])).one("progress")
    assert half.attributes == {"aria-label": "Reading c.md", "value": "0.50"}
    assert page.one("ul").attributes["role"] == "status"
