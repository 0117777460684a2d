"""The command line, run as a command."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rag import Label, Library, Verdict
from rag.cli import _Commands
from rag.clock import Clock
from rag.labelled import read_labelled
from rag.risk import Promise
from rag.terminal import answer_lines, shortened
from rag.values import Answer, Citation
from tests.conftest import TOP

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PINCITE_LIBRARY"}


def pincite(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rag", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**ENVIRONMENT, **environment})


def assert_one_message(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr


def test_index_ask_documents_search_and_remove(tmp_path: Path) -> None:
    library = tmp_path / "library"
    (tmp_path / "note.txt").write_text("The harbour bridge opened in 1932. It was built by Ada Berg.\n")
    done = pincite("index", tmp_path / "note.txt", "--library", library)
    assert done.returncode == 0
    assert done.stdout == f"1 added\nThe library in {library} holds 1 documents, 1 passages.\n"
    assert done.stderr == ""

    done = pincite("ask", "When did the harbour bridge open?", "--library", library)
    assert done.returncode == 0
    assert done.stdout.startswith("1932   (confidence ")
    assert "    The harbour bridge opened in 1932.\n    note\n" in done.stdout
    assert f"{tmp_path / 'note.txt'}, characters 29-33" in done.stdout
    assert done.stderr == ""

    done = pincite("ask", "Who built the bridge?", "--json", PINCITE_LIBRARY=str(library))
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["text"], answer["citations"][0]["start"]) == (0, "Ada Berg", 51)

    done = pincite("documents", "--library", library)
    assert "note (" in done.stdout
    found = json.loads(pincite("search", "bridge", "--mode", "lexical", "--json", "--library", library).stdout)
    assert [place["quote"] for place in found] == ["The harbour bridge opened in 1932. It was built by Ada Berg."]

    done = pincite("remove", tmp_path / "note.txt", "--library", library)
    assert done.stdout == f"Removed note ({tmp_path / 'note.txt'}), 1 passages.\n"
    done = pincite("ask", "Who built the bridge?", "--library", library)
    assert (done.returncode, done.stdout) == (1, "No answer: nothing was retrieved.\n\n")


def test_file_that_cannot_be_read_is_named_and_the_exit_code_says_so(tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 no")
    (tmp_path / "good.txt").write_text("Words.")
    done = pincite("index", tmp_path, "--library", tmp_path / "library")
    assert done.returncode == 1
    assert "1 added, 1 failed" in done.stdout
    assert f"failed: {tmp_path / 'bad.pdf'}: the PDF is broken" in done.stdout


@pytest.mark.parametrize(
    "command",
    [["ask", "Who?"], ["documents"], ["search", "x"], ["remove", "x"], ["labels", "list"], ["labels", "export"]],
)
def test_library_that_is_not_there(tmp_path: Path, command: list[str]) -> None:
    done = pincite(*command, "--library", tmp_path / "none")
    assert_one_message(done, f"There is no library in '{tmp_path / 'none'}'", "pincite index PATH")
    assert not (tmp_path / "none").exists()


def test_damaged_library(tmp_path: Path) -> None:
    (tmp_path / "library.sqlite").write_bytes(b"nonsense" * 1000)
    assert_one_message(pincite("ask", "Who?", "--library", tmp_path), "is damaged or no library", "pincite index")


def test_empty_question(article_folder: Path) -> None:
    assert_one_message(pincite("ask", "  ", "--library", article_folder), "The question is empty")


def test_wrong_path(tmp_path: Path) -> None:
    done = pincite("index", tmp_path / "nowhere", "--library", tmp_path / "library")
    assert_one_message(done, "nowhere", "No such file or directory")
    assert not (tmp_path / "library").exists()


def test_empty_path_is_not_the_current_folder(tmp_path: Path) -> None:
    done = pincite("index", "", "--library", tmp_path / "library")
    assert_one_message(done, "It is empty. Write . for the current folder.")
    assert not (tmp_path / "library").exists()


def test_documents_that_changed_after_a_threshold_was_picked_for_them_are_told_of(tmp_path: Path) -> None:
    folder, note = tmp_path / "library", tmp_path / "note.txt"
    note.write_text("The harbour bridge opened in 1932.")
    with Library.open(folder) as library:
        library.keep_promise(Promise(0.504, 0.05, 0.05, 150, 120, 1, "0" * 64, "2026-01-02", "1" * 64))
    done = pincite("documents", "--library", folder)
    assert (done.returncode, done.stderr) == (0, "")
    said = (
        "The documents changed, or were built again, since the threshold of 0.504 was picked on 2026-01-02: that at "
        "most 5.0% of the answers are wrong was promised of the library as it was. Run `pincite calibrate` again.\n"
    )
    assert pincite("index", note, "--library", folder).stderr == said
    done = pincite("documents", "--json", "--library", folder)
    assert (done.stderr, len(json.loads(done.stdout))) == (said, 1)


def test_wrong_mode_and_settings(article_folder: Path, tmp_path: Path) -> None:
    assert_one_message(pincite("search", "x", "--mode", "fuzzy", "--library", article_folder), "hybrid, dense, lexical")
    (tmp_path / "a.txt").write_text("Words.")
    done = pincite("index", tmp_path / "a.txt", "--budget", "64", "--library", article_folder)
    assert_one_message(done, "budget 128, not 64", "pincite index --rebuild")
    done = pincite("index", tmp_path / "a.txt", "--encoding", "nope", "--library", tmp_path / "l")
    assert_one_message(done, "no encoding 'nope'")


def test_rebuild_changes_the_settings(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One is one here. Two is two there. " * 4)
    library = tmp_path / "library"
    pincite("index", tmp_path / "a.txt", "--library", library)
    done = pincite("index", "--rebuild", "--budget", "12", "--library", library)
    assert done.returncode == 0
    assert "1 updated" in done.stdout
    assert "holds 1 documents, 7 passages" in done.stdout


def test_a_setting_given_alone_leaves_the_others_as_built(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Bread rises.")
    assert pincite("index", tmp_path / "a.txt", "--library", tmp_path / "L", "--overlap", "2").returncode == 0
    again = pincite("index", tmp_path / "a.txt", "--library", tmp_path / "L", "--budget", "128")
    assert (again.returncode, again.stderr) == (0, "")


def test_what_a_terminal_cannot_show_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The mill stands in Łódź 😀.")
    pincite("index", tmp_path / "a.txt", "--library", tmp_path / "L")
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-m", "rag", "search", "mill", "--library", str(tmp_path / "L")]
    plain = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert b"\\u0141\xf3d\\u017a" in plain.stdout
    asked = [sys.executable, "-m", "rag", "ask", "Where is the mill?", "--json", "--library", str(tmp_path / "L")]
    found = json.loads(subprocess.run(asked, env=environment, capture_output=True, check=False).stdout)
    assert "Łódź 😀" in json.dumps(found, ensure_ascii=False)


def test_what_a_document_says_cannot_reach_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "evil.txt").write_text("The bridge \x1b[31mopened\x1b]0;owned\x07 in 1932 \u202etxet\u202c here.")
    pincite("index", tmp_path / "evil.txt", "--library", tmp_path / "library")
    done = pincite("search", "bridge", "--library", tmp_path / "library")
    assert "\\x1b[31mopened\\x1b]0;owned\\x07 in 1932 \\u202etxet" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_a_quote_wider_than_a_line_is_styled_whole() -> None:
    for length in range(80, 110):
        quote = "a" * length
        place = Citation("d", "T", "a.txt", "", None, None, (), 4, 4 + length, quote, f"The {quote} end.", 0)
        answer = Answer("Q?", quote, 0.9, (place,), (), None, (), None, Clock().timings())
        sentence = [line for line in answer_lines(answer, "\x1b[1m{}\x1b[0m")[3:] if "a.txt" not in line]
        assert "\n".join(sentence).count("\x1b[1m") == "\n".join(sentence).count("\x1b[0m") == 1


def test_every_answer_is_printed_with_its_places(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The harbour bridge opened in 1932.")
    (tmp_path / "b.txt").write_text("The harbour bridge opened in 1935.")
    library = tmp_path / "library"
    pincite("index", tmp_path / "a.txt", tmp_path / "b.txt", "--library", library)
    done = pincite("ask", "When did the harbour bridge open?", "--every", "--library", library)
    assert done.returncode == 0
    assert done.stdout.startswith("The documents disagree.\n")
    for year, name in (("1932", "a.txt"), ("1935", "b.txt")):
        assert f"\n{year}   (confidence " in done.stdout
        assert f"{name}, characters 29-33" in done.stdout
    found = json.loads(pincite("ask", "When did it open?", "--every", "--json", "--library", library).stdout)
    assert {value["normalized"] for value in found["values"]} == {"number 1932", "number 1935"}


def labelled(path: Path, count: int) -> Path:
    """A set of labelled questions, the last of them with an answer that is not where it is said to be."""
    articles = []
    for number in range(count):
        text = f"The bridge of town {number} opened in {1900 + number}."
        answer = {"text": str(1900 + number), "answer_start": text.index(" in ") + 4 + (number == count - 1)}
        entry = {"id": f"q{number}", "question": f"When did the bridge of town {number} open?", "answers": [answer]}
        articles.append({"title": str(number), "paragraphs": [{"context": text, "qas": [entry]}]})
    path.write_text(json.dumps({"data": articles}))
    return path


def test_train_writes_a_reader_that_answers_and_its_card(tmp_path: Path) -> None:
    data, out = labelled(tmp_path / "set.json", 700), tmp_path / "reader"
    options = ("--out", out, "--batch", "4", "--start", TOP / "rag" / "weights" / "reader")
    done = pincite("train", data, *options, "--epochs", "0.015")
    assert done.returncode == 0, done.stderr
    assert "1 questions cannot be used:" in done.stderr
    assert f"{data}: q699: answer '2599' is not at" in done.stderr
    assert re.search(rf"^\d steps on \d+ examples in 0\.\d minutes: {out}$", done.stdout, re.MULTILINE)
    assert "HasAns F1" in done.stdout
    assert {path.name for path in out.iterdir()} == {
        "README.md",
        "checkpoint.pt",
        "confidence.json",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    }
    card = (out / "README.md").read_text()
    assert hashlib.sha256(data.read_bytes()).hexdigest() in card
    assert '"epochs": 0.015' in card
    assert "| HasAns F1 |" in card
    found = json.loads((out / "confidence.json").read_text())
    assert found["slope"] > 0
    assert 0 < found["threshold"] < 1
    done = pincite("train", data, *options, "--epochs", "0.015", "--seed", "1", "--resume")
    assert_one_message(done, "was begun with other files or settings")


def test_train_says_what_is_wrong_with_data_and_options(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("[]")
    assert_one_message(pincite("train", tmp_path / "bad.json", "--out", tmp_path / "o"), "bad.json", "another shape")
    data = labelled(tmp_path / "set.json", 30)
    done = pincite("train", data, "--out", tmp_path / "o")
    assert_one_message(done, "Of 29 questions", "are on articles that are held out, too few", "more articles")
    data = labelled(tmp_path / "set.json", 700)
    done = pincite("train", data, "--out", tmp_path / "o", "--share", "set=much")
    assert_one_message(done, "Write --share NAME=TIMES")
    for option in ("--epochs", "--minutes", "--batch", "--rate"):
        assert_one_message(pincite("train", data, "--out", tmp_path / "o", option, "0"), option, "range")
    done = pincite("train", data, "--out", tmp_path / "o", "--share", "set=nan")
    assert_one_message(done, "nan times")
    done = pincite("train", data, "--out", tmp_path / "started", "--start", tmp_path)
    assert_one_message(done, "model.safetensors", "Name the folder of a model")
    done = pincite("train", data, "--out", tmp_path / "o", "--share", "sett=2")
    assert_one_message(done, "no file is named 'sett'", "set")
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_number_that_is_not_finite_is_refused(tmp_path: Path, number: str) -> None:
    data = labelled(tmp_path / "set.json", 3)
    for option in ("--epochs", "--minutes", "--rate"):
        assert_one_message(pincite("train", data, "--out", tmp_path / "o", option, number), option, number)
    assert_one_message(pincite("calibrate", data, "--risk", number, "--library", tmp_path / "l"), "--risk", number)
    done = pincite("ask", "Who?", "--threshold", number, "--library", tmp_path / "l")
    assert_one_message(done, "--threshold", number)


@pytest.mark.parametrize("name", ["checkpoint.pt", "model.safetensors"])
def test_train_writes_over_a_reader_only_when_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.json").write_text("[]")
    (tmp_path / name).write_bytes(b"weights")
    command = ("train", tmp_path / "bad.json", "--out", tmp_path)
    assert_one_message(pincite(*command), f"'{tmp_path}' holds {name}", "`--resume`", "`--overwrite`")
    assert (tmp_path / name).read_bytes() == b"weights"
    for option in ("--resume", "--overwrite"):
        assert_one_message(pincite(*command, option), "bad.json", "another shape")
    assert_one_message(pincite(*command, "--resume", "--overwrite"), "Give one")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, click.Abort])
def test_ctrl_c_is_one_line_and_an_exit_code_of_its_own(stop: type[BaseException]) -> None:
    def stopped() -> None:
        raise stop

    done = CliRunner().invoke(_Commands(commands=[click.Command("x", callback=stopped)]), ["x"])
    assert (done.exit_code, done.output) == (130, "\nStopped.\n")


def test_calibrate_refuses_broken_and_too_few_labels(article_folder: Path, tmp_path: Path) -> None:
    labels = labelled(tmp_path / "set.json", 20)
    done = pincite("calibrate", labels, "--library", article_folder)
    assert_one_message(done, "1 questions of", "The first: 'q19': answer '1919' is not at")
    found = json.loads(labels.read_text())
    labels.write_text(json.dumps({"data": found["data"][:-1]}))
    done = pincite("calibrate", labels, "--library", article_folder)
    assert_one_message(done, "19 labelled questions are too few", "104 would be needed")


def test_calibrate_says_first_which_document_or_place_of_an_answer_is_not_there(
    article_folder: Path, tmp_path: Path
) -> None:
    labels, name = tmp_path / "labels.jsonl", "ukraine-standoff-2022.md"
    entries = [{"id": str(n), "question": "When?", "answers": [{"text": "1783"}], "document": name} for n in range(150)]
    labels.write_text("\n".join(map(json.dumps, entries)))
    with Library.open(tmp_path / "library"):
        pass
    done = pincite("calibrate", labels, "--library", tmp_path / "library")
    assert_one_message(done, f"Question '0' names the document '{name}', which the library does not hold")
    entries[149]["answers"] = [{"text": "nowhere to be found"}]
    labels.write_text("\n".join(map(json.dumps, entries)))
    done = pincite("calibrate", labels, "--library", article_folder)
    assert_one_message(done, f"'nowhere to be found' of question '149' is not in '{name}'")


BRIDGE = "The harbour bridge opened in 1932."


def judged(folder: Path, *verdicts: Verdict) -> Path:
    """A library without documents in which an answer of each verdict was judged, each a day after the one before."""
    with Library.open(folder) as library:
        for day, verdict in enumerate(verdicts, 1):
            question, at = f"Question\x1b {day}?", f"2026-01-{day:02}T00:00:00+00:00"
            library.judge(Label(question, verdict, "d", "0" * 64, "Bridges", BRIDGE, 100, 129, 133, at))
    return folder


def test_labels_are_listed_and_exported(tmp_path: Path) -> None:
    library = judged(tmp_path / "library", Verdict.RIGHT, Verdict.WRONG, Verdict.PLACE)
    with Library.open(library) as opened:
        at = "2026-01-04T00:00:00+00:00"
        opened.judge(Label("Sank?", Verdict.RIGHT, None, None, "Bridges", BRIDGE, 0, None, None, at))
    done = pincite("labels", "list", "--library", library)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "2026-01-01  right: Question\\x1b 1?",
        "    1932 (Bridges, characters 129-133)",
        "2026-01-02  wrong: Question\\x1b 2?",
        "    1932 (Bridges, characters 129-133)",
        "2026-01-03  the right place is here: Question\\x1b 3?",
        "    1932 (Bridges, characters 129-133)",
        "2026-01-04  right: Sank?",
        "    no answer",
    ]
    found = json.loads(pincite("labels", "list", "--json", PINCITE_LIBRARY=str(library)).stdout)
    assert [(entry["verdict"], entry["quote"]) for entry in found] == [
        ("right", "1932"),
        ("wrong", "1932"),
        ("the right place is here", "1932"),
        ("right", ""),
    ]
    assert (found[0]["context"], found[0]["context_start"], found[0]["start"]) == (BRIDGE, 100, 129)

    printed = pincite("labels", "export", "--library", library)
    said = "3 labels exported; 1 left out, which do not say what is right.\n"
    assert (printed.returncode, printed.stderr) == (0, said)
    written = pincite("labels", "export", "--library", library, "--out", tmp_path / "labels.json")
    assert (written.returncode, written.stdout, written.stderr) == (0, "", said)
    assert (tmp_path / "labels.json").read_text() == printed.stdout
    labelled = read_labelled([tmp_path / "labels.json"])
    assert labelled.faults == ()
    (paragraph,) = labelled.paragraphs
    assert [paragraph.answers(question) for question in paragraph.questions] == [["1932"], ["1932"], []]


def test_labels_that_cannot_be_exported_are_an_error_that_says_how_to_make_some(tmp_path: Path) -> None:
    out = tmp_path / "labels.json"
    library = judged(tmp_path / "library")
    assert pincite("labels", "list", "--library", library).stdout == "No answer was judged.\n"
    done = pincite("labels", "export", "--library", library, "--out", out)
    assert_one_message(done, f"Of 0 labels in the library in '{library}' none", "on the page of `pincite chat`")
    judged(library, Verdict.WRONG)
    done = pincite("labels", "export", "--library", library, "--out", out)
    assert_one_message(done, f"Of 1 labels in the library in '{library}' none", "Judge answers as right")
    assert not out.exists()
    judged(library, Verdict.RIGHT)
    done = pincite("labels", "export", "--library", library, "--out", tmp_path / "none" / "labels.json")
    assert_one_message(done, f"Cannot write '{tmp_path / 'none' / 'labels.json'}'", "Name another file")


def test_help_names_every_command() -> None:
    done = pincite("--help")
    for command in ("index", "ask", "search", "documents", "remove", "chat", "eval", "labels", "train", "calibrate"):
        assert f"  {command} " in done.stdout


def test_chat_beyond_loopback_wants_a_password(tmp_path: Path) -> None:
    done = pincite("chat", "--host", "0.0.0.0", "--library", tmp_path / "library")
    assert_one_message(done, "Whoever reaches 0.0.0.0", "--auth user:password", "--api-key")
    assert_one_message(pincite("chat", "--auth", "ada", "--library", tmp_path / "library"), "user:password")
    assert pincite("password", "--password", "x").stdout.startswith("scrypt$")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one  two\nthree", "one two three"),
        ("the bridge was opened", "the bridge was …"),
        ("长" * 40, "长" * 18 + " …"),
        ("see https://example.org/a/long/path", "see https://exampl …"),
    ],
)
def test_a_long_text_is_cut_short_between_words_where_there_are_any(text: str, expected: str) -> None:
    assert shortened(text, 20) == expected
