"""A browser, and a chat on the shipped corpus to use it with."""

import asyncio
import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.ui.running import PATIENCE, Person, chat

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-gpu"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it, else the one that Playwright installed.

    For a module only: as long as it is there, an event loop runs in this thread, and others cannot start theirs.
    """
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with sync_playwright() as playwright:
        if not found and not Path(playwright.chromium.executable_path).exists():
            pytest.fail(
                "The page is tested in Chromium, which is not here: install it, or run `playwright install chromium`."
            )
        expect.set_options(timeout=PATIENCE * 1000 / 4)
        started = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def own_loop() -> Iterator[None]:
    """For tests in whose process Gradio runs: the event loops that it makes and leaves open are closed with them."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()
    gc.collect()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Path]]:
    """The chat on the shipped corpus: its address, its library, and the log of connections that it tried to open."""
    folder = tmp_path_factory.mktemp("served")
    with chat(folder / "library", folder / "connections") as (address, _):
        yield address, folder / "library", folder / "connections"


@pytest.fixture
def person(browser: Browser, served: tuple[str, Path, Path]) -> Iterator[Person]:
    """Somebody at the page on the shipped corpus, who has asked for nothing elsewhere when they leave."""
    someone = Person(browser, served[0])
    yield someone
    someone.leave()
    assert not served[2].exists(), served[2].read_text()
