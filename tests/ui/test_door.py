"""What comes in: of Gradio's server only what the page uses, no file that was not given, nothing from elsewhere."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from rag import Assistant, Library
from rag.errors import PinciteError
from rag.fakes import NumberReader
from rag.ui.access import Access, access
from rag.ui.door import MOST_SENT
from rag.ui.page.conversation import LARGEST_KEPT, Exchange, kept
from rag.ui.serve import application
from rag.ui.tools import LONGEST
from rag.ui.uploads import Limits

HERE = "http://127.0.0.1:7860"
SECRET = "the password is swordfish"

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("own_loop")]  # for the server's parts


@pytest.fixture
def arriving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "arriving"))
    return tmp_path / "arriving"


@pytest.fixture
def client(library: Library, arriving: Path) -> Iterator[TestClient]:
    """The whole server, page and all, that anybody on this machine may use."""
    with TestClient(application(Assistant(library, NumberReader()), Access(), Limits()), base_url=HERE) as client:
        yield client


@pytest.mark.parametrize("meta", [{"meta": {"_type": "gradio.FileData"}}, {}])
def test_no_file_can_be_named_that_was_not_given(
    client: TestClient, arriving: Path, tmp_path: Path, library: Library, meta: dict[str, object]
) -> None:
    (tmp_path / "people.txt").write_text(SECRET)
    file = {"path": str(tmp_path / "people.txt"), "orig_name": "people.txt", **meta}
    config = client.get("/config").json()
    kinds = {component["id"]: component["type"] for component in config["components"]}
    asked = 0
    for number, dependency in enumerate(config["dependencies"]):
        if dependency["backend_fn"]:
            data = [[file] if kinds[one] == "file" else file for one in dependency["inputs"]]
            body = {"fn_index": number, "data": data, "session_hash": f"s{number}", "event_data": file}
            assert client.post("/gradio_api/queue/join", json=body).status_code == 200
            with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": f"s{number}"}) as told:
                lines = [line for line in told.iter_lines() if line]
            assert any("process_completed" in line for line in lines)
            assert SECRET not in json.dumps(lines)
            asked += 1
    assert asked >= 8
    assert [path for path in arriving.rglob("*") if path.is_file() and SECRET in path.read_text(errors="replace")] == []
    assert library.documents() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/file=https://192.0.2.1/x"),
        ("GET", "/gradio_api/file=/etc/hostname"),
        ("GET", "/gradio_api/proxy=https://192.0.2.1/x"),
        ("GET", "/gradio_api/runs"),
        ("POST", "/gradio_api/run-history/connect"),
        ("GET", "/gradio_api/info"),
        ("POST", "/gradio_api/run/predict"),
        ("POST", "/gradio_api/vibe-edit"),
        ("GET", "/monitoring"),
        ("GET", "/nothing"),
        ("GET", "/v1/nothing"),
        ("PATCH", "/"),
    ],
)
def test_what_the_page_does_not_use_is_not_there(client: TestClient, method: str, path: str) -> None:
    done = client.request(method, path)
    assert done.status_code == 404
    assert done.headers["content-type"] == "application/problem+json"


def test_wrong_methods_are_named(client: TestClient) -> None:
    done = client.put("/v1/ask", json={})
    assert done.status_code == 405
    assert done.headers["allow"] == "POST"
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("OPTIONS", "/v1/ask", 405, "POST"),
        ("HEAD", "/v1/ask", 405, "POST"),
        ("TRACE", "/v1/ask", 405, "POST"),
        ("POST", "/health", 405, "GET, HEAD"),
        ("OPTIONS", "/health", 405, "GET, HEAD"),
        ("DELETE", "/metrics", 405, "GET, HEAD"),
        ("PUT", "/openapi.json", 405, "GET, HEAD"),
        ("POST", "/docs", 405, "GET, HEAD"),
        ("GET", "/docs/x", 404, None),
        ("OPTIONS", "/v1/nothing", 404, None),
        ("GET", "/static-offline-docs/nothing", 404, None),
    ],
)
def test_what_cannot_be_done_on_the_ways_of_the_api_is_a_problem_beside_the_page_too(
    client: TestClient, method: str, path: str, status: int, allow: str | None
) -> None:
    done = client.request(method, path)
    assert (done.status_code, done.headers["content-type"]) == (status, "application/problem+json")
    assert done.headers.get("allow") == allow


@pytest.mark.parametrize("path", ["/health", "/metrics", "/v1/documents", "/docs", "/openapi.json"])
def test_what_can_be_got_has_a_head(client: TestClient, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.status_code == got.status_code == 200
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("headers", [{"Host": "x?"}, {"Host": "[::1"}, {"Host": ""}, {"Origin": "http://["}])
def test_broken_hosts_are_nobody(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/v1/documents", headers=headers).status_code == 403


def test_what_does_not_say_how_large_it_is_is_not_read(client: TestClient) -> None:
    for path in ("/v1/documents", "/v1/ask", "/gradio_api/upload"):
        assert client.post(path, content=iter([b"x" * 10])).status_code == 411
    assert client.post("/v1/ask", content=b" " * 1_000_001).status_code == 413


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/cancel", "/gradio_api/reset", "/login"])
def test_nobody_fills_the_memory_with_what_the_page_never_sends(library: Library, arriving: Path, path: str) -> None:
    app = application(Assistant(library, NumberReader()), access(["ada:lovelace"], []), Limits())
    with TestClient(app, base_url=HERE) as client:
        client.headers["Content-Type"] = "application/json"
        assert client.post(path, headers={"Content-Length": str(MOST_SENT + 1)}).status_code == 413
        assert client.post(path, content=iter([b"x" * 10])).status_code == 411


def test_tools_read_no_more_than_their_library_does_however_it_is_sent(client: TestClient) -> None:
    client.headers.update({"Accept": "application/json, text/event-stream", "Content-Type": "application/json"})
    ping = b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}'
    assert client.post("/mcp", content=iter([ping])).status_code == 200
    assert client.post("/mcp", content=iter([b" " * 3_000_000, b" " * 3_000_000])).status_code == 413


@pytest.mark.parametrize("character", ["a", '"', "\\", "é", "史", "𝄞", "\x01"])
def test_the_longest_conversation_that_is_kept_is_let_in(client: TestClient, character: str) -> None:
    memory = kept((Exchange(character * (LARGEST_KEPT // len(json.dumps(character, ensure_ascii=False)) - 100)),))
    body = json.dumps({"data": [None, memory], "fn_index": 0, "session_hash": "s"}, ensure_ascii=False).encode()
    assert LARGEST_KEPT / 4 < len(memory) <= LARGEST_KEPT
    assert len(body) <= MOST_SENT
    assert client.post("/gradio_api/queue/join", content=body).status_code not in (411, 413)


def test_uploads_are_refused_before_they_are_read(library: Library, arriving: Path) -> None:
    app = application(Assistant(library, NumberReader()), Access(may_add=False), Limits())
    client = TestClient(app, base_url=HERE)
    file = [("files", ("a.txt", b"words", "text/plain"))]
    assert client.post("/gradio_api/upload", files=file).status_code == 403
    assert not [path for path in arriving.rglob("*") if path.is_file()]
    app = application(Assistant(library, NumberReader()), Access(), Limits(megabytes=1))
    headers = {"Content-Length": str(10**12)}
    assert TestClient(app, base_url=HERE).post("/v1/documents", headers=headers).status_code == 413


@pytest.mark.parametrize("header", ["Basic é", "Basic !!!", "Bearer ", "Bearer k3", "Digest k3y", ""])
def test_broken_credentials_admit_nobody(header: str) -> None:
    assert not access(["ada:lovelace"], ["k3y"]).admits_header(header)


def test_empty_keys_and_files_of_nobody_are_errors(tmp_path: Path) -> None:
    (tmp_path / "people").write_text("\n\n")
    with pytest.raises(PinciteError, match="API key is empty"):
        access([], [" "])
    with pytest.raises(PinciteError, match="names nobody"):
        access([str(tmp_path / "people")], [])


THERE = "https://docs.example.org"
EVIL = {"Origin": "https://evil.example"}


@pytest.fixture
def guest(library: Library, arriving: Path) -> Iterator[TestClient]:
    """Somebody who has come in by a password, with the cookie that a browser sends from any page."""
    app = application(Assistant(library, NumberReader()), access(["ada:lovelace"], []), Limits())
    with TestClient(app, base_url=THERE) as client:
        assert client.post("/login", data={"username": "ada", "password": "lovelace"}).status_code == 200
        for name in list(client.cookies):
            if "unsecure" in name:
                client.cookies.delete(name)
        yield client


def sent(client: TestClient, path: str, headers: dict[str, str]) -> int:
    """The status of what the page itself sends."""
    if path == "/gradio_api/upload":
        return client.post(path, files={"files": ("a.txt", b"words")}, headers=headers).status_code
    if path == "/login":
        return client.post(path, data={"username": "ada", "password": "lovelace"}, headers=headers).status_code
    body = {"data": [], "fn_index": 0, "session_hash": "s", "event_id": "e"}
    return client.post(path, json=body, headers=headers).status_code


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/cancel", "/login"])
def test_a_page_of_another_server_changes_nothing_by_the_ways_of_the_page(
    guest: TestClient, arriving: Path, path: str
) -> None:
    for headers in (EVIL, {"Origin": "null"}, {"Origin": f"{THERE}:8443"}, {**EVIL, "Sec-Fetch-Site": "cross-site"}):
        assert sent(guest, path, headers) == 403
    assert not [file for file in arriving.rglob("*") if file.is_file()]
    by_proxy = {"Origin": "https://name.of.the.proxy", "Sec-Fetch-Site": "same-origin"}
    for headers in ({}, {"Origin": THERE}, by_proxy):
        assert sent(guest, path, headers) not in (401, 403)


def test_a_page_of_another_server_reads_nothing(guest: TestClient) -> None:
    for path in ("/", "/config", "/theme.css"):
        answer = guest.get(path, headers=EVIL)
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_what_was_given_and_never_read_in_goes_with_the_server(library: Library, arriving: Path) -> None:
    with TestClient(application(Assistant(library, NumberReader()), Access(), Limits()), base_url=HERE) as client:
        assert client.post("/gradio_api/upload", files={"files": ("a.txt", b"words")}).status_code == 200
        assert [path.name for path in arriving.rglob("*") if path.is_file()] == ["a.txt"]
    assert not [path for path in arriving.rglob("*") if path.is_file()]


def test_a_question_longer_than_the_box_takes_is_not_asked(client: TestClient) -> None:
    config = client.get("/config").json()
    parts = {part["id"]: part for part in config["components"]}
    (box,) = (one for one, part in parts.items() if part["props"].get("elem_id") == "question")
    (number,) = (n for n, one in enumerate(config["dependencies"]) if [box, "submit"] in one["targets"])
    inputs = config["dependencies"][number]["inputs"]
    for length, said in ((LONGEST + 1, "at most 2,000 characters"), (LONGEST, "The documents do not answer")):
        values = {box: "x" * length}
        data = [values.get(one, parts[one]["props"].get("value")) for one in inputs]
        body = {"fn_index": number, "data": data, "session_hash": f"s{length}"}
        assert client.post("/gradio_api/queue/join", json=body).status_code == 200
        with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": f"s{length}"}) as told:
            assert said in "".join(told.iter_lines())


def test_a_file_of_people_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "people").write_text("ada:lovelace\nbob:builder\n", encoding="utf-8-sig")
    assert access([str(tmp_path / "people")], []).admits("ada", "lovelace")


@pytest.mark.parametrize("key", ["schlüssel", "ключ", "k3y ", " k3y", "k3y\n", "k\t3y"])
def test_keys_that_not_every_header_carries_are_refused_and_not_told(key: str) -> None:
    with pytest.raises(PinciteError, match="An API key has letters beyond ASCII") as error:
        access([], ["fine", key])
    assert key.strip() not in str(error.value)
    assert access([], ["a b-c_d.e~f+g/h=="]).admits_header("Bearer a b-c_d.e~f+g/h==")
