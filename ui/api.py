"""The HTTP API: ask, search, documents, health and metrics. Errors are problem details (RFC 9457)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import FastAPI, File, HTTPException, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException

from rag.assistant import Assistant
from rag.citations import cite
from rag.errors import DocumentNotFound, FileError, LibraryBusy, PinciteError, QuestionError
from rag.values import Turn

from .access import LOOPBACK, Access
from .events import MEDIA_TYPE, streamed
from .metrics import Metrics
from .tools import PATH, tools
from .uploads import MEGABYTE, Limits, drop, keep

AT_ONCE = 4  # questions worked on at the same time; the models take turns
MOST_PASSAGES = 100
LONGEST = 2000  # characters of a question
MOST_TURNS = 20
MOST_FILES = 50  # of one upload
PROBLEM = "application/problem+json"
HEADERS = {
    # Gradio needs scripts in the page and built at run time; nothing may come from, or go, anywhere else.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_STATUS: tuple[tuple[type[PinciteError], int], ...] = (
    (QuestionError, 422),
    (FileError, 422),
    (DocumentNotFound, 404),
    (LibraryBusy, 503),
)


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


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {PROBLEM: {}}} for status in (400, 401, 403, 404, 413, 422, 503)
}


def api(assistant: Assistant, access: Access, limits: Limits, metrics: Metrics) -> FastAPI:
    """The application, with the page still to be mounted on it."""
    program_tools = _tools(assistant, access)
    app = FastAPIOffline(
        title="Pincite", version="1", responses=_PROBLEMS, redoc_url=None, lifespan=_running(program_tools)
    )
    if program_tools:
        app.router.routes.extend(program_tools.routes)
    turn = asyncio.Semaphore(AT_ONCE)
    _add_problems(app)

    @app.middleware("http")
    async def admit(request: Request, forward: Callable[[Request], Awaitable[Response]]) -> Response:
        if access.is_open and not _is_local(request):
            return problem(403, "This server asks for no password: only pages and programs of this machine may use it.")
        guarded = request.url.path.startswith(("/v1/", "/metrics", PATH))
        if guarded and not access.admits_header(request.headers.get("authorization")):
            detail = "Send `Authorization: Bearer KEY`, or a name and password."
            return problem(401, detail, {"WWW-Authenticate": 'Basic realm="Pincite"'})
        response = await forward(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.post("/v1/ask", response_model=None, responses={200: {"content": {MEDIA_TYPE: {}}}})
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
            answer = await run_in_threadpool(
                assistant.ask, body.question, history=history, k=body.k, every=body.every, threshold=body.threshold
            )
        metrics.answered(answer)
        return answer.to_dict()

    @app.post("/v1/search")
    async def search(body: SearchBody) -> list[dict[str, Any]]:
        """The nearest passages, best first, each as a citation with its score."""

        def found() -> list[dict[str, Any]]:
            with assistant.library.view() as view:
                passages = view.search(body.query, body.k, body.mode)
                chunks = [passage.chunk for passage in passages]
                places = [cite(view.document(chunk.document_id), chunk.start, chunk.end) for chunk in chunks]
            return [{"score": p.score, **asdict(place)} for p, place in zip(passages, places, strict=True)]

        async with turn:
            return await run_in_threadpool(found)

    @app.get("/v1/documents")
    def documents() -> list[dict[str, Any]]:
        """What the library holds."""
        return [asdict(entry) for entry in assistant.library.documents()]

    @app.post("/v1/documents", status_code=201)
    async def add(files: Annotated[list[UploadFile], File(min_length=1, max_length=MOST_FILES)]) -> dict[str, Any]:
        """Read files in. Those that cannot be read are named among the failed."""
        if not access.may_add:
            raise HTTPException(403, "Nothing can be added here: the server was started without that right.")
        added: list[str] = []
        failed: list[dict[str, str]] = []
        for file in files:
            name = file.filename or "file"
            try:
                data = await file.read(
                    limits.megabytes * MEGABYTE + 1
                )  # one more than is taken tells that it is too large
                await run_in_threadpool(keep, assistant.library, name, data, limits)
                added.append(name)
            except FileError as error:
                failed.append({"source": name, "reason": error.reason})
        return {"added": added, "failed": failed}

    @app.delete("/v1/documents/{document_id}")
    def remove(document_id: str) -> dict[str, Any]:
        """Take a document out, at once and for everybody."""
        if not access.may_remove:
            raise HTTPException(403, "Nothing can be removed here: the server was started without that right.")
        return asdict(drop(assistant.library, document_id))

    @app.get("/v1/documents/{document_id}/passages")
    def passages(document_id: str) -> list[dict[str, Any]]:
        """The passages of a document in the order of its text."""
        with assistant.library.view() as view:
            view.document(document_id)
            return [asdict(chunk) for chunk in view.passages(document_id)]

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether the server can answer."""
        return {"status": "ok"}

    @app.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def prometheus() -> Response:
        """Questions, refusals, latencies and the library's size, for Prometheus."""
        return Response(metrics.text(), media_type=metrics.media_type)

    return app


def _is_local(request: Request) -> bool:
    """Whether a request names this machine as its host, and comes from no page of another (DNS rebinding, CSRF)."""
    origin = request.headers.get("origin")
    hosts = [request.url.hostname, *([urlsplit(origin).hostname] if origin else [])]
    return all(host in LOOPBACK for host in hosts)


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A response that says what went wrong."""
    from http import HTTPStatus

    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=PROBLEM)


def _tools(assistant: Assistant, access: Access) -> Starlette | None:
    """The tools for programs, where the package for them is installed."""
    try:
        from mcp.server.transport_security import TransportSecuritySettings

        server = tools(assistant)
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


def _add_problems(app: FastAPI) -> None:
    @app.exception_handler(PinciteError)
    def ours(_: Request, error: PinciteError) -> JSONResponse:
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
        return problem(status, str(error))

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return problem(422, f"{place}: {first['msg']}.")

    @app.exception_handler(StarletteHTTPException)
    def refused(_: Request, error: StarletteHTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail), dict(error.headers or {}))
