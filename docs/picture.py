"""Makes the README's picture: starts the chat, asks in a real browser, and takes a screenshot of the answer."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PORT = 7871
QUESTION = "How many soldiers does the United States keep in Europe?"
PICTURE = Path(__file__).with_name("chat.png")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "rag", "chat", "--library", folder, "--port", str(PORT)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr is not None
            address = next(line.split()[1] for line in server.stderr if line.startswith("Ready: "))
            try:
                _take(address)
            finally:
                server.terminate()
    print(PICTURE)


def _take(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1200, "height": 720})
        for _ in range(50):
            try:
                page.goto(address)
                break
            except Exception:  # the page is said to be ready just before it listens
                page.wait_for_timeout(200)
        box = page.locator("textarea").first
        box.fill(QUESTION)
        box.press("Enter")
        page.locator("#places mark").wait_for()
        page.wait_for_timeout(1000)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
