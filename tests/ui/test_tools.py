"""The tools for programs, called by the official client: in one process, and over HTTP beside the page."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from rag import Assistant, Library
from rag.fakes import NumberReader
from rag.ui.tools import tools


@pytest.fixture
def assistant(library: Library, tmp_path: Path) -> Assistant:
    """An assistant on a library of one document."""
    (tmp_path / "a.txt").write_text("The bridge opened in 1932.")
    library.add(tmp_path / "a.txt")
    return Assistant(library, NumberReader())


def call(server: Any, name: str, **arguments: Any) -> Any:
    async def called() -> Any:
        async with Client(server) as client:
            result = await client.call_tool(name, arguments)
            assert not result.is_error, result.content
            return json.loads(result.content[0].text)

    return asyncio.run(called())


def test_tools_are_described() -> None:
    async def listed(server: Any) -> list[Any]:
        async with Client(server) as client:
            return list((await client.list_tools()).tools)

    found = asyncio.run(listed(tools(None)))  # type: ignore[arg-type]
    assert [tool.name for tool in found] == ["ask", "search", "read_passage"]
    assert all(tool.description for tool in found)


def test_ask_search_and_read(assistant: Assistant) -> None:
    server = tools(assistant)
    answer = call(server, "ask", question="When did the bridge open?")
    assert (answer["text"], answer["citations"][0]["start"]) == ("1932", 21)
    follow = call(server, "ask", question="When did it open?", history=[{"question": "What about the bridge?"}])
    assert "bridge" in follow["read_as"]
    found = call(server, "search", query="bridge", k=1)
    passage = found[0] if isinstance(found, list) else found
    read = call(server, "read_passage", document_id=passage["document_id"], start=4, end=10)
    assert (read["text"], read["start"], read["end"], read["length"]) == ("bridge", 4, 10, 26)
