"""The HTTP API: ask, search, documents, health and metrics."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from anyio import to_thread
from fastapi import FastAPI, File, HTTPException, Request, Response, UploadFile
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Match

from rag.assistant import Assistant
from rag.errors import FileError, PinciteError
from rag.library import Library
from rag.record import Entry
from rag.values import Answer, Chunk, EveryAnswer, Turn

from .access import Access
from .door import GUARDED, HEADERS, refusal
from .events import MEDIA_TYPE, streamed
from .metrics import Metrics
from .problems import RESPONSES, add_problems, problem, why_failed
from .schema import PRIVATE, Found, Listed, Taken, describe
from .tools import LONGEST, MOST_PASSAGES, MOST_TURNS, PATH, tools
from .uploads import MOST_FILES, Limits, drop, keep

AT_ONCE = 4  # questions worked on at the same time; the models take turns
SECONDS_BETWEEN = 0.2  # looks at whether the server is being stopped
SECONDS_LEFT = 2  # for what is at work then, less than the server gives it before it breaks off
_T = TypeVar("_T")
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
_OURS = ("/v1/{rest:path}", "/health", "/metrics", "/openapi.json", "/docs", "/docs/{rest:path}")


def _whole(value: Any) -> Any:
    """10.0 as 10: to JSON they are the same number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


NOT_BLANK = r"[^\s\x1c-\x1f\x85]"  # what Python strips, and not only what regular expressions call white space
Text = Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=NOT_BLANK)]
Count = Annotated[int, Field(ge=1, le=MOST_PASSAGES), BeforeValidator(_whole)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TurnBody(_Strict):
    """An earlier turn: the question and the text of its answer, "" where there was none."""

    question: Text
    answer: Annotated[str, Field(max_length=LONGEST)] = ""


class AskBody(_Strict):
    """A question, and how it is to be answered."""

    question: Text
    history: Annotated[list[TurnBody], Field(max_length=MOST_TURNS)] = []
    k: Count | None = None
    every: bool = False
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None


class SearchBody(_Strict):
    """Words to look for."""

    query: Text
    k: Count = 10
    mode: Literal["hybrid", "dense", "lexical"] = "hybrid"


def api(assistant: Assistant, access: Access, limits: Limits, metrics: Metrics) -> FastAPI:
    """The application, with the page still to be mounted on it."""
    turn = asyncio.Semaphore(AT_ONCE)
    program_tools = _tools(assistant, access, turn, metrics)
    app = FastAPIOffline(
        title="Pincite", version="1", responses=RESPONSES, redoc_url=None, lifespan=_running(program_tools)
    )
    if program_tools:
        app.router.routes.extend(program_tools.routes)
    add_problems(app)
    app.add_middleware(CORSMiddleware)  # no page of another server may read here; Gradio, left alone, lets all of them

    @app.middleware("http")
    async def admit(request: Request, forward: Callable[[Request], Awaitable[Response]]) -> Response:
        refused = await refusal(request, access, limits)
        response = refused or await forward(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    _add_questions(app, assistant, turn, metrics, limits)
    _add_documents(app, assistant.library, access, limits)
    _add_state(app, assistant.library, metrics)
    _add_heads(app)
    _add_unknown(app, has_tools=program_tools is not None)
    describe(app, access, GUARDED)
    return app


def _add_questions(
    app: FastAPI, assistant: Assistant, turn: asyncio.Semaphore, metrics: Metrics, limits: Limits
) -> None:
    """What is asked of the library."""

    @app.post("/v1/ask", response_model=Answer | EveryAnswer, responses={200: {"content": {MEDIA_TYPE: {}}}})
    async def ask(body: AskBody, request: Request) -> dict[str, Any] | Response:
        """One answer with its citations, or, with `every`, all distinct ones.

        Whoever accepts `text/event-stream` is told each `stage` when it begins, and the `answer` last.
        """
        history = [Turn(turn.question, turn.answer) for turn in body.history]
        if MEDIA_TYPE in request.headers.get("accept", ""):
            steps = assistant.asking(
                body.question, history=history, k=body.k, every=body.every, threshold=body.threshold
            )
            return await streamed(steps, turn, metrics.answered)
        async with turn:
            answer = await _aside(
                limits,
                assistant.ask,
                body.question,
                history=history,
                k=body.k,
                every=body.every,
                threshold=body.threshold,
            )
        metrics.answered(answer)
        return answer.to_dict()

    @app.post("/v1/search", response_model=list[Found])
    async def search(body: SearchBody) -> list[dict[str, Any]]:
        """The nearest passages, best first, each as a citation with its score."""

        def found() -> list[dict[str, Any]]:
            with assistant.library.view() as view:
                passages = view.search(body.query, body.k, body.mode)
                places = view.cited(passages)
            return [{"score": p.score, **asdict(place)} for p, place in zip(passages, places, strict=True)]

        async with turn:
            return await _aside(limits, found)


def _add_documents(app: FastAPI, library: Library, access: Access, limits: Limits) -> None:
    """What the library holds, and what is added and taken out."""
    reading = asyncio.Lock()  # one file after the other; who waits keeps no thread from those who ask

    @app.get("/v1/documents", response_model=list[Listed])
    def documents() -> list[dict[str, Any]]:
        """What the library holds."""
        return [_public(entry) for entry in library.documents()]

    @app.post("/v1/documents", status_code=201, response_model=Taken)
    async def add(files: Annotated[list[UploadFile], File(min_length=1, max_length=MOST_FILES)]) -> dict[str, Any]:
        """Read files in. Those that cannot be read are named among the failed.

        Where none is added, and not because of the files, that is a problem.
        """
        added: list[str] = []
        documents: list[dict[str, Any]] = []
        failed: list[dict[str, str]] = []
        hindrance: PinciteError | None = None
        for file in files:
            name = file.filename or "file"
            try:
                data = await file.read(limits.bytes + 1)  # one more tells that it is too large
                async with reading:
                    entry = await _aside(limits, keep, library, name, data, limits)
                added.append(name)
                documents.append(_public(entry))
            except (PinciteError, OSError) as error:
                failed.append({"source": name, "reason": why_failed(error)})
                if isinstance(error, PinciteError) and not isinstance(error, FileError):
                    hindrance = error
        if hindrance and not added:
            raise hindrance
        return {"added": added, "documents": documents, "failed": failed}

    @app.delete("/v1/documents/{document_id}", response_model=Listed)
    def remove(document_id: str) -> dict[str, Any]:
        """Take a document out, at once and for everybody."""
        if not access.may_remove:
            raise HTTPException(403, "Nothing can be removed here: the server was started without that right.")
        return _public(drop(library, document_id))

    @app.get("/v1/documents/{document_id}/passages", response_model=list[Chunk])
    def passages(document_id: str) -> list[dict[str, Any]]:
        """The passages of a document in the order of its text."""
        with library.view() as view:
            view.document(document_id)
            return [asdict(chunk) for chunk in view.passages(document_id)]


def _add_state(app: FastAPI, library: Library, metrics: Metrics) -> None:
    """How the server is."""

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether the server can answer: it looks into the library as a question would, by words only."""
        library.search("pincite", 1, "lexical")
        return {"status": "ok"}

    @app.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def prometheus() -> Response:
        """Questions, refusals, latencies and the library's size, for Prometheus."""
        return Response(metrics.text(), media_type=metrics.media_type)


def _add_heads(app: FastAPI) -> None:
    """HEAD for whatever can be got; the server leaves out the body."""
    for route in [route for route in app.routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())]:
        app.add_api_route(route.path, route.endpoint, methods=["HEAD"], response_model=None, include_in_schema=False)


def _add_unknown(app: FastAPI, *, has_tools: bool) -> None:
    """What is answered by a problem, since the page, which is mounted after it, would answer."""

    def unknown(request: Request) -> Response:
        """What is not there, or not to be done in this way; without this the page would answer."""
        known = [route for route in app.routes if route.matches(request.scope)[0] is Match.PARTIAL]
        methods = sorted({method for route in known for method in getattr(route, "methods", None) or ()})
        if methods:
            detail = f"{request.method} is not for {request.url.path}, which takes {', '.join(methods)}."
            return problem(405, detail, {"Allow": ", ".join(methods)})
        return problem(404, f"There is nothing at {request.method} {request.url.path}.")

    for path in _OURS:
        app.add_api_route(path, unknown, methods=_METHODS, include_in_schema=False)

    if not has_tools:

        @app.api_route(PATH, methods=_METHODS, include_in_schema=False)
        def no_tools() -> Response:
            """Without the package for the tools the page would answer."""
            return problem(404, 'The tools for programs need `pip install "pincite[mcp]"`; then start again.')


async def _aside(limits: Limits, work: Callable[..., _T], *given: Any, **named: Any) -> _T:
    """What some work returns, done in a thread. Raises LibraryError where it goes on after the server was stopped."""
    limits.check_open()
    working = asyncio.ensure_future(to_thread.run_sync(partial(work, *given, **named), abandon_on_cancel=True))
    try:
        while not working.done() and not limits.closing.is_set():
            await asyncio.wait({working}, timeout=SECONDS_BETWEEN)
        await asyncio.wait({working}, timeout=SECONDS_LEFT)
        if not working.done():
            limits.check_open()
        return working.result()
    finally:
        working.cancel()  # which does nothing where it is done


def _public(entry: Entry) -> dict[str, Any]:
    """All but where on this machine the file stands."""
    return {name: value for name, value in asdict(entry).items() if name not in PRIVATE}


def _tools(assistant: Assistant, access: Access, turn: asyncio.Semaphore, metrics: Metrics) -> Starlette | None:
    """The tools for programs, where the package for them is installed."""
    try:
        from mcp.server.transport_security import TransportSecuritySettings

        server = tools(assistant, turn, metrics.answered)
    except ImportError:
        return None
    # Where no password is asked for, only pages of this machine may talk to it (DNS rebinding).
    security = None if access.is_open else TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app: Starlette = server.streamable_http_app(
        streamable_http_path=PATH, json_response=True, stateless_http=True, transport_security=security
    )
    return app


def _running(program_tools: Starlette | None) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """The lifespan of the application, which is that of the tools."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if program_tools is None:
            yield
        else:
            async with program_tools.router.lifespan_context(program_tools):
                yield

    return lifespan
