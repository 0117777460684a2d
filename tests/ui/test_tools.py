"""The tools for programs, called by the official client: in one process, and over HTTP beside the page."""

import asyncio
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from fastapi.testclient import TestClient
from mcp import Client

from rag import Assistant, Library
from rag.fakes import NumberReader
from rag.reading import Span
from rag.ui.access import Access
from rag.ui.api import AT_ONCE, api
from rag.ui.metrics import Metrics
from rag.ui.tools import LONGEST, LONGEST_READ, MOST_TURNS, tools
from rag.ui.uploads import Limits


@pytest.fixture
def assistant(library: Library, tmp_path: Path) -> Assistant:
    """An assistant on a library of one document."""
    (tmp_path / "a.txt").write_text("The bridge opened in 1932.")
    library.add(tmp_path / "a.txt")
    return Assistant(library, NumberReader())


def served(assistant: Assistant) -> Any:
    return tools(assistant, asyncio.Semaphore(1), lambda _: None)


def called(server: Any, name: str, **arguments: Any) -> Any:
    async def result() -> Any:
        async with Client(server) as client:
            return await client.call_tool(name, arguments)

    return asyncio.run(result())


def call(server: Any, name: str, **arguments: Any) -> Any:
    result = called(server, name, **arguments)
    assert not result.is_error, result.content
    return json.loads(result.content[0].text)


def test_tools_are_described() -> None:
    async def listed(server: Any) -> list[Any]:
        async with Client(server) as client:
            return list((await client.list_tools()).tools)

    found = asyncio.run(listed(served(None)))  # type: ignore[arg-type]
    assert [tool.name for tool in found] == ["ask", "search", "read_passage"]
    assert all(tool.description for tool in found)


def test_ask_search_and_read(assistant: Assistant) -> None:
    server = served(assistant)
    answer = call(server, "ask", question="When did the bridge open?")
    assert (answer["text"], answer["citations"][0]["start"]) == ("1932", 21)
    follow = call(server, "ask", question="When did it open?", history=[{"question": "What about the bridge?"}])
    assert "bridge" in follow["read_as"]
    found = call(server, "search", query="bridge", k=1)
    passage = found[0] if isinstance(found, list) else found
    read = call(server, "read_passage", document_id=passage["document_id"], start=4, end=10)
    assert (read["text"], read["start"], read["end"], read["length"]) == ("bridge", 4, 10, 26)


@pytest.mark.parametrize(
    ("span", "read"),
    [
        ({}, (0, LONGEST_READ)),
        ({"start": 5, "end": 10**9}, (5, 5 + LONGEST_READ)),
        ({"start": 0, "end": -1}, (0, 0)),
        ({"start": 5, "end": -3}, (5, 5)),
        ({"start": 9, "end": 3}, (9, 9)),
        ({"start": -40_000}, (0, LONGEST_READ)),
        ({"start": -40_000, "end": 7}, (0, 7)),
        ({"start": 119_990}, (119_990, 120_000)),
        ({"start": 10**9}, (120_000, 120_000)),
    ],
)
def test_no_more_than_is_said_is_read_whatever_is_asked_for(
    assistant: Assistant, tmp_path: Path, span: dict[str, int], read: tuple[int, int]
) -> None:
    text = "A sentence stands here. " * 5000
    (tmp_path / "long.txt").write_text(text)
    assistant.library.add(tmp_path / "long.txt")
    long = next(entry.id for entry in assistant.library.documents() if entry.title == "long")
    found = call(served(assistant), "read_passage", document_id=long, **span)
    assert (found["start"], found["end"], found["length"]) == (*read, len(text))
    assert found["text"] == text[slice(*read)]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ask", {"question": "?" * (LONGEST + 1)}),
        ("ask", {"question": "When?", "history": [{"question": "?" * (LONGEST + 1)}]}),
        ("ask", {"question": "When?", "history": [{"question": "Who?"}] * (MOST_TURNS + 1)}),
        ("search", {"query": "?" * (LONGEST + 1)}),
    ],
)
def test_what_is_too_long_is_refused_and_the_limit_told(
    assistant: Assistant, tool: str, arguments: dict[str, object]
) -> None:
    result = called(served(assistant), tool, **arguments)
    assert result.is_error
    assert f"at most {MOST_TURNS if len(str(arguments)) < LONGEST else LONGEST}" in result.content[0].text


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("ask", {"question": ""}, "The question is empty"),
        ("ask", {"question": "When?", "history": [{"q": "Who?"}]}, "history.0.question"),
        ("search", {"query": "bridge", "k": 0}, "Cannot find 0 passages"),
        ("read_passage", {"document_id": "nope"}, "No document has the id 'nope'"),
    ],
)
def test_errors_are_told_to_the_program_and_are_no_crash(
    assistant: Assistant, caplog: pytest.LogCaptureFixture, tool: str, arguments: dict[str, object], told: str
) -> None:
    result = called(served(assistant), tool, **arguments)
    assert result.is_error
    assert told in result.content[0].text
    assert "Traceback" not in caplog.text


class Busy(NumberReader):
    """Notes how many questions it was given at the same time."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock = Lock()

    def read(self, question: str, passages: Sequence[str]) -> list[Span]:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.1)
        with self.lock:
            self.now -= 1
        return super().read(question, passages)


@pytest.mark.filterwarnings("ignore")  # for the server's parts
def test_questions_of_programs_are_counted_and_take_turns_with_all_others(assistant: Assistant) -> None:
    reader = Busy()
    app = api(Assistant(assistant.library, reader), Access(), Limits(), Metrics(assistant.library))
    question = {"question": "When did the bridge open?"}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": question}}
    accept = {"Accept": "application/json, text/event-stream"}
    with TestClient(app, base_url="http://127.0.0.1:7860") as client, ThreadPoolExecutor(4 * AT_ONCE) as people:

        def ask(number: int) -> str:
            if number % 2:
                return client.post("/v1/ask", json=question).text
            return client.post("/mcp", json=message, headers=accept).text

        assert all("1932" in answer for answer in people.map(ask, range(4 * AT_ONCE)))
        assert f"pincite_questions_total {4 * AT_ONCE}.0" in client.get("/metrics").text
    assert reader.most == AT_ONCE
