"""Documents, names and questions that mean harm: they are quoted to the letter, and nothing of them comes to life."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from reportlab.pdfgen.canvas import Canvas

from tests.ui.running import Person, chat

STRIKE = "window.struck=1;fetch('http://192.0.2.1/')"
IMAGE = f'<img src=x onerror="{STRIKE}">'
MARKDOWN = f"""\
# Bridges {IMAGE} <script>{STRIKE}</script>

The Oxholm bridge {IMAGE} was opened in 1932 by [the mayor](javascript:{STRIKE}) Brandt.
![](http://192.0.2.1/a.png)
<iframe src="http://192.0.2.1/"></iframe><form action="http://192.0.2.1/"><button>Send</button></form>
<style>@import "http://192.0.2.1/a.css"; body {{ display: none }}</style><svg onload="{STRIKE}"></svg>
${{{STRIKE}}} {{{{{STRIKE}}}}} \u202egnihtemos\u202c \x1b[31mred\x1b[0m &lt;script&gt; </div></section>
</script><a href="data:text/html,<script>{STRIKE}</script>">more</a> $$\\href{{javascript:{STRIKE}}}{{x}}$$
"""
HTML = f"""<html><head><title>{IMAGE} Ferries</title><base href="http://192.0.2.1/"></head><body><article>
<p onclick="{STRIKE}">The Oxholm ferry was closed in 1958 by the ministry of roads, as few used it any more.</p>
<script>{STRIKE}</script><p>&lt;script&gt;{STRIKE}&lt;/script&gt; was its name; it carried forty people.</p>
</article></body></html>"""
QUESTION = f'When was the Oxholm bridge opened? {IMAGE} "><script>{STRIKE}</script>'

ANEW = re.compile("New conversation|Ask again")


def given(name: str, text: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "text/plain", "buffer": text}


def pdf(path: Path) -> bytes:
    canvas = Canvas(str(path))
    canvas.setTitle(f"{IMAGE}<script>{STRIKE}</script>")
    canvas.drawString(20, 700, "The Oxholm tunnel was dug in 1971.")
    canvas.drawString(20, 600, f"<script>{STRIKE}</script>")
    canvas.save()
    return path.read_bytes()


def click_through(page: Page) -> None:
    """Every link and button of the conversation and the place, but for those that begin or ask anew."""
    for folded in page.locator("#talk details:not([open]) summary").all():
        folded.click()
    for part in ("#talk", "#place"):
        shown = page.locator(f"{part} :is(a, button):visible").filter(has_not_text=ANEW)
        for number in range(shown.count()):
            if shown.nth(number).count():
                shown.nth(number).click()
                page.wait_for_timeout(50)


def struck(page: Page) -> bool:
    """Whether any script of theirs has run."""
    return bool(page.evaluate("'struck' in window"))


def test_a_hostile_corpus_is_quoted_and_does_nothing(browser: Browser, tmp_path: Path) -> None:
    tunnel = pdf(tmp_path / "made.pdf")
    (tmp_path / "home").mkdir()
    with chat(tmp_path / "home" / "library", tmp_path / "log") as (address, _):
        someone = Person(browser, address)
        page = someone.page
        page.get_by_role("tab", name="Documents").click()
        files = [
            given("../../escape.md", MARKDOWN.encode()),
            given(f"{IMAGE.replace('/', '')}.html", HTML.encode()),
            given("..\\..\\tunnel.pdf", tunnel),
            given("CON.exe", b"MZ"),
        ]
        page.locator("#given input[type=file]").set_input_files(files)  # type: ignore[arg-type]
        expect(page.locator("#progress .added")).to_have_count(3)
        page.get_by_role("tab", name="Ask").click()
        asked = (
            QUESTION,
            "When was the Oxholm bridge opened?",
            "When was the Oxholm ferry closed?",
            "When was the Oxholm tunnel dug?",
        )
        for question in asked:
            someone.ask(question)
            click_through(page)
            assert not struck(page)
        shown = page.locator("#talk").inner_text()
        assert QUESTION in shown
        assert f"<script>{STRIKE}</script>" in shown
        assert page.locator("#talk img, #talk script, #talk iframe, #talk form, #talk svg, #talk style").count() == 0
        assert page.locator("#place script, #place iframe, #place form, #place svg, #place style").count() == 0
        page.get_by_role("tab", name="Documents").click()
        assert page.locator("#documents img, #documents script").count() == 0
        page.reload()
        page.locator(".exchange").nth(3).wait_for()
        assert not struck(page)
        saved = _saved_page(someone, tmp_path)
        assert not struck(saved)
        assert saved.locator("img, script, iframe, form, svg").count() == 0
        someone.leave()
    assert not (tmp_path / "log").exists(), (tmp_path / "log").read_text()
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["library"]
    assert not (tmp_path / "escape.md").exists()


def _saved_page(someone: Person, folder: Path) -> Page:
    """The conversation, saved as HTML and opened."""
    with someone.page.expect_download() as download:
        someone.page.get_by_role("tab", name="Ask").click()
        someone.page.get_by_role("button", name="HTML", exact=True).click()
    download.value.save_as(folder / "saved.html")
    page = someone.context.new_page()
    page.on("request", lambda request: someone.asked_for.append(request.url))
    page.goto((folder / "saved.html").as_uri())
    return page
