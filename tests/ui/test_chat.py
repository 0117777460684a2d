"""The chat as a process: it builds its library, answers over loopback, and opens no other connection."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from rag.ui.serve import _Server, filled
from rag.ui.uploads import Limits, arriving
from tests.ui.running import PATIENCE, chat, guarded


def ask(address: str, question: str, history: list[dict[str, str]]) -> dict[str, Any]:
    """What the HTTP API answers."""
    body = json.dumps({"question": question, "history": history}).encode()
    request = urllib.request.Request(f"{address}/v1/ask", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        found: dict[str, Any] = json.load(response)
        return found


def _by_tool(address: str) -> dict[str, Any]:
    """What a program is told that calls the tool for asking over HTTP."""
    from mcp import Client

    async def called() -> dict[str, Any]:
        async with Client(f"{address}/mcp") as client:
            result = await client.call_tool("ask", {"question": "When did the czars conquer Crimea?"})
            found: dict[str, Any] = json.loads(result.content[0].text)
            return found

    return asyncio.run(called())


@pytest.mark.filterwarnings("default")  # of the client that the test uses
def test_chat_builds_its_library_answers_programs_and_stays_on_the_machine(tmp_path: Path) -> None:
    log = tmp_path / "connections"
    forgotten = arriving(tmp_path / "library") / "ab" / "notes.txt"
    forgotten.parent.mkdir(parents=True)
    forgotten.write_text("Given to a server that was killed, and never read in.")
    os.utime(forgotten.parent, (0, 0))
    with chat(tmp_path / "library", log) as (address, said):
        assert not forgotten.exists()
        assert said[0].startswith("Building the library of the shipped corpus")
        answer = ask(address, "When did the czars conquer Crimea?", [])
        assert answer["citations"][0]["sentence"] == "The czars conquered Crimea in 1783."
        assert answer["citations"][0]["quote"] == "1783"
        refused = ask(address, "Who won the football world cup in 1998?", [])
        assert refused["refusal"] == "no passage holds an answer"
        assert refused["citations"] == []
        turn = {"question": answer["question"], "answer": answer["text"]}
        assert ask(address, "Who did that?", [turn])["read_as"]
        assert _by_tool(address)["text"] == "1783"
    assert not log.exists(), log.read_text()


def test_a_new_library_is_filled_and_one_that_was_emptied_is_not(tmp_path: Path) -> None:
    with filled(tmp_path) as library:
        (entry,) = library.documents()
        assert entry.title == "The January 2022 standoff over Ukraine"
        library.remove(entry.id)
    with filled(tmp_path) as library:
        assert library.documents() == []


def test_server_that_is_told_to_stop_reads_no_more_in_and_lets_what_is_at_work_end() -> None:
    limits = Limits()
    server = _Server(FastAPI(), limits, "127.0.0.1", 0, "", open_browser=False)
    for _ in range(2):
        server.handle_exit(signal.SIGINT, None)
        assert (limits.closing.is_set(), server.should_exit, server.force_exit) == (True, True, False)


def test_second_interrupt_ends_a_server_whose_threads_are_still_at_work() -> None:
    program = (
        "import signal, threading\n"
        "from rag.ui.serve import _interrupted\n"
        "signal.signal(signal.SIGINT, _interrupted)\n"
        f"threading.Thread(target=threading.Event().wait, args=({PATIENCE},)).start()\n"
        "try:\n    signal.raise_signal(signal.SIGINT)\n"
        "except KeyboardInterrupt:\n    print('down', flush=True)\n"
        "    signal.raise_signal(signal.SIGINT)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE / 2)
    assert (done.returncode, done.stdout, done.stderr) == (130, "down\n", "")


def test_index_and_ask_open_no_connection_beyond_loopback(tmp_path: Path) -> None:
    log = tmp_path / "connections"
    for arguments in (["index"], ["ask", "When did the czars conquer Crimea?"]):
        command = [sys.executable, "-m", "rag", *arguments, "--library", str(tmp_path / "library")]
        done = subprocess.run(command, capture_output=True, text=True, env=guarded(log))
        assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1783")
    assert not log.exists(), log.read_text()


def test_the_guard_refuses_and_notes_a_connection(tmp_path: Path) -> None:
    log = tmp_path / "connections"
    program = "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=3)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=guarded(log))
    assert done.returncode == 1
    assert "192.0.2.1" in log.read_text()
