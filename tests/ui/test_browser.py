"""The page as people use it, in a real browser: asked, clicked, typed, dropped on, reloaded, nothing sent elsewhere."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, expect
from reportlab.pdfgen.canvas import Canvas

from rag import Library
from tests.ui.running import Patient, Person, chat, free_port, page_of

CRIMEA = "When did the czars conquer Crimea?"
NOT_THERE = "Who won the football world cup in 1998?"


def is_inside(inner: Locator, outer: Locator) -> bool:
    """Whether one part lies within the visible frame of another."""
    one, other = inner.bounding_box(), outer.bounding_box()
    assert one
    assert other
    return (
        other["x"] - 1 <= one["x"]
        and other["y"] - 1 <= one["y"]
        and one["x"] + one["width"] <= other["x"] + other["width"] + 1
        and one["y"] + one["height"] <= other["y"] + other["height"] + 1
    )


def test_a_citation_opens_the_document_at_the_quote(person: Person) -> None:
    person.ask(CRIMEA)
    page = person.page
    assert page.locator("#talk mark").inner_text() == "1783"
    page.locator("#talk a", has_text="[1]").click()
    quote = page.locator("#place mark.quote")
    expect(quote).to_have_text("1783")
    expect(quote).to_be_in_viewport()
    assert is_inside(quote, page.locator("#place .text"))
    assert "A longer history" in page.locator("#place .path").inner_text()
    before = len(page.locator("#place .text").inner_text())
    page.get_by_role("button", name="Earlier text").click()
    expect(page.locator("#place .text")).not_to_have_text(re.compile(f"^.{{0,{before}}}$", re.DOTALL))
    assert "1783" in page.locator("#place mark.quote").inner_text()


def test_a_quote_is_copied_with_its_reference_and_its_link_opens_again(person: Person) -> None:
    person.ask(CRIMEA)
    page = person.page
    page.locator("#place .quote").wait_for()

    def copied(name: str) -> str:
        page.get_by_role("button", name=name).click()
        page.get_by_role("button", name="Copied").wait_for()
        text: str = page.evaluate("navigator.clipboard.readText()")
        page.get_by_role("button", name=name).wait_for()
        return text

    assert copied("Copy quote").startswith("“1783”\nThe January 2022 standoff over Ukraine › A longer history")
    assert copied("Copy as Markdown").startswith("> 1783\n>\n> The January 2022 standoff")
    link = copied("Copy link")
    other = person.open(link.removeprefix(person.address))
    expect(other.locator("#place mark.quote")).to_have_text("1783")
    expect(other.locator("#place mark.quote")).to_be_in_viewport()


def test_a_follow_up_shows_how_it_was_read_and_one_click_undoes_it(person: Person) -> None:
    person.ask(CRIMEA)
    person.ask("Who did that?")
    read_as = person.page.locator(".read-as")
    assert "Crimea" in read_as.inner_text() or "1783" in read_as.inner_text()
    person.page.get_by_role("button", name="Ask it as I typed it").click()
    expect(read_as).to_have_count(0)
    assert person.page.locator(".exchange").count() == 2
    assert "Who did that?" in person.last()


def test_no_answer_says_so_and_shows_nothing_as_support(person: Person) -> None:
    person.ask(NOT_THERE)
    assert "The documents do not answer this." in person.last()
    assert "Why: no passage holds an answer." in person.last()
    expect(person.page.locator("#place .note")).to_have_text("Near the question, but not an answer to it.")
    expect(person.page.locator("mark")).to_have_count(0)
    person.ask("   ?   ")
    assert person.page.locator(".exchange").count() == 2


def test_an_example_is_asked_by_a_click_and_answered(person: Person) -> None:
    example = person.page.locator(".welcome button").first
    question = example.inner_text()
    example.click()
    person.page.locator(".judging").wait_for()
    assert question in person.last()
    assert person.page.locator("#talk mark").count() >= 1


def test_a_pdf_is_dropped_in_and_its_page_shows_the_quote_marked(person: Person, tmp_path: Path) -> None:
    path = tmp_path / "Harbour report.pdf"
    canvas = Canvas(str(path))
    canvas.setTitle("Harbour report")
    for number in range(1, 4):
        canvas.drawString(72, 780, f"Page {number} of the harbour report.")
        if number == 2:
            canvas.drawString(72, 400, "The lighthouse of Varnholm was built in 1868 by Ida Brandt.")
        canvas.showPage()
    canvas.save()
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and no more")
    page = person.page
    page.get_by_role("tab", name="Documents").click()
    page.locator("#given input[type=file]").set_input_files([path, broken])
    expect(page.locator("#progress")).to_contain_text("Harbour report.pdf – added")
    expect(page.locator("#progress")).to_contain_text("broken.pdf – failed: the PDF is broken")
    expect(page.locator("#documents")).to_contain_text("Harbour report.pdf")
    page.get_by_role("tab", name="Ask").click()
    person.ask("When was the lighthouse of Varnholm built?")
    box = page.locator("#place .box.quote")
    expect(box).to_have_count(1)
    expect(box).to_be_in_viewport()
    assert is_inside(box, page.locator("#place .paper img"))
    expect(page.locator("#place .tools", has_text="Page 2 of 3")).to_be_visible()
    width = box.bounding_box()["width"]  # type: ignore[index]
    page.get_by_role("button", name="Larger").click()
    page.wait_for_function(f"document.querySelector('#place .box').getBoundingClientRect().width > {1.3 * width}")
    page.get_by_role("button", name="Next page").click()
    expect(page.locator("#place .tools", has_text="Page 3 of 3")).to_be_visible()
    expect(box).to_have_count(0)
    page.get_by_role("button", name="Show the text").click()
    expect(page.locator("#place mark.quote")).to_have_text("1868")
    page.get_by_role("tab", name="Documents").click()
    page.locator("#words textarea, #words input").first.fill("harbour")
    expect(page.locator("#documents tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Remove Harbour report").click()
    expect(page.locator("#documents")).to_contain_text("No document has these words.")
    page.get_by_role("tab", name="Ask").click()
    page.locator("#talk a", has_text="[1]").last.click()
    expect(page.locator("#place")).to_contain_text("does not hold this document any more")


def test_a_conversation_survives_a_reload_and_is_of_its_own_session(
    person: Person, browser: Browser, served: tuple[str, Path, Path]
) -> None:
    person.ask(CRIMEA)
    other = Person(browser, served[0])
    other.ask("Who is the President of France?")
    assert CRIMEA not in other.page.locator("#talk").inner_text()
    person.page.reload()
    expect(person.page.locator("#talk mark")).to_have_text("1783")
    assert "France" not in person.page.locator("#talk").inner_text()
    person.page.locator("#talk a", has_text="[1]").click()
    expect(person.page.locator("#place mark.quote")).to_have_text("1783")
    other.leave()
    person.page.get_by_role("button", name="New conversation").click()
    expect(person.page.locator(".exchange")).to_have_count(0)
    person.page.reload()
    expect(person.page.locator(".welcome")).to_be_visible()


def select(person: Person, words: str) -> None:
    """Select words in the document that is shown, as one does with the mouse."""
    person.page.evaluate(
        """(words) => {
            const text = document.querySelector('#place .text');
            const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
            const [found] = text.textContent.match(words.replaceAll(' ', '\\\\s+'));
            const at = text.textContent.indexOf(found);
            const point = (offset) => {
                for (walker.currentNode = text; walker.nextNode(); offset -= walker.currentNode.length)
                    if (offset <= walker.currentNode.length) return [walker.currentNode, offset];
            };
            const range = document.createRange();
            range.setStart(...point(at));
            range.setEnd(...point(at + found.length));
            getSelection().removeAllRanges();
            getSelection().addRange(range);
        }""",
        words,
    )


def exported(folder: Path) -> dict[str, list[str]]:
    """The labels of a library, as the command exports them: the answers to each question."""
    command = [sys.executable, "-m", "rag", "labels", "export", "--library", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {
        entry["question"]: [answer["text"] for answer in entry["answers"]]
        for article in json.loads(done.stdout)["data"]
        for paragraph in article["paragraphs"]
        for entry in paragraph["qas"]
    }


def test_the_right_place_can_be_marked_in_any_document(person: Person, served: tuple[str, Path, Path]) -> None:
    person.ask(NOT_THERE)
    person.page.get_by_role("tab", name="Documents").click()
    person.page.locator("#documents tbody th a").first.click()
    expect(person.page.get_by_role("tab", name="Ask")).to_have_attribute("aria-selected", "true")
    expect(person.page.locator("#place .text")).to_be_in_viewport()
    assert person.page.locator("#place mark").count() == 0
    person.page.reload()
    person.page.locator("#place .text").wait_for()
    select(person, "near abroad")
    person.page.get_by_role("button", name="The selected words are the right answer to the last question").click()
    expect(person.page.locator(".exchange").last).to_contain_text("The right place is marked.")
    assert exported(served[1])[NOT_THERE] == ["near abroad"]


def test_judgements_are_kept_and_exported(person: Person, served: tuple[str, Path, Path]) -> None:
    person.ask(CRIMEA)
    right = person.page.get_by_role("button", name="Right", exact=True)
    right.click()
    expect(right).to_have_attribute("aria-pressed", "true")
    asked = "When did the Tatars found an autonomous republic?"
    person.ask(asked)
    person.page.locator("#place .text").wait_for()
    select(person, "After the Bolshevik Revolution of 1917")
    person.page.get_by_role("button", name="The selected words are the right answer").click()
    expect(person.page.locator(".exchange").last).to_contain_text("The right place is marked.")
    with person.page.expect_download() as download:
        person.page.get_by_role("button", name="Markdown", exact=True).click()
    saved = download.value.path().read_text(encoding="utf-8")
    assert "Judged: wrong.\n\nThe right place:\n\n> After the Bolshevik Revolution of 1917\n" in saved
    found = exported(served[1])
    assert (found[CRIMEA], found[asked]) == (["1783"], ["After the Bolshevik Revolution of 1917"])


def test_a_conversation_is_saved_in_three_kinds(person: Person, tmp_path: Path) -> None:
    person.ask(CRIMEA)
    saved = {}
    for kind in ("Markdown", "HTML", "JSON"):
        with person.page.expect_download() as download:
            person.page.get_by_role("button", name=kind, exact=True).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        saved[path.suffix] = path.read_text(encoding="utf-8")
    assert "> 1783" in saved[".md"]
    assert "<mark>1783</mark>" in saved[".html"]
    answer = json.loads(saved[".json"])["exchanges"][0]["answer"]
    assert answer["text"] == "1783"
    assert all(answer["citations"][0]["sha256"] in text for text in saved.values())


def test_the_settings_change_what_is_answered(person: Person) -> None:
    page = person.page
    page.get_by_role("tab", name="Settings").click()
    expect(page.get_by_text("is not known for this library")).to_be_visible()
    page.get_by_label("number input for How sure an answer must be").fill("1")
    page.get_by_label("number input for How sure an answer must be").press("Enter")
    page.get_by_role("tab", name="Ask").click()
    person.ask(CRIMEA)
    assert "Why: the best answer is below the threshold." in person.last()
    page.get_by_role("tab", name="Settings").click()
    page.get_by_label("number input for How sure an answer must be").fill("0.2")
    page.get_by_label("number input for How sure an answer must be").press("Enter")
    page.get_by_label("every answer in the library").check()
    page.get_by_role("tab", name="Ask").click()
    page.locator("#question textarea").fill(CRIMEA)
    page.locator("#question textarea").press("Enter")
    page.locator(".values li").first.wait_for()
    assert "1783" in person.last()


def test_everything_can_be_done_with_the_keyboard(person: Person) -> None:
    page = person.page
    press = page.keyboard.press
    page.locator("#question textarea").focus()
    page.keyboard.type(CRIMEA)
    press("Enter")
    page.locator("#talk mark").wait_for()
    for _ in range(30):
        press("Shift+Tab")
        if page.evaluate("document.activeElement.dataset.do === 'place'"):
            break
    press("Enter")
    expect(page.locator("#place section")).to_be_focused()
    expect(page.locator("#place mark.quote")).to_be_in_viewport()
    press("Escape")
    assert page.evaluate("document.activeElement.dataset.do") == "place"
    press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Right"
    press("Enter")
    expect(page.get_by_role("button", name="Right", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Right", exact=True)).to_be_focused()
    press("Enter")
    expect(page.get_by_role("button", name="Right", exact=True)).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("path", ["/", "/?__theme=dark"])
def test_a_phone_needs_no_sideways_scrolling(browser: Browser, served: tuple[str, Path, Path], path: str) -> None:
    someone = Person(browser, served[0], width=390, path=path)
    someone.ask(CRIMEA)
    someone.page.locator("#talk a", has_text="[1]").click()
    expect(someone.page.locator("#place mark.quote")).to_be_in_viewport()
    for tab in ("Documents", "Settings", "Ask"):
        someone.page.get_by_role("tab", name=tab).click()
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= 390, tab
    someone.leave()


def test_the_dark_theme_is_dark(browser: Browser, served: tuple[str, Path, Path]) -> None:
    someone = Person(browser, served[0], path="/?__theme=dark")
    colour = someone.page.evaluate("getComputedStyle(document.querySelector('.gradio-container')).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", colour)[:3]) < 60
    someone.leave()


@pytest.mark.parametrize("path", ["/", "/?__theme=dark"])
def test_axe_finds_nothing_serious(browser: Browser, served: tuple[str, Path, Path], path: str) -> None:
    someone = Person(browser, served[0], path=path)
    found = list(_violations(someone))
    someone.ask(CRIMEA)
    someone.ask(NOT_THERE)
    found += _violations(someone)
    for tab in ("Documents", "Settings"):
        someone.page.get_by_role("tab", name=tab).click()
        someone.page.wait_for_timeout(300)
        found += _violations(someone)
    someone.leave()
    assert not found, "\n".join(found)


def _violations(someone: Person) -> list[str]:
    """Serious and critical findings."""
    response = Axe().run(someone.page).response
    return [
        f"{violation['id']}: {node['target']} {node['html'][:120]}"
        for violation in response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.mark.filterwarnings("ignore")  # of the server, which runs in a thread of the test here
def test_a_question_shows_its_stages_and_can_be_stopped_and_asked_again(
    browser: Browser, library: Library, own_loop: None, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("The bridge opened in 1932.")
    library.add(tmp_path / "a.txt")
    reader = Patient()
    with page_of(library, reader) as address:
        someone = Person(browser, address)
        question = someone.page.locator("#question textarea")
        for number in (1, 2):  # the second is typed in the moment in which the first is stopped
            reader.may_go_on.clear()
            question.fill("When did the bridge open?")
            question.press("Enter")
            expect(someone.page.locator(".pending")).to_have_text("Reading them …")
            someone.page.locator("#question .stop-button").click()
            expect(someone.page.locator("#talk .note")).to_have_count(number)
        expect(someone.page.locator("#talk .note").last).to_have_text("Stopped before there was an answer.")
        reader.may_go_on.set()
        someone.page.get_by_role("button", name="Ask again").first.click()
        expect(someone.page.locator("#talk mark")).to_have_text("1932")
        expect(someone.page.locator("#talk .note")).to_have_count(1)
        expect(someone.page.locator(".exchange")).to_have_count(2)
        someone.leave()


@pytest.mark.filterwarnings("ignore")
def test_box_keeps_what_is_typed_while_a_question_is_answered(
    browser: Browser, library: Library, own_loop: None, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("The bridge opened in 1932. The mill has 7 wheels.")
    library.add(tmp_path / "a.txt")
    reader, bridge, mill = Patient(), "When did the bridge open?", "How many wheels has the mill?"
    with page_of(library, reader) as address:
        someone = Person(browser, address)
        keyboard, box = someone.page.keyboard, someone.page.locator("#question textarea")
        assert _buttons(someone) == ["Ask"]
        reader.may_go_on.clear()
        box.focus()
        keyboard.type(bridge)
        keyboard.press("Enter")
        keyboard.type(mill)
        expect(someone.page.locator(".pending")).to_have_text("Reading them …")
        expect(someone.page.locator(".exchange .question")).to_have_text(f"You asked: {bridge}")
        expect(box).to_have_value(mill)
        assert _buttons(someone) == ["Stop"]
        for number in (1, 2):
            keyboard.press("Enter")
            expect(someone.page.get_by_text("Another question is being answered.")).to_have_count(number)
            expect(box).to_have_value(mill)
        reader.may_go_on.set()
        answers = someone.page.locator(".exchange > blockquote mark")
        expect(answers).to_have_text(["1932"])
        expect(box).to_have_value(mill)
        expect(box).to_be_focused()
        keyboard.press("Enter")
        expect(answers).to_have_count(2)
        expect(someone.page.locator(".question")).to_have_text([f"You asked: {bridge}", f"You asked: {mill}"])
        expect(box).to_have_value("")
        someone.leave()


def _buttons(someone: Person) -> list[str]:
    """The names of the box's buttons, as Chromium tells them to a screen reader."""
    session = someone.context.new_cdp_session(someone.page)
    session.send("Accessibility.enable")
    document = session.send("DOM.getDocument")["root"]["nodeId"]
    box = session.send("DOM.querySelector", {"nodeId": document, "selector": "#question"})["nodeId"]
    found = session.send("Accessibility.queryAXTree", {"nodeId": box, "role": "button"})["nodes"]
    return [node["name"]["value"] for node in found]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("width", [390, 1280])
def test_table_of_documents_has_its_words_in_one_piece_beside_a_long_file_name(
    browser: Browser, library: Library, own_loop: None, tmp_path: Path, width: int
) -> None:
    path = tmp_path / f"{'L' * 200}.txt"
    path.write_text("The bridge opened in 1932.")
    library.add(path)
    with page_of(library, Patient()) as address:
        someone = Person(browser, address, width=width)
        someone.page.get_by_role("tab", name="Documents").click()
        whole = someone.page.locator("#documents thead th, #documents td:not(:has(button)), #documents button")
        expect(whole).to_have_count(11)
        assert [cell for cell in whole.all() if cell.evaluate(_LINES) != 1] == []
        assert someone.page.locator("#documents tbody th .source").evaluate(_LINES) > 1
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= width
        someone.page.get_by_role("button", name="Remove").click()
        expect(someone.page.locator("#documents")).to_contain_text("The library is empty.")
        someone.leave()


_LINES = """(element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return new Set([...range.getClientRects()].map(({ top }) => top)).size;
}"""


def test_bold_text_is_in_one_font(person: Person) -> None:
    found = _fonts(person, "#head h1") | _fonts(person, ".welcome h2")
    person.ask(CRIMEA)
    found |= _fonts(person, ".question") | _fonts(person, ".confidence")
    assert found == {"SourceSans3-Bold"}


def _fonts(someone: Person, selector: str) -> set[str]:
    """The fonts in which Chromium draws an element."""
    someone.page.evaluate("document.fonts.ready")
    session = someone.context.new_cdp_session(someone.page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    document = session.send("DOM.getDocument")["root"]["nodeId"]
    element = session.send("DOM.querySelector", {"nodeId": document, "selector": selector})
    return {font["postScriptName"] for font in session.send("CSS.getPlatformFontsForNode", element)["fonts"]}


def test_citations_open_after_a_restart_and_rights_hold(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    with chat(tmp_path / "library", tmp_path / "log", port=port) as (address, _):
        someone = Person(browser, address)
        someone.ask(CRIMEA)
    with chat(tmp_path / "library", tmp_path / "log", ["--read-only"], port=port):
        someone.page.reload()
        expect(someone.page.locator("#talk mark")).to_have_text("1783")
        someone.page.locator("#talk a", has_text="[1]").click()
        expect(someone.page.locator("#place mark.quote")).to_have_text("1783")
        expect(someone.page.get_by_role("button", name="Right", exact=True)).to_have_count(0)
        someone.page.get_by_role("tab", name="Documents").click()
        expect(someone.page.locator("#documents tbody tr")).to_have_count(1)
        expect(someone.page.get_by_role("button", name="Remove")).to_have_count(0)
        expect(someone.page.locator("#given")).to_have_count(0)
    someone.leave()
