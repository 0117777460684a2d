"""The library as tools for other programs, by the Model Context Protocol: ask, search, read. Needs `pincite[mcp]`."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from rag.assistant import Assistant
from rag.errors import PinciteError
from rag.values import Answer, EveryAnswer, Turn

from .problems import told

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

PATH = "/mcp"
LONGEST = 2000  # characters of a question
MOST_TURNS = 20
MOST_PASSAGES = 100
LONGEST_READ = 20_000  # characters given at once
_INSTRUCTIONS = (
    "Answers from the documents of one library in their own words. Every quote is exact and comes with its file, page, "
    "heading and character range. Where the documents do not answer, `refusal` says why: then there is no answer here."
)
_Text = Annotated[str, Field(max_length=LONGEST)]


class Said(BaseModel):
    """An earlier turn: the question and the text of its answer, "" where there was none."""

    question: _Text
    answer: _Text = ""


_History = Annotated[list[Said], Field(max_length=MOST_TURNS)]


def tools(
    assistant: Assistant, turn: AbstractAsyncContextManager[Any], answered: Callable[[Answer | EveryAnswer], None]
) -> "MCPServer[Any]":
    """A server with three tools. What is asked waits for its `turn`, and `answered` is told of every answer.

    Raises ImportError where the package `mcp` is missing.
    """
    from mcp.server.mcpserver import MCPServer

    server: MCPServer[Any] = MCPServer("pincite", instructions=_INSTRUCTIONS, log_level="WARNING")

    async def ask(question: _Text, history: _History | None = None, every: bool = False) -> dict[str, Any]:
        """Answer a question with an exact quote and its places, or refuse with the reason.

        history: earlier turns, each {"question", "answer"}. every: all distinct answers of the library.
        """
        turns = [Turn(said.question, said.answer) for said in history or ()]
        with _errors_told():
            async with turn:
                answer = await run_in_threadpool(assistant.ask, question, history=turns, every=every)
        answered(answer)
        return answer.to_dict()

    async def search(query: _Text, k: int = 5) -> list[dict[str, Any]]:
        """The k passages nearest to a query, at most 100, best first, each quoted whole with its place."""

        def found() -> list[dict[str, Any]]:
            with assistant.library.view() as view:
                return [asdict(place) for place in view.cited(view.search(query, min(k, MOST_PASSAGES)))]

        with _errors_told():
            async with turn:
                return await run_in_threadpool(found)

    def read_passage(document_id: str, start: int = 0, end: int | None = None) -> dict[str, Any]:
        """The text of a document from one character to another, at most 20,000 of them."""
        with _errors_told(), assistant.library.view() as view:
            document = view.document(document_id)
        length = len(document.text)
        first = min(max(start, 0), length)
        last = min(max(first, length if end is None else end), first + LONGEST_READ, length)
        return {
            "title": document.title,
            "source": document.source,
            "sha256": document.sha256,
            "start": first,
            "end": last,
            "length": length,
            "text": document.text[first:last],
        }

    for tool in (ask, search, read_passage):
        server.add_tool(tool)
    return server


@contextmanager
def _errors_told() -> Iterator[None]:
    """An error of ours as one of the tool, whose text is told to the program; of any other only that it happened."""
    from mcp.server.mcpserver.exceptions import ToolError

    try:
        yield
    except PinciteError as error:
        raise ToolError(told(error)) from error
