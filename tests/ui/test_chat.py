"""The chat as a process: it builds its library, answers over loopback, and opens no other connection."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOP

GUARD = TOP / "tests" / "guard"
PATIENCE = 120  # seconds for the models and the page to load on a busy machine


def guarded(log: Path) -> dict[str, str]:
    """An environment in which no connection beyond loopback is possible."""
    paths = [str(GUARD), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PINCITE_GUARD": str(log)}


@contextmanager
def chat(library: Path, log: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of a running chat, and what it said while it started."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "rag", "chat", "--library", str(library), "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=guarded(log)) as server:
        try:
            assert server.stderr is not None
            said: list[str] = []
            while not said or not said[-1].startswith("Ready: "):
                line = server.stderr.readline()
                assert line, f"the chat ended: {said}"
                said.append(line)
            address = said[-1].split()[1]
            _wait_for(address)
            yield address, said
        finally:
            server.terminate()


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(address) as page:
                assert page.status == 200
                return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def ask(address: str, question: str) -> tuple[str, str]:
    """The message and the panel that the page shows for a question."""
    from gradio_client import Client

    message, panel, *_ = Client(address, verbose=False, analytics_enabled=False).predict(question, api_name="/ask")
    return message, panel


def _follow_up(address: str) -> str:
    """The message to a question that leans on the one before, in one session."""
    from gradio_client import Client

    client = Client(address, verbose=False, analytics_enabled=False)
    client.predict("When did the czars conquer Crimea?", api_name="/ask")
    message: str = client.predict("Who did that?", api_name="/ask")[0]
    return message


def _by_tool(address: str) -> dict[str, Any]:
    """What a program is told that calls the tool for asking over HTTP."""
    from mcp import Client

    async def called() -> dict[str, Any]:
        async with Client(f"{address}/mcp") as client:
            result = await client.call_tool("ask", {"question": "When did the czars conquer Crimea?"})
            found: dict[str, Any] = json.loads(result.content[0].text)
            return found

    return asyncio.run(called())


def text(html: str) -> str:
    from html import unescape

    return unescape(re.sub(r"<[^>]+>", "", html))


@pytest.mark.filterwarnings("default")  # of the client that the test uses
def test_chat_builds_its_library_answers_with_the_quote_marked_and_stays_on_the_machine(tmp_path: Path) -> None:
    log = tmp_path / "connections"
    with chat(tmp_path / "library", log) as (address, said):
        assert said[0].startswith("Building the library of the shipped corpus")
        message, panel = ask(address, "When did the czars conquer Crimea?")
        assert "The czars conquered Crimea in 1783." in text(message)
        assert text(re.search("<mark>(.*?)</mark>", message).group(1)) == "1783"  # type: ignore[union-attr]
        assert "The czars conquered Crimea in <mark>1783</mark>." in panel
        assert "A longer history" in panel
        message, panel = ask(address, "Who won the football world cup in 1998?")
        assert "The documents do not answer this." in text(message)
        assert "<mark>" not in message + panel
        assert "Read as: " in text(_follow_up(address))
        assert _by_tool(address)["text"] == "1783"
        message, _ = ask(address, "   ")
        assert "The question is empty" in text(message)
    assert not log.exists(), log.read_text()


def test_index_and_ask_open_no_connection_beyond_loopback(tmp_path: Path) -> None:
    log = tmp_path / "connections"
    for arguments in (["index"], ["ask", "When did the czars conquer Crimea?"]):
        command = [sys.executable, "-m", "rag", *arguments, "--library", str(tmp_path / "library")]
        done = subprocess.run(command, capture_output=True, text=True, env=guarded(log))
        assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1783")
    assert not log.exists(), log.read_text()


def test_the_guard_refuses_and_notes_a_connection(tmp_path: Path) -> None:
    log = tmp_path / "connections"
    program = "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=3)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=guarded(log))
    assert done.returncode == 1
    assert "192.0.2.1" in log.read_text()
