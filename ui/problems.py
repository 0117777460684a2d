"""Errors as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from rag.errors import DocumentNotFound, FileError, LibraryError, PinciteError, QuestionError, SettingsMismatch

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[PinciteError], int], ...] = (
    (QuestionError, 422),
    (FileError, 422),
    (DocumentNotFound, 404),
    (LibraryError, 503),
)


class Problem(BaseModel):
    """What went wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


_REFERENCE = f"#/components/schemas/{Problem.__name__}"
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE}}}}
    for status in (400, 401, 403, 404, 405, 411, 413, 422, 500, 503)
}


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A response that says what went wrong."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=MEDIA_TYPE)


def told(error: PinciteError) -> str:
    """What went wrong, as it is told to whoever uses a server."""
    way_out = " A server does so when it is started again." if isinstance(error, SettingsMismatch) else ""
    return f"{error}{way_out}"


def why_failed(error: PinciteError | OSError) -> str:
    """Why a file was not added, to stand beside its name."""
    match error:
        case FileError():
            return error.reason
        case PinciteError():
            return told(error)
    return error.strerror or "it cannot be read"


def unforeseen(error: Exception) -> str:
    """What is told of an error that nobody foresaw: its kind, and nothing from within."""
    return f"Something went wrong in Pincite ({type(error).__name__}); the server's log says more."


def add_problems(app: FastAPI) -> None:
    """Have every error of an application told in this way."""

    @app.exception_handler(PinciteError)
    def ours(_: Request, error: PinciteError) -> JSONResponse:
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
        return problem(status, told(error))

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return problem(422, f"{place}: {first['msg']}.")

    @app.exception_handler(HTTPException)
    def refused(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(Exception)
    def others(_: Request, error: Exception) -> JSONResponse:
        return problem(500, unforeseen(error))
