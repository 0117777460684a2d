"""Makes the README's pictures: starts the chat, uses it in a browser, takes a screenshot of each thing to see.

It also prints how long a person waits for the page once the server says that it is ready, for the first answer, and
for the same one later.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate

PORT = 7871
HERE = Path(__file__).parent
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
QUESTION = "How many soldiers does the United States keep in Europe?"
NOT_THERE = "What did the United States pay for its bases in Poland?"
ON_THE_PDF = "When was the lighthouse of Varnholm built?"
REPORT = """\
The harbour of Varnholm

A short history

Varnholm lies where the Skarn runs into the sea. Ships have called here since the thirteenth century, first for salt and
herring, later for timber. The stone quay was laid after the great storm of 1824, which took the wooden one and eleven
boats with it.

The lighthouse of Varnholm was built in 1868 by the engineer Ida Brandt. It stands 31 metres high on the northern mole,
and its light is seen 17 miles out. Until 1931 a keeper lived in it with his family; since then it has been worked from
the pilots' house.

The harbour today

Two ferries leave every day for the islands. The fish market opens at five in the morning, and what is landed is sold by
seven. In summer the old warehouses on the western quay hold concerts.
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "harbour.pdf"
        _write(report)
        command = [sys.executable, "-m", "rag", "chat", "--library", f"{folder}/library", "--port", str(PORT)]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
                assert server.stderr is not None
                address = next(line.split()[1] for line in server.stderr if line.startswith("Ready: "))
                try:
                    _take(browser, address, report, time.monotonic())
                finally:
                    server.terminate()
            browser.close()


def _take(browser: Browser, address: str, report: Path, ready: float) -> None:
    desktop = _opened(browser, address)
    print(f"The page can be used {time.monotonic() - ready:.1f} s after the server is ready.")
    first = _ask(desktop, QUESTION)
    _keep(desktop, "chat")
    desktop.context.close()
    dark = _opened(browser, f"{address}/?__theme=dark")
    print(f"The first answer is there after {first:.2f} s, the same one later after {_ask(dark, QUESTION):.2f} s.")
    _keep(dark, "dark")
    dark.context.close()
    refused = _opened(browser, address)
    _ask(refused, NOT_THERE)
    _keep(refused, "no-answer")
    refused.context.close()
    phone = _opened(browser, address, width=390)
    _ask(phone, QUESTION)
    _keep(phone, "phone")
    phone.context.close()
    paper = _opened(browser, address)
    paper.get_by_role("tab", name="Documents").click()
    paper.locator("#given input[type=file]").set_input_files(report)
    paper.get_by_text("harbour.pdf – added").wait_for()
    paper.get_by_role("tab", name="Ask").click()
    _ask(paper, ON_THE_PDF)
    paper.locator("#place .box").wait_for()
    _keep(paper, "pdf")
    paper.context.close()


def _opened(browser: Browser, address: str, width: int = 1200) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 760}).new_page()
    page.goto(address)
    page.locator(".welcome").wait_for()
    return page


def _ask(page: Page, question: str) -> float:
    """Ask, and return the seconds until the answer is shown."""
    page.locator("#question textarea").fill(question)
    begun = time.monotonic()
    page.locator("#question textarea").press("Enter")
    page.locator(".exchange .judging").last.wait_for()
    return time.monotonic() - begun


def _keep(page: Page, name: str) -> None:
    page.wait_for_timeout(1000)  # for fonts and scrolling
    path = HERE / f"{name}.png"
    page.screenshot(path=path)
    print(path)


def _write(path: Path) -> None:
    sheet = getSampleStyleSheet()
    title, *blocks = REPORT.split("\n\n")
    parts = [Paragraph(title, sheet["Title"])]
    parts += [Paragraph(block, sheet["BodyText" if block.rstrip().endswith(".") else "Heading2"]) for block in blocks]
    SimpleDocTemplate(str(path), pagesize=A5, title=title).build(parts)


if __name__ == "__main__":
    main()
