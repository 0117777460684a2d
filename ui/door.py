"""What comes in: only what is known, from whoever may. Of the server that Gradio brings, only what the page uses."""

import re
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from .access import LOOPBACK, Access
from .problems import problem
from .tools import PATH
from .uploads import MEGABYTE, MOST_FILES, Limits

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
_OURS = re.compile(rf"/(v1/.*|health|metrics|openapi\.json|docs(/.*)?|static-offline-docs/.*)|{PATH}/?")
_GRADIOS = {
    "GET": re.compile(
        r"/(config|theme\.css|favicon\.ico|manifest\.json|login_check|logout|assets/.*|static/.*|"
        r"gradio_api/(heartbeat/\w+|queue/data|upload_progress|startup-events|login_check|theme\.css))?/?"
    ),
    "POST": re.compile(r"/(login|gradio_api/(queue/join|cancel|reset|upload))/?"),
}
_UPLOAD = re.compile(r"/(v1/documents|gradio_api/upload)/?")
_HARMLESS = ("GET", "HEAD", "OPTIONS")
MOST_SAID = 1_000_000  # bytes of a question with all that was said before
MOST_SENT = 20_000_000  # bytes of what the page sends: a conversation as long as it is kept, four bytes a character
GUARDED = ("/v1/", "/metrics", PATH)  # the page asks for passwords itself


async def refusal(request: Request, access: Access, limits: Limits) -> Response | None:
    """The response to a request that may not come in; None for one that may."""
    path: str = request.scope["path"]
    known = _GRADIOS.get("GET" if request.method == "HEAD" else request.method)
    if not _OURS.fullmatch(path) and not (known and known.fullmatch(path)):
        return problem(404, f"There is nothing at {request.method} {path}.")
    if access.is_open and not _is_local(request):
        return problem(403, "This server asks for no password: only pages and programs of this machine may use it.")
    if request.method not in _HARMLESS and not _is_from_here(request):
        return problem(403, "A page of another server may change nothing here.")
    if path.startswith(GUARDED) and not await run_in_threadpool(
        access.admits_header, request.headers.get("authorization")
    ):
        detail = "Send `Authorization: Bearer KEY`, or a name and password."
        return problem(401, detail, {"WWW-Authenticate": 'Basic realm="Pincite"'})
    if request.method == "POST" and _UPLOAD.fullmatch(path):
        return _upload_refusal(request, access, limits)
    if path.startswith(PATH):
        return None  # its library reads no more than 4 MiB, also where it is not said how much comes
    most = MOST_SAID if path.startswith("/v1/") else MOST_SENT
    return _size_refusal(request, most, f"at most {most:,} bytes")


def _upload_refusal(request: Request, access: Access, limits: Limits) -> Response | None:
    """Before anything of it is read."""
    if not access.may_add:
        return problem(403, "Nothing can be added here: the server was started without that right.")
    most = (limits.megabytes + 1) * MEGABYTE * MOST_FILES
    return _size_refusal(request, most, f"at most {MOST_FILES} files of {limits.megabytes} MB")


def _size_refusal(request: Request, most: int, words: str) -> Response | None:
    if "transfer-encoding" in request.headers:
        return problem(411, f"Say with Content-Length how much is sent: {words}.")
    size = request.headers.get("content-length", "0")
    if not size.isdecimal() or int(size) > most:
        return problem(413, f"What is sent has {size} bytes, which is too large: {words}.")
    return None


def _is_from_here(request: Request) -> bool:
    """Whether a request comes from a page of this server, or from no page: browsers send passwords along (CSRF)."""
    if request.headers.get("sec-fetch-site") == "same-origin":  # browsers alone say so, whatever name a proxy gives us
        return True
    origin = request.headers.get("origin")
    return origin is None or origin.partition("//")[2] == request.headers.get("host")


def _is_local(request: Request) -> bool:
    """Whether a request names this machine as its host, and comes from no page of another (DNS rebinding, CSRF)."""
    named = [f"//{request.headers.get('host', '')}", *filter(None, [request.headers.get("origin")])]
    try:
        return all(urlsplit(name).hostname in LOOPBACK for name in named)
    except ValueError:
        return False
