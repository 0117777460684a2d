"""The library as tools for other programs, by the Model Context Protocol: ask, search, read. Needs `pincite[mcp]`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rag.assistant import Assistant
from rag.values import Turn

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

PATH = "/mcp"
MOST_PASSAGES = 100
LONGEST_READ = 20_000  # characters given at once
_INSTRUCTIONS = (
    "Answers from the documents of one library in their own words. Every quote is exact and comes with its file, page, "
    "heading and character range. Where the documents do not answer, `refusal` says why: then there is no answer here."
)


def tools(assistant: Assistant) -> "MCPServer[Any]":
    """A server with three tools. Raises ImportError where the package `mcp` is missing."""
    from mcp.server.mcpserver import MCPServer

    server: MCPServer[Any] = MCPServer("pincite", instructions=_INSTRUCTIONS, log_level="WARNING")

    def ask(question: str, history: list[dict[str, str]] | None = None, every: bool = False) -> dict[str, Any]:
        """Answer a question with an exact quote and its places, or refuse with the reason.

        history: earlier turns, each {"question", "answer"}. every: all distinct answers of the library.
        """
        turns = [Turn(turn["question"], turn.get("answer", "")) for turn in history or ()]
        return assistant.ask(question, history=turns, every=every).to_dict()

    def search(query: str, k: int = 5) -> list[dict[str, Any]]:
        """The k passages nearest to a query, at most 100, best first, each quoted whole with its place."""
        k = min(k, MOST_PASSAGES)
        with assistant.library.view() as view:
            return [asdict(place) for place in view.cited(view.search(query, k))]

    def read_passage(document_id: str, start: int = 0, end: int | None = None) -> dict[str, Any]:
        """The text of a document from one character to another, at most 20,000 of them."""
        with assistant.library.view() as view:
            document = view.document(document_id)
        last = min(len(document.text) if end is None else end, start + LONGEST_READ, len(document.text))
        first = max(start, 0)
        return {
            "title": document.title,
            "source": document.source,
            "sha256": document.sha256,
            "start": first,
            "end": max(first, last),
            "length": len(document.text),
            "text": document.text[first:last],
        }

    for tool in (ask, search, read_passage):
        server.add_tool(tool)
    return server
