"""Starts the chat: builds the library on first use, loads the models, serves the page."""

import errno
import os
import socket
import sys
import webbrowser
from contextlib import closing
from pathlib import Path

import click

from rag.assistant import Assistant
from rag.corpora import shipped_corpus
from rag.errors import PinciteError
from rag.library import Library

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORTS_TRIED = 100
WAITING_AT_MOST = 64  # questions in the queue
EXAMPLES = {  # by the sha256 of the document that they are about
    "8f5aeb6c2660b4027d23d8b11bb7fdfaf10d09d697f3aa28dfa59b538474a028": [
        "How many soldiers does the United States keep in Europe?",
        "Who is the President of France?",
        "When did the Geneva meetings close?",
    ]
}


def serve(folder: Path, *, host: str, port: int, open_browser: bool) -> None:
    """Serve the page for the library in a folder until it is stopped.

    A library that is not there is built from the shipped corpus. Raises PinciteError when the port or the next 99
    are taken.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    port = _free_port(host, port)
    with _library(folder) as library:
        entries = library.documents()
        _say(f"The library in {folder} holds {len(entries):,} documents.")
        _say("Loading the models and the page (about ten seconds) …")
        assistant = Assistant(library)
        assistant.warm()
        from .page import STYLE, page

        examples = [question for entry in entries for question in EXAMPLES.get(entry.sha256, ())]
        blocks = page(assistant, examples)
        if host not in LOOPBACK:
            _say(f"Warning: whoever reaches {host} can ask and read everything in this library; there is no password.")
        blocks.queue(max_size=WAITING_AT_MOST).launch(
            server_name=host,
            server_port=port,
            share=False,
            ssr_mode=False,
            quiet=True,
            footer_links=[],
            css_paths=STYLE,
            prevent_thread_lock=True,
        )
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        _say(f"Ready: {address}   (Ctrl+C stops it)")
        if open_browser:
            webbrowser.open(address)
        blocks.block_thread()


def _library(folder: Path) -> Library:
    """The library, with the shipped corpus in it when there is nothing else, as after a first start cut short."""
    library = Library.open(folder)
    if not library.documents():
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
