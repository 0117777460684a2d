"""`pincite eval` as a command: exit codes, reports, comparison, drafts; the report in a real browser."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from rag.errors import EvaluationError
from rag.eval.commands import REPORTS, main
from rag.eval.questions import read_questions
from rag.labels import WRONG_LEFT_OUT


def pincite(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "rag", *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Two questions on the article."""
    lines = [
        {"id": "1", "question": "When did the czars conquer Crimea?", "answers": ["1783"], "tags": ["when"]},
        {"id": "2", "question": "Who won the football world cup in 1998?", "answers": [], "tags": ["none"]},
    ]
    (tmp_path / "set.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path / "set.jsonl"


def test_a_set_is_measured_reported_and_compared(article_folder: Path, questions: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    done = pincite("eval", questions, "--library", article_folder, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert "HasAns F1                         1.000   0.025 to 1.000   n = 1\n" in done.stdout
    assert {path.name for path in out.iterdir()} == set(REPORTS)
    done = pincite("eval", "compare", out, out / "record.json", "--fail-on-worse")
    assert done.returncode == 0
    assert "no difference shown" in done.stdout
    record = json.loads((out / "record.json").read_text())
    for name, value in (("better", 1.0), ("worse", 0.0)):
        rows = [{**record["rows"][0], "id": str(n), "values": {"HasAns F1": value}} for n in range(5)]
        (tmp_path / f"{name}.json").write_text(json.dumps({**record, "rows": rows}))
    done = pincite(
        "eval", "compare", tmp_path / "better.json", tmp_path / "worse.json", "--fail-on-worse", "--markdown"
    )
    assert done.returncode == 1
    assert "| HasAns F1 | 1.000 | 0.000 | -1.000 (-1.000 to -1.000) | worse |" in done.stdout
    record["about"]["reader"]["sha256"] = "f" * 64
    (tmp_path / "other.json").write_text(json.dumps(record))
    done = pincite("eval", "compare", out, tmp_path / "other.json")
    assert "\nThe reader is another: " in done.stdout


def test_missed_bar_is_exit_code_1_and_an_error_is_2(article_folder: Path, questions: Path, tmp_path: Path) -> None:
    gate = tmp_path / "gate.toml"
    gate.write_text('[bars]\n"false refusals" = 0.0\n')
    assert pincite("eval", questions, "--library", article_folder, "--gate", gate).returncode == 0
    gate.write_text('[tags.when]\n"recall@1, lexical" = 0.5\n')
    out = tmp_path / "report"
    done = pincite("eval", questions, "--library", article_folder, "--gate", gate, "--out", out)
    assert (done.returncode, "which was not measured" in done.stderr) == (2, True)  # no gold answer has a place
    assert ((out / "record.json").exists(), (out / "junit.xml").exists()) == (True, False)
    gate.write_text('[bars]\n"risk-coverage area" = 0.1\n')
    done = pincite("eval", questions, "--library", article_folder, "--gate", gate)
    assert done.returncode == 1
    assert "missed: risk-coverage area is 0.250, 0.150 above 0.100" in done.stdout
    done = pincite("eval", questions, "--library", article_folder, "--gate", gate, "--json")
    assert json.loads(done.stdout)["figures"]
    assert done.stderr == "missed: risk-coverage area is 0.250, 0.150 above 0.100\n"
    done = pincite("eval", questions, "--library", article_folder, "--out", gate / "report")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "Name another folder" in done.stderr
    done = pincite("eval", tmp_path / "none.jsonl", "--library", article_folder)
    assert done.returncode == 2
    assert "none.jsonl" in done.stderr
    questions.write_text("{")
    done = pincite("eval", questions, "--library", article_folder)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "set.jsonl:1 is no question" in done.stderr


def test_exception_that_nobody_foresaw_is_shown_and_exit_code_2() -> None:
    program = type(main)()

    @program.command("run")
    def broken() -> None:
        raise RuntimeError("unforeseen")

    done = CliRunner().invoke(program, ["run"])
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, "RuntimeError: unforeseen")


@pytest.mark.parametrize(
    ("gate", "line"),
    [
        ("[bars]\n[tags.x]", "{}"),
        ('[tags.who]\n"right" = 0.5', '{"question": "Who?", "answers": [], "tags": ["when"]}'),
        ('[bars]\n"right" = 0.0', "{"),
    ],
)
def test_error_leaves_no_report_of_an_earlier_run_and_nothing_else_is_removed(
    tmp_path: Path, gate: str, line: str
) -> None:
    (tmp_path / "gate.toml").write_text(gate)
    (tmp_path / "set.jsonl").write_text(line)
    out = tmp_path / "report"
    out.mkdir()
    for name in (*REPORTS, "kept.html"):
        (out / name).write_text("of the run before")
    arguments = ["run", str(tmp_path / "set.jsonl"), "--out", str(out), "--gate", str(tmp_path / "gate.toml")]
    assert isinstance(CliRunner().invoke(main, arguments).exception, EvaluationError)
    assert [path.name for path in out.iterdir()] == ["kept.html"]


def test_tag_that_no_question_has_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text('[tags.who]\n"right" = 0.5')
    (tmp_path / "set.jsonl").write_text('{"question": "Who?", "answers": [], "tags": ["a, b", "when"]}')
    arguments = ["run", str(tmp_path / "set.jsonl"), "--gate", str(tmp_path / "gate.toml"), "--library", "none"]
    error = CliRunner().invoke(main, arguments).exception
    assert str(error) == "The gate has bars on the tag 'who', which no question has. There are: a, b; when."


def test_labels_without_the_wrong_ones_are_said_to_be_so_and_refused_by_a_gate(tmp_path: Path) -> None:
    qas = [{"id": "1", "question": "When did the bridge open?", "answers": [{"text": "1932", "answer_start": 21}]}]
    paragraphs = [{"context": "The bridge opened in 1932.", "qas": qas}]
    data = {"data": [{"title": "a", "paragraphs": paragraphs}], WRONG_LEFT_OUT: 3}
    (tmp_path / "labels.json").write_text(json.dumps(data))
    (tmp_path / "gate.toml").write_text('[bars]\n"right" = 0.5\n')
    said = "labels.json' leaves out 3 questions whose answer was judged wrong"
    done = pincite("eval", tmp_path / "labels.json")
    assert (done.returncode, said in done.stderr) == (0, True)
    done = pincite("eval", tmp_path / "labels.json", "--gate", tmp_path / "gate.toml")
    assert (done.returncode, said in done.stderr, done.stdout) == (2, True, "")


def test_squad_file_needs_no_library(tmp_path: Path) -> None:
    qas = [{"id": "1", "question": "When did the bridge open?", "answers": [{"text": "1932", "answer_start": 21}]}]
    paragraphs = [{"context": "The bridge opened in 1932.", "qas": qas}]
    (tmp_path / "set.json").write_text(json.dumps({"data": [{"title": "a", "paragraphs": paragraphs}]}))
    done = pincite("eval", tmp_path / "set.json", "--json")
    record = json.loads(done.stdout)
    assert (done.returncode, record["rows"][0]["answers"]) == (0, ["1932"])
    assert record["figures"]["recall@1, dense"]["value"] == 1.0


def test_a_set_that_brings_its_documents_gives_the_same_files_each_time(tmp_path: Path) -> None:
    qas = [{"id": "1", "question": "When did the bridge open?", "answers": [{"text": "1932", "answer_start": 21}]}]
    paragraphs = [{"context": "The bridge opened in 1932.", "qas": qas}]
    (tmp_path / "set.json").write_text(json.dumps({"data": [{"title": "a", "paragraphs": paragraphs}]}))
    assert pincite("eval", tmp_path / "set.json", "--out", tmp_path / "a").returncode == 0
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "record.json").write_bytes((tmp_path / "a" / "record.json").read_bytes())
    against = ("--against", tmp_path / "b")  # read before it is written anew
    done = pincite("eval", tmp_path / "set.json", "--out", tmp_path / "b", *against)
    assert "no difference shown" in done.stdout
    for name in ("record.json", "run.trec", "qrels.trec", "squad.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a" / "run.trec").read_text() == "1 Q0 000000.txt:0-26 1 1.000000 pincite\n"


def test_draft_writes_a_set_that_can_be_measured_and_never_writes_over_one(
    article_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "draft.jsonl"
    done = pincite("eval", "draft", "--library", article_folder, "--count", "8", "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    drafted = read_questions(out)
    assert len(drafted) == 8
    assert all("___" in question.question and question.tags == ("draft",) for question in drafted)
    assert pincite("eval", out, "--library", article_folder).returncode == 0
    before = out.read_bytes()
    done = pincite("eval", "draft", "--library", article_folder, "--out", out)
    assert (done.returncode, "Traceback" in done.stderr, out.read_bytes()) == (2, False, before)
    assert "draft.jsonl" in done.stderr


def test_help_names_all_that_can_be_done() -> None:
    done = pincite("eval", "--help")
    assert all(f"  {word} " in done.stdout for word in ("run", "compare", "draft"))
    assert "--gate" in pincite("eval", "run", "--help").stdout
