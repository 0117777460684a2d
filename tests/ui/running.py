"""A running chat, and people who use its page."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import uvicorn
from playwright.sync_api import Browser, Page, Request

from rag import Assistant, Library
from rag.fakes import NumberReader
from rag.reading import Span
from rag.ui.access import Access
from rag.ui.serve import application
from rag.ui.uploads import Limits
from tests.conftest import TOP

GUARD = TOP / "tests" / "guard"
PATIENCE = 120  # seconds for the models and the page to load on a busy machine


def guarded(log: Path) -> dict[str, str]:
    """An environment in which no connection beyond loopback is possible."""
    paths = [str(GUARD), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PINCITE_GUARD": str(log)}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def chat(
    library: Path, log: Path, options: Sequence[str] = (), port: int | None = None
) -> Iterator[tuple[str, list[str]]]:
    """The address of a running chat, and what it said while it started."""
    command = [sys.executable, "-m", "rag", "chat", "--library", str(library), "--port", str(port or free_port())]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True, env=guarded(log)) as server:
        try:
            assert server.stderr is not None
            said: list[str] = []
            while not said or not said[-1].startswith("Ready: "):
                line = server.stderr.readline()
                assert line, f"the chat ended: {said}"
                said.append(line)
            address = said[-1].split()[1]
            wait_for(address)
            yield address, said
        finally:
            server.terminate()


def wait_for(address: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"{address}/health") as page:
                assert page.status == 200
                return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


class Patient(NumberReader):
    """A reader that waits until it is told to go on."""

    def __init__(self) -> None:
        self.may_go_on = Event()

    def read(self, question: str, passages: Sequence[str]) -> list[Span]:
        self.may_go_on.wait(PATIENCE)
        return super().read(question, passages)


@contextmanager
def page_of(library: Library, reader: Patient) -> Iterator[str]:
    """The address of a page that is served in a thread of this process; its reader does not wait at first."""
    reader.may_go_on.set()
    port = free_port()
    app = application(Assistant(library, reader), Access(), Limits())
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1))
    thread = Thread(target=server.run)
    thread.start()
    try:
        wait_for(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        reader.may_go_on.set()
        server.should_exit = True
        thread.join()


class Person:
    """Somebody at the page, in a browser session of their own."""

    def __init__(self, browser: Browser, address: str, *, width: int = 1280, path: str = "/"):
        self.asked_for: list[str] = []
        self.errors: list[str] = []
        self.context = browser.new_context(viewport={"width": width, "height": 800}, accept_downloads=True)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        self.address = address
        self.page = self.open(path)

    def open(self, path: str = "/") -> Page:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE * 1000 / 4)
        page.on("request", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(self.address + path)
        page.locator("#question textarea").wait_for()
        return page

    def ask(self, question: str) -> None:
        """Ask, and wait for the answer."""
        before = self.page.locator(".exchange").count()
        self.page.locator("#question textarea").fill(question)
        self.page.locator("#question textarea").press("Enter")
        self.page.locator(".exchange").nth(before).locator(".judging, .note").first.wait_for()

    def last(self) -> str:
        """The text of the last exchange."""
        return self.page.locator(".exchange").last.inner_text()

    def leave(self) -> None:
        """Close the browser; nothing may have been asked of anywhere but the server, and no script have failed."""
        self.context.close()
        ours = (self.address, "data:", "blob:", "file:")
        assert [url for url in self.asked_for if not url.startswith(ours)] == []
        assert self.errors == []

    def _note(self, request: Request) -> None:
        self.asked_for.append(request.url)
