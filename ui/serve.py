"""Starts the chat: builds the library on first use, loads the models, serves the page."""

import errno
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click
import uvicorn
from starlette.concurrency import run_in_threadpool

from rag.assistant import Assistant
from rag.corpora import shipped_corpus
from rag.errors import PinciteError
from rag.library import Library

from .access import LOOPBACK, Access
from .examples import Examples
from .metrics import Metrics
from .uploads import Limits, arriving, clear_arriving

if TYPE_CHECKING:
    from fastapi import FastAPI

PORTS_TRIED = 100
WAITING_AT_MOST = 64  # questions in the queue
SESSIONS = 200  # whose conversations the server holds; older ones come back from their browsers
SECONDS_KEPT = 75  # an idle connection; clients close theirs earlier, so that no question meets one that is closing
SECONDS_TO_STOP = 3  # for answers on their way; an open page would hold the server for ever


def serve(folder: Path, access: Access, limits: Limits, *, host: str, port: int, open_browser: bool) -> None:
    """Serve page and HTTP API for the library in a folder until it is stopped.

    A library that is not there is built from the shipped corpus. Raises PinciteError when the port or the next 99
    are taken, and when others could reach a server that asks for no password.
    """
    if host not in LOOPBACK and access.is_open:
        raise PinciteError(
            f"Whoever reaches {host} could ask and read everything in this library. Set a password with "
            "`--auth user:password`, or a key for programs with `--api-key KEY`, or listen on 127.0.0.1."
        )
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # these are read when gradio is imported
    os.environ["GRADIO_TEMP_DIR"] = str(arriving(folder))
    clear_arriving(folder)
    port = _free_port(host, port)
    with filled(folder) as library:
        _say(f"The library in {folder} holds {len(library.documents()):,} documents.")
        _say("Loading the models and the page (about ten seconds) …")
        assistant = Assistant(library)
        assistant.warm()
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        server = _Server(application(assistant, access, limits), limits, host, port, address, open_browser)
        if threading.current_thread() is threading.main_thread():  # no other takes signals
            signal.signal(signal.SIGINT, _interrupted)
        server.run()


def application(assistant: Assistant, access: Access, limits: Limits) -> "FastAPI":
    """The HTTP API with the page on it. With keys only, and no passwords, there is no page."""
    import gradio as gr

    from .api import api
    from .page import STYLE, page

    metrics = Metrics(assistant.library)
    app = api(assistant, access, limits, metrics)
    if access.keys and not access.people:
        return app
    offered = Examples(assistant)
    offered.find()
    blocks = page(assistant, access, limits, offered, metrics.answered).queue(max_size=WAITING_AT_MOST)
    blocks.state_session_capacity = SESSIONS
    font = gr.themes.LocalFont("Source Sans Pro", weights=(400, 700))  # of weight 600 Gradio has only a few letters
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        blocks,
        path="",
        auth=_asynchronous(access) if access.people else None,
        ssr_mode=False,
        footer_links=[],
        theme=gr.themes.Default(font=(font, "ui-sans-serif", "system-ui", "sans-serif")),
        css_paths=STYLE,
        show_error=True,
        run_history=False,
        max_file_size=limits.bytes,
    )
    blocks.has_launched = True  # or Gradio would let the page name any file of the machine as given to it
    return mounted


def _asynchronous(access: Access) -> Callable[[str, str], Awaitable[bool]]:
    """Passwords are compared beside the event loop, as that takes long on purpose."""

    async def admits(user: str, password: str) -> bool:
        return await run_in_threadpool(access.admits, user, password)

    return admits


def _interrupted(*_: object) -> None:
    """Ctrl+C once the server is down. A further one ends the process at once, whatever its threads are doing."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    raise KeyboardInterrupt


class _Server(uvicorn.Server):
    """Says when it is ready. As soon as it is told to stop, no file is read in any more."""

    def __init__(self, app: "FastAPI", limits: Limits, host: str, port: int, address: str, open_browser: bool):
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=SECONDS_TO_STOP,
            timeout_keep_alive=SECONDS_KEPT,
        )
        super().__init__(config)
        self._limits, self._address, self._open_browser = limits, address, open_browser

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._limits.closing.set()
        if not self.should_exit:  # a second Ctrl+C would break off what has seconds to end in
            super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            _say(f"Ready: {self._address}   (API: {self._address}/docs; Ctrl+C stops it)")
            if self._open_browser:
                webbrowser.open(self._address)


def filled(folder: Path) -> Library:
    """The library, with the shipped corpus in it when it never held anything, as after a first start cut short."""
    library = Library.open(folder)
    with library.view() as view:
        is_new = view.generation == 0
    if is_new:
        _say(f"Building the library of the shipped corpus in {folder} (first use only) …")
        library.add(shipped_corpus(), progress=sys.stderr.isatty())
    return library


def _free_port(host: str, port: int) -> int:
    for candidate in range(port, min(port + PORTS_TRIED, 65536)):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with closing(socket.socket(family)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
                return candidate
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise PinciteError(f"Cannot listen on {host!r}: {error.strerror}. Try --host 127.0.0.1.") from error
    raise PinciteError(
        f"The ports {port} to {port + PORTS_TRIED - 1} of {host} are all taken. Name another with --port."
    )


def _say(text: str) -> None:
    click.echo(text, err=True)
