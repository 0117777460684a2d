"""The HTTP API: what it answers, what it refuses, and that it keeps to its own schema."""

import hashlib
import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest
import schemathesis
from click import IntRange
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings

from rag import Assistant, Cutting, Library
from rag.cli import chat, main
from rag.embedding import Vectors
from rag.errors import FileError
from rag.fakes import NumberReader, WordEmbedder
from rag.loading import MAX_FILE_BYTES
from rag.reading import Span
from rag.record import FILE, Entry
from rag.ui.access import Access, access, hashed
from rag.ui.api import api
from rag.ui.metrics import Metrics
from rag.ui.problems import MEDIA_TYPE as PROBLEM
from rag.ui.uploads import (
    FOLDER,
    MEGABYTE,
    SECONDS_TO_ARRIVE,
    Limits,
    _lock_of,
    arriving,
    clear_arriving,
    drop,
    keep,
    safe_name,
)
from rag.values import Answer, Citation
from tests.ui.running import PATIENCE, Patient

HERE = "http://127.0.0.1:7860"


def serving(library: Library, access: Access, limits: Limits | None = None) -> FastAPI:
    """The application on a library, with a reader that answers with numbers."""
    return api(Assistant(library, NumberReader()), access, limits or Limits(), Metrics(library))


def upload(*names: str, data: bytes = b"words") -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("files", (name, data, "text/plain")) for name in names]


@pytest.fixture
def client(library: Library, tmp_path: Path) -> Iterator[TestClient]:
    """A server without a page, on a library of one document, that anybody may use."""
    (tmp_path / "a.txt").write_text("The bridge opened in 1932.")
    library.add(tmp_path / "a.txt")
    with TestClient(serving(library, Access()), base_url=HERE) as client:
        yield client


def test_ask_answers_as_the_library_does(client: TestClient, library: Library) -> None:
    got = client.post("/v1/ask", json={"question": "When did the bridge open?"}).json()
    wanted = Assistant(library, NumberReader()).ask("When did the bridge open?").to_dict()
    assert got.pop("timings").keys() == wanted.pop("timings").keys()
    wanted["citations"] = [{**one, "heading": list(one["heading"])} for one in wanted["citations"]]
    assert got == {**wanted, "alternatives": [], "nearest": []}


def test_stages_are_streamed_to_whoever_wants_them(client: TestClient, library: Library) -> None:
    stream = {"Accept": "text/event-stream"}
    done = client.post("/v1/ask", json={"question": "When did the bridge open?"}, headers=stream)
    assert done.headers["content-type"].startswith("text/event-stream")
    events = [event.split("\n") for event in done.text.strip().split("\n\n")]
    assert [name for name, _ in events] == ["event: stage", "event: stage", "event: answer"]
    assert events[0][1] == 'data: "finding passages"'
    assert json.loads(events[2][1].removeprefix("data: "))["text"] == "1932"
    assert client.post("/v1/ask", json={"question": "?" * 3000}, headers=stream).status_code == 422


class Failing(NumberReader):
    """A reader that nobody foresaw to fail."""

    def read(self, question: str, passages: Sequence[str]) -> list[Span]:
        raise RuntimeError("secret")


def test_whatever_fails_is_told_and_logged(library: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.txt").write_text("The bridge opened in 1932.")
    library.add(tmp_path / "a.txt")
    app = api(Assistant(library, Failing()), Access(), Limits(), Metrics(library))
    failing = TestClient(app, base_url=HERE, raise_server_exceptions=False)
    stream, question = {"Accept": "text/event-stream"}, {"question": "When did the bridge open?"}
    *_, last = failing.post("/v1/ask", json=question, headers=stream).text.strip().split("\n\n")
    assert last.startswith("event: problem\n")
    told = "Something went wrong in Pincite (RuntimeError); the server's log says more."
    assert json.loads(last.split("data: ")[1])["detail"] == told
    assert failing.post("/v1/ask", json=question).json()["detail"] == told
    assert "RuntimeError: secret" in caplog.text


def test_ask_takes_history_every_k_and_threshold(client: TestClient) -> None:
    body = {"question": "bridge", "every": True, "k": 3, "threshold": 0.1}
    assert client.post("/v1/ask", json=body).json()["values"][0]["normalized"] == "number 1932"
    body = {"question": "When did it open?", "history": [{"question": "What about the bridge?", "answer": ""}]}
    assert "bridge" in client.post("/v1/ask", json=body).json()["read_as"]
    refused = client.post("/v1/ask", json={"question": "bridge", "threshold": 0.9}).json()
    assert (refused["text"], refused["refusal"]) == ("", "the best answer is below the threshold")


def test_search_documents_and_passages(client: TestClient) -> None:
    (found,) = client.post("/v1/search", json={"query": "bridge", "mode": "lexical"}).json()
    assert (found["quote"], found["start"]) == ("The bridge opened in 1932.", 0)
    (entry,) = client.get("/v1/documents").json()
    (passage,) = client.get(f"/v1/documents/{entry['id']}/passages").json()
    assert (passage["start"], passage["end"], passage["text"]) == (0, 26, "The bridge opened in 1932.")


def test_documents_are_added_and_removed(client: TestClient, library: Library) -> None:
    files = [
        ("files", ("../../b.txt", b"The mill has 7 wheels.", "text/plain")),
        ("files", ("c.exe", b"MZ", "application/octet-stream")),
        ("files", ("d.pdf", b"%PDF-broken", "application/pdf")),
    ]
    done = client.post("/v1/documents", files=files)
    assert (done.status_code, done.json()["added"]) == (201, ["../../b.txt"])
    assert [one["source"] for one in done.json()["failed"]] == ["c.exe", "d.pdf"]
    kept = [path.relative_to(library.folder) for path in library.folder.rglob("*") if path.suffix in (".txt", ".pdf")]
    assert [path.parts[0] for path in kept] == ["uploads"]
    assert client.post("/v1/ask", json={"question": "wheels mill"}).json()["text"] == "7"
    entry = next(e for e in client.get("/v1/documents").json() if e["title"] == "b")
    assert client.delete(f"/v1/documents/{entry['id']}").json()["id"] == entry["id"]
    assert not list((library.folder / "uploads").rglob("*.txt"))
    assert client.post("/v1/ask", json={"question": "wheels mill"}).json()["text"] != "7"


def test_what_was_stored_is_told_for_each_file_that_was_added(client: TestClient) -> None:
    names = ["../../é ö.md", "a.exe", "a:b?.md"]
    done = client.post("/v1/documents", files=upload(*names)).json()
    assert done["added"] == [names[0], names[2]]
    assert [entry["source"] for entry in done["documents"]] == ["é ö.md", "a_b_.md"]
    listed = client.get("/v1/documents").json()
    assert all(entry in listed for entry in done["documents"])
    again = client.post("/v1/documents", files=upload(names[0])).json()
    assert again["documents"] == done["documents"][:1]
    changed = client.post("/v1/documents", files=upload(names[0], data=b"other words")).json()["documents"]
    assert [entry["source"] for entry in client.get("/v1/documents").json()].count("é ö.md") == 2
    assert client.delete(f"/v1/documents/{changed[0]['id']}").json() == changed[0]


@pytest.mark.parametrize("name", ["id", "source", "location"])
def test_file_that_was_given_goes_with_its_document_whichever_name_removed_it(
    client: TestClient, library: Library, tmp_path: Path, name: str
) -> None:
    assert client.post("/v1/documents", files=upload("notes.md")).status_code == 201
    entry = next(e for e in library.documents() if e.source == "notes.md")
    assert drop(library, str(getattr(entry, name))) == entry
    assert not Path(entry.location).exists()
    client.post("/v1/documents", files=upload("notes.md"))
    assert client.delete("/v1/documents/notes.md").json()["id"] == entry.id
    assert not list((library.folder / "uploads").rglob("*.md"))
    drop(library, str(tmp_path / "a.txt"))
    assert (tmp_path / "a.txt").exists()  # it was not given, only read


def test_command_line_takes_the_given_file_away_too(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        keep(library, "notes.md", b"The bridge opened in 1932.", Limits())
    done = CliRunner().invoke(main, ["remove", "notes.md", "--library", str(tmp_path / "library")])
    assert done.output == "Removed notes (notes.md), 1 passages.\n"
    assert not list((tmp_path / "library" / "uploads").rglob("*.md"))


def test_file_that_is_given_again_while_its_document_is_removed_stays(library: Library) -> None:
    keep(library, "a.txt", b"words", Limits())
    (entry,) = library.documents()
    with ThreadPoolExecutor(1) as aside:
        with _lock_of(Path(entry.location)):  # as while it is read in
            removing = aside.submit(drop, library, entry.id)
            until = time.monotonic() + PATIENCE
            while library.documents():
                assert time.monotonic() < until
            library.add(entry.location)
        assert removing.result() == entry
    assert [one.id for one in library.documents()] == [entry.id]
    assert Path(entry.location).exists()


def test_question_that_is_still_at_work_when_the_server_stops_is_a_problem_that_says_so(
    library: Library, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("The bridge opened in 1932.")
    library.add(tmp_path / "a.txt")
    reader, limits = Patient(), Limits()
    app = api(Assistant(library, reader), Access(), limits, Metrics(library))
    with TestClient(app, base_url=HERE) as client, ThreadPoolExecutor(1) as aside:
        asking = aside.submit(client.post, "/v1/ask", json={"question": "When did the bridge open?"})
        with pytest.raises(TimeoutError):
            asking.result(timeout=1)
        limits.closing.set()
        try:
            done = asking.result(timeout=PATIENCE / 2)
        finally:
            reader.may_go_on.set()
    assert (done.status_code, done.headers["content-type"]) == (503, PROBLEM)
    assert done.json()["detail"] == "The server is being stopped. Try again later."


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        ("POST", "/v1/ask", {}, 422, "body.question: Field required"),
        ("POST", "/v1/ask", {"question": "  "}, 422, "body.question"),
        ("POST", "/v1/ask", {"question": "Who?", "k": 0}, 422, "body.k"),
        ("POST", "/v1/ask", {"question": "Who?", "k": "five"}, 422, "body.k"),
        ("POST", "/v1/ask", {"question": "Who?", "threshold": 2}, 422, "body.threshold"),
        ("POST", "/v1/ask", {"question": "Who?", "mood": "good"}, 422, "body.mood"),
        ("POST", "/v1/ask", {"question": "\ud800"}, 422, ""),
        ("POST", "/v1/search", {"query": "x", "mode": "fuzzy"}, 422, "body.mode"),
        ("GET", "/v1/documents/none/passages", None, 404, "No document has the id 'none'"),
        ("DELETE", "/v1/documents/none", None, 404, "No document has"),
        ("GET", "/v1/nothing", None, 404, "There is nothing at GET /v1/nothing"),
        ("PUT", "/v1/ask", {}, 405, "takes POST"),
    ],
)
def test_what_cannot_be_done_is_a_problem_that_says_why(
    client: TestClient, method: str, path: str, body: dict[str, object] | None, status: int, detail: str
) -> None:
    import json

    content = None if body is None else json.dumps(body).encode()
    answer = client.request(method, path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["status"] == status
    assert detail in answer.json()["detail"]


def test_metrics_count_questions_refusals_and_the_library(client: TestClient) -> None:
    client.post("/v1/ask", json={"question": "When did the bridge open?"})
    client.post("/v1/ask", json={"question": "Sunk?"})
    text = client.get("/metrics").text
    assert "pincite_questions_total 2.0" in text
    assert 'pincite_refusals_total{reason="no passage holds an answer"} 1.0' in text
    assert 'pincite_seconds_count{stage="read"} 2.0' in text
    assert "pincite_documents 1.0" in text


def test_health_says_why_nothing_can_be_answered_as_a_question_does(client: TestClient, library: Library) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    Library.rebuild(library.folder, embedder=WordEmbedder(), cutting=Cutting(budget=50))
    stream = {"Accept": "text/event-stream"}
    for way_in in (
        client.get("/health"),
        client.post("/v1/ask", json={"question": "When did the bridge open?"}),
    ):
        assert (way_in.status_code, way_in.headers["content-type"]) == (503, PROBLEM)
        assert "was built again with other settings" in way_in.json()["detail"]
        assert "started again" in way_in.json()["detail"]
    told = client.post("/v1/ask", json={"question": "When did the bridge open?"}, headers=stream).text
    assert "event: problem" in told
    assert "started again" in told


def test_health_finds_the_damage_that_a_question_meets(client: TestClient, library: Library) -> None:
    with closing(sqlite3.connect(library.folder / FILE)) as connection:
        connection.execute("DELETE FROM words_data")
        connection.commit()
    for way_in in (client.get("/health"), client.post("/v1/ask", json={"question": "When did the bridge open?"})):
        assert (way_in.status_code, way_in.headers["content-type"]) == (503, PROBLEM)
        assert "is damaged" in way_in.json()["detail"]
        assert "Put back a copy" in way_in.json()["detail"]


def test_every_response_forbids_what_comes_from_outside(client: TestClient) -> None:
    for path in ("/health", "/docs", "/v1/documents"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "cdn" not in client.get("/docs").text


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_a_page_from_elsewhere_cannot_use_an_open_server(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/v1/documents", headers=headers).status_code == 403
    assert client.post("/v1/documents", files=upload("b.txt"), headers=headers).status_code == 403
    assert len(client.get("/v1/documents", headers={"Origin": "http://localhost:7860"}).json()) == 1


def test_a_page_of_another_server_changes_nothing_with_a_password_that_the_browser_remembers(library: Library) -> None:
    client = TestClient(serving(library, access(["ada:lovelace"], [])), base_url=HERE)
    for origin, status in ((HERE, 200), ("https://evil.example", 403), ("null", 403), (f"{HERE}0", 403)):
        asked = client.post(
            "/v1/search", json={"query": "bridge"}, auth=("ada", "lovelace"), headers={"Origin": origin}
        )
        assert asked.status_code == status


def test_keys_and_passwords_guard_the_api(library: Library) -> None:
    guard = access(["ada:lovelace", f"bob:{hashed('builder')}"], ["k3y"])
    client = TestClient(serving(library, guard))
    assert client.get("/health").status_code == 200
    refused = client.get("/v1/documents")
    assert (refused.status_code, refused.headers["content-type"]) == (401, PROBLEM)
    for auth in (("ada", "lovelace"), ("bob", "builder")):
        assert client.get("/v1/documents", auth=auth).status_code == 200
    for auth in (("ada", "builder"), ("bob", "lovelace"), ("eve", ""), ("", "")):
        assert client.get("/v1/documents", auth=auth).status_code == 401
    assert client.get("/metrics").status_code == 401
    for key, status in (("k3y", 200), ("other", 401), ("", 401)):
        assert client.get("/v1/documents", headers={"Authorization": f"Bearer {key}"}).status_code == status
    for header in ("Basic !!!", "Basic", "Nonsense k3y"):
        assert client.get("/v1/documents", headers={"Authorization": header}).status_code == 401
    assert client.post("/v1/documents", files=upload("b.txt")).status_code == 401
    assert client.delete("/v1/documents/x").status_code == 401


@pytest.mark.parametrize("may_add", [True, False])
@pytest.mark.parametrize("may_remove", [True, False])
def test_to_add_and_to_remove_are_two_rights(library: Library, may_add: bool, may_remove: bool) -> None:
    keep(library, "a.txt", b"The bridge opened in 1932.", Limits())
    (entry,) = library.documents()
    client = TestClient(serving(library, access([], ["k3y"], may_add=may_add, may_remove=may_remove)))
    client.headers["Authorization"] = "Bearer k3y"
    answer = client.post("/v1/documents", files=upload("b.txt"))
    assert answer.status_code == (201 if may_add else 403)
    if not may_add:
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["detail"] == "Nothing can be added here: the server was started without that right."
    answer = client.delete(f"/v1/documents/{entry.id}")
    assert answer.status_code == (200 if may_remove else 403)
    if not may_remove:
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["detail"] == "Nothing can be removed here: the server was started without that right."
    left = ["a"] * (not may_remove) + ["b"] * may_add
    assert sorted(one.title for one in library.documents()) == left
    assert client.post("/v1/ask", json={"question": "When?"}).status_code == 200


def test_file_above_the_limit_is_told_by_name_and_the_others_are_read(library: Library) -> None:
    client = TestClient(serving(library, Access(), Limits(megabytes=1)), base_url=HERE)
    just, over = b"word " * 200_000, b"word " * 200_000 + b"."
    done = client.post("/v1/documents", files=[*upload("over.txt", data=over), *upload("just.txt", data=just)])
    assert (done.status_code, done.json()["added"]) == (201, ["just.txt"])
    assert done.json()["failed"] == [{"source": "over.txt", "reason": "it is larger than the 1 MB that are taken"}]
    assert [path.name for path in library.folder.rglob("*.txt")] == ["just.txt"]


def test_file_that_cannot_be_stored_is_told_by_name_and_the_others_are_read(library: Library) -> None:
    (library.folder / FOLDER).mkdir()
    (library.folder / FOLDER / hashlib.sha256(b"two").hexdigest()[:16]).touch()  # where its folder should be
    client = TestClient(serving(library, Access()), base_url=HERE)
    files = [*upload("a.txt", data=b"one"), *upload("b.txt", data=b"two"), *upload("c.txt", data=b"three")]
    done = client.post("/v1/documents", files=files)
    assert (done.status_code, done.json()["added"]) == (201, ["a.txt", "c.txt"])
    (failed,) = done.json()["failed"]
    assert failed["source"] == "b.txt"
    assert failed["reason"].startswith(f"Cannot store 'b.txt' in '{library.folder / FOLDER}")
    assert "File exists. See whether there is room" in failed["reason"]


def test_upload_of_which_nothing_could_be_added_though_the_files_are_fine_is_a_problem(library: Library) -> None:
    client = TestClient(serving(library, Access()), base_url=HERE)
    Library.rebuild(library.folder, embedder=WordEmbedder(), cutting=Cutting(budget=50))
    done = client.post("/v1/documents", files=upload("d.txt", "e.exe"))
    assert (done.status_code, done.headers["content-type"]) == (503, PROBLEM)
    assert "built again with other settings" in done.json()["detail"]
    assert done.json()["detail"].endswith("A server does so when it is started again.")
    assert client.post("/v1/documents", files=upload("e.exe")).status_code == 201


def test_full_disk_is_a_problem_that_names_the_folder_and_leaves_nothing(library: Library) -> None:
    resource = pytest.importorskip("resource")
    client = TestClient(serving(library, Access()), base_url=HERE)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    data = b"word " * 20_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(data) // 2, unlimited[1]))
    try:
        done = client.post("/v1/documents", files=upload("a.txt", data=data))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert (done.status_code, done.headers["content-type"]) == (503, PROBLEM)
    assert f"Cannot store 'a.txt' in '{library.folder / FOLDER}" in done.json()["detail"]
    assert "See whether there is room" in done.json()["detail"]
    assert list((library.folder / FOLDER).iterdir()) == []
    assert client.post("/v1/documents", files=upload("a.txt", data=data)).json()["added"] == ["a.txt"]


def test_file_that_was_cut_short_by_a_kill_is_stored_whole(library: Library) -> None:
    path = library.folder / FOLDER / hashlib.sha256(b"words").hexdigest()[:16] / "a.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"wo")
    keep(library, "a.txt", b"words", Limits())
    assert path.read_bytes() == b"words"


def test_file_that_is_read_in_while_the_server_stops_is_left_out_and_a_problem_says_so(library: Library) -> None:
    limits = Limits()

    class Closing(WordEmbedder):
        """The server is told to stop while this works."""

        def embed(self, texts: Sequence[str]) -> Vectors:
            limits.closing.set()
            return super().embed(texts)

    with Library.open(library.folder, embedder=Closing()) as closing:
        client = TestClient(serving(closing, Access(), limits), base_url=HERE)
        for name in ("a.txt", "b.txt"):
            done = client.post("/v1/documents", files=upload(name))
            assert (done.status_code, done.headers["content-type"]) == (503, PROBLEM)
            assert done.json()["detail"].startswith("The server is being stopped")
    assert library.documents() == []
    assert list((library.folder / FOLDER).iterdir()) == []


def test_file_that_is_not_read_in_leaves_nothing(library: Library) -> None:
    with pytest.raises(FileError, match="the PDF is broken"):
        keep(library, "a.pdf", b"%PDF-broken", Limits())
    keep(library, "a.txt", b"words", Limits())
    keep(library, "b.txt", b"words", Limits())
    for entry in library.documents():
        assert Path(entry.location).exists()
        drop(library, entry.id)
    assert list((library.folder / FOLDER).iterdir()) == []


def test_what_arrives_is_not_read_by_others_and_goes_after_a_day(library: Library, tmp_path: Path) -> None:
    clear_arriving(library.folder)  # nothing has come yet
    old, new = arriving(library.folder) / "a" / "old.txt", arriving(library.folder) / "b" / "new.txt"
    part = arriving(library.folder) / "tmp123"  # of an upload that broke off
    for path in (old, new, part):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("words")
    assert library.sync(tmp_path).added == ()
    for path in (old.parent, part):
        os.utime(path, (0, time.time() - SECONDS_TO_ARRIVE - 1))
    clear_arriving(library.folder)
    assert [path for path in arriving(library.folder).rglob("*") if path.is_file()] == [new]


def test_library_that_is_full_takes_no_more_and_names_what_it_did_not_take(library: Library) -> None:
    client = TestClient(serving(library, Access(), Limits(documents=2)), base_url=HERE)
    done = client.post("/v1/documents", files=upload("a.txt", "b.txt", "c.txt"))
    reason = "the library holds 2 documents, and no more are taken; remove some"
    assert done.json()["added"] == ["a.txt", "b.txt"]
    assert done.json()["failed"] == [{"source": "c.txt", "reason": reason}]
    first = client.get("/v1/documents").json()[0]["id"]
    assert client.delete(f"/v1/documents/{first}").status_code == 200
    again = client.post("/v1/documents", files=upload("c.txt")).json()
    assert (again["added"], again["failed"]) == (["c.txt"], [])


def test_a_document_is_removed_while_another_is_read_in(client: TestClient, library: Library) -> None:
    client.post("/v1/documents", files=upload("busy.txt"))
    kept = {entry.source: entry for entry in library.documents()}
    with _lock_of(Path(kept["busy.txt"].location)):  # as while it is read in
        other = next(entry for name, entry in kept.items() if name != "busy.txt")
        assert client.delete(f"/v1/documents/{other.id}").status_code == 200
    assert [entry.source for entry in library.documents()] == ["busy.txt"]


@pytest.mark.parametrize(
    ("may_add", "may_remove", "may_judge"),
    [(True, True, True), (True, False, True), (False, True, True), (False, False, False)],
)
def test_answers_are_judged_by_who_may_change_what_the_library_holds(
    may_add: bool, may_remove: bool, may_judge: bool
) -> None:
    assert access([], [], may_add=may_add, may_remove=may_remove).may_judge is may_judge


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Windows\\a.md", "a.md"),
        ("a\x00b\u202e.txt", "a_b_.txt"),
        ("..", "file"),
        (".txt", "file.txt"),
        ("x" * 500 + ".pdf", "x" * 120 + ".pdf"),
        ("Grüße (1).md", "Grüße (1).md"),
        ("史" * 120 + ".txt", "史" * 40 + ".txt"),
        ("हिन्दी रिपोर्ट.pdf", "हिन्दी रिपोर्ट.pdf"),
        ("รายงานประจําปี.pdf", "รายงานประจําปี.pdf"),
        ("x\u0323\u0302?*<b>.txt", "x\u0323\u0302_b_.txt"),
        ("CON.txt", "_CON.txt"),
        ("nul.pdf", "_nul.pdf"),
        ("Com¹.tar.md", "_Com1.tar.md"),
        ("lpt9 .txt", "_lpt9 .txt"),
        ("aux", "_aux"),
        ("console.txt", "console.txt"),
        ("com10.txt", "com10.txt"),
    ],
)
def test_names_of_uploads_cannot_lead_elsewhere(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_broken_auth_is_an_error(tmp_path: Path) -> None:
    from rag.errors import PinciteError

    (tmp_path / "people").write_text("ada:lovelace\n\nbob:builder\n")
    assert set(access([str(tmp_path / "people")], []).people) == {"ada", "bob"}
    with pytest.raises(PinciteError, match="user:password"):
        access(["ada"], [])
    with pytest.raises(PinciteError, match="hash of 'bob' is cut short"):
        access([f"bob:{hashed('builder')[:-1]}"], [])
    (tmp_path / "people").write_bytes(b"j\xf6rg:secret\n")
    with pytest.raises(PinciteError, match=r"Cannot read '.*people'.* in UTF-8"):
        access([str(tmp_path / "people")], [])


def test_the_largest_file_is_one_that_is_read_at_all() -> None:
    largest = next(option for option in chat.params if option.name == "max_file").type
    assert isinstance(largest, IntRange)
    assert largest.max == MAX_FILE_BYTES // MEGABYTE


def test_without_their_package_the_tools_say_what_they_need(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.transport_security", None)
    with TestClient(serving(library, Access()), base_url=HERE) as client:
        missing = client.post("/mcp")
    assert (missing.status_code, "pincite[mcp]" in missing.json()["detail"]) == (404, True)


def test_schema_names_keys_and_passwords_where_they_are_asked_for(library: Library) -> None:
    for guard, names in (
        (Access(), []),
        (access([], ["k3y"]), ["key"]),
        (access(["ada:lovelace"], ["k3y"]), ["key", "password"]),
    ):
        schema = serving(library, guard).openapi()
        schemes = schema["components"].get("securitySchemes", {})
        assert {name: scheme["scheme"] for name, scheme in schemes.items()} == {
            name: {"key": "bearer", "password": "basic"}[name] for name in names
        }
        asked = [{name: []} for name in names]
        for path in ("/v1/ask", "/v1/documents", "/metrics"):
            assert all(operation.get("security", []) == asked for operation in schema["paths"][path].values())
        assert "security" not in schema["paths"]["/health"]["get"]


@pytest.mark.filterwarnings("ignore")  # of the tool that the test uses
def test_schema_describes_answers_documents_and_problems(client: TestClient) -> None:
    app = client.app
    assert isinstance(app, FastAPI)
    schema = schemathesis.openapi.from_dict(app.openapi())
    described = app.openapi()["components"]["schemas"]
    assert set(described["Answer"]["required"]) == {field.name for field in fields(Answer)}
    assert set(described["Citation"]["required"]) == {field.name for field in fields(Citation)}
    assert set(described["Entry"]["required"]) == {field.name for field in fields(Entry)} - {"location"}
    for path, body in (
        ("/v1/ask", {"question": "When did the bridge open?"}),
        ("/v1/ask", {"question": "bridge", "every": True}),
        ("/v1/ask", {"question": "Sunk?"}),
        ("/v1/search", {"query": "bridge"}),
    ):
        schema[path]["POST"].validate_response(client.post(path, json=body))
    schema["/v1/documents"]["POST"].validate_response(client.post("/v1/documents", files=upload("b.txt", "c.exe")))
    schema["/v1/documents"]["GET"].validate_response(client.get("/v1/documents"))
    answers = app.openapi()["paths"]["/v1/ask"]["post"]["responses"]
    assert {"411", "503"} <= answers.keys()
    assert [list(one["content"]) for status, one in answers.items() if status != "200"] == [[PROBLEM]] * (
        len(answers) - 1
    )


@pytest.mark.filterwarnings("ignore")  # of the tool that the test uses
def test_the_api_keeps_to_its_own_schema(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The bridge opened in 1932.")
    library.add(tmp_path / "a.txt")
    app = serving(library, access([], ["k3y"]))
    key = {"Authorization": "Bearer k3y"}
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=key)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert {operation.path for operation in operations} >= {"/v1/ask", "/v1/search", "/v1/documents", "/health"}
    for operation in operations:

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy())
        def keeps(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=key)

        keeps()
