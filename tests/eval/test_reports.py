"""Reports: what other programs read is read by them; hostile text stays text; the page is looked at in a browser."""

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import ir_measures
import pytest
from ir_measures import RR, R, nDCG

from rag.eval.compare import compare
from rag.eval.gate import Miss
from rag.eval.questions import Question
from rag.eval.record import Record, record_of
from rag.eval.reports.exchange import squad_predictions, trec_qrels, trec_run
from rag.eval.reports.html import run_html
from rag.eval.reports.junit import run_junit
from rag.eval.reports.markdown import run_markdown
from rag.eval.reports.text import comparison_text, figure_lines
from rag.eval.rows import rows_of
from rag.eval.run import Found, Outcome
from rag.retrieval import MODES

MISS = Miss("HasAns F1", None, 0.5, 0.6, ("half", "silent"))
EVIL = "<script>document.title='owned'</script>|`x`\x0c"


@pytest.fixture
def hostile(record: Record) -> Record:
    """The run, with a question and answers that try to be more than text."""
    rows = [replace(row, question=EVIL, gold=(EVIL,), answers=(EVIL,), tags=(EVIL,)) for row in record.rows]
    return record_of(rows, record.about)


def test_junit_has_a_case_for_each_question_and_each_missed_bar(record: Record) -> None:
    questions, gate = ElementTree.fromstring(run_junit(record, [MISS]))
    assert (questions.get("tests"), questions.get("failures"), gate.get("failures")) == ("5", "2", "1")
    failed = {case.get("name"): case[0].get("message") for case in questions if len(case)}
    assert failed == {
        "silent: Tell me nothing": "silent where there was an answer",
        "false: Which bridge opened?": "answered where silence was right",
    }
    assert gate[0][0].get("message") == "HasAns F1 is 0.500, 0.100 below 0.600: half, silent"


def test_junit_holds_hostile_text(hostile: Record) -> None:
    questions, _ = ElementTree.fromstring(run_junit(hostile))
    assert questions[0].get("name") == f"right: {EVIL}".replace("\x0c", "")


def test_markdown_is_short_with_misses_and_changes_first(record: Record, hostile: Record) -> None:
    lines = run_markdown(record, [MISS], compare(record, record)).splitlines()
    assert lines[0] == "### set.jsonl: 5 questions, 1 documents"
    assert lines[2].startswith("- **missed:** HasAns F1 is 0.500")
    assert lines[4].startswith("No difference is shown in any of ")
    assert "| HasAns F1 | 0.500 | 0.000 to 1.000 | 3 |" in lines
    worse = compare(hostile, record_of([replace(row, failure="not found") for row in hostile.rows], record.about))
    text = run_markdown(record, (), worse)
    assert "<script>" not in text
    assert "\\<script\\>" in text


def test_trec_files_are_read_by_ir_measures(outcomes: list[Outcome], tmp_path: Path) -> None:
    (tmp_path / "run.trec").write_text(trec_run(outcomes))
    (tmp_path / "qrels.trec").write_text(trec_qrels(outcomes))
    run = ir_measures.read_trec_run(str(tmp_path / "run.trec"))
    qrels = ir_measures.read_trec_qrels(str(tmp_path / "qrels.trec"))
    assert ir_measures.calc_aggregate([RR @ 10], qrels, run) == {RR @ 10: 1.0}


@pytest.mark.parametrize(
    ("wanted", "by_hand"),
    [
        (["d2"], {"recall@1": 0, "recall@5": 1, "MRR@10": 0.5, "nDCG@10": 0.630930}),  # 1 / log2(3)
        (["d2", "d4"], {"recall@1": 0, "recall@5": 0.5, "MRR@10": 0.5, "nDCG@10": 0.386853}),  # by 1 + 1 / log2(3)
        (["d3", "d1"], {"recall@1": 0.5, "recall@5": 1, "MRR@10": 1, "nDCG@10": 0.919721}),
        (["d4"], {"recall@1": 0, "recall@5": 0, "MRR@10": 0, "nDCG@10": 0}),
    ],
)
def test_where_documents_are_judged_the_record_agrees_with_the_trec_files(
    outcomes: list[Outcome], tmp_path: Path, wanted: list[str], by_hand: dict[str, float]
) -> None:
    outcome = replace(
        outcomes[0],
        question=Question("q", "Which?", (), documents=tuple(wanted)),
        found=dict.fromkeys(MODES, Found(("d1:0-9", "d1:9-15", "d2:0-9", "d1:15-20", "d2:9-15", "d3:0-9"), None)),
        wanted=tuple(frozenset({f"{name}:0-9", f"{name}:9-15", f"{name}:15-20"}) for name in wanted),
    )
    found = rows_of([outcome])[0].values
    assert {name: found[f"{name}, hybrid"] for name in by_hand} == pytest.approx(by_hand, abs=1e-6)
    (tmp_path / "run.trec").write_text(trec_run([outcome]))
    (tmp_path / "qrels.trec").write_text(trec_qrels([outcome]))
    run = ir_measures.read_trec_run(str(tmp_path / "run.trec"))
    qrels = ir_measures.read_trec_qrels(str(tmp_path / "qrels.trec"))
    trusted = ir_measures.calc_aggregate([R @ 1, R @ 5, RR @ 10, nDCG @ 10], qrels, run)
    names = {"recall@1": R @ 1, "recall@5": R @ 5, "MRR@10": RR @ 10, "nDCG@10": nDCG @ 10}
    assert {name: trusted[measure] for name, measure in names.items()} == pytest.approx(by_hand, abs=1e-6)


def test_squad_predictions_have_a_text_for_each_question(outcomes: list[Outcome]) -> None:
    found = json.loads(squad_predictions(outcomes))
    assert found == {"right": "1932", "half": "1932", "silent": "", "false": "1932", "still": ""}


def test_text_names_every_figure(record: Record) -> None:
    assert figure_lines(record.figures)[0].startswith("recall@1, hybrid")
    assert all("no difference shown" in line for line in comparison_text(compare(record, record)))


def test_page_needs_nothing_from_outside_and_text_stays_text(hostile: Record) -> None:
    page = run_html(hostile, [replace(MISS, questions=(EVIL,))], compare(hostile, hostile))
    assert EVIL not in page
    assert "&lt;script&gt;" in page
    assert page.count("<script>") == 1
    assert "http" not in page.replace("http://www.w3.org", "")


def test_questions_of_one_run_only_are_named_and_their_ids_stay_text(record: Record) -> None:
    more = record_of([*record.rows, *(replace(record.rows[0], id=f"{EVIL}{n}") for n in range(12))], record.about)
    fewer = record_of(record.rows[:-1], record.about)
    lost, won = compare(more, fewer), compare(fewer, more)
    evil = "\\<script\\>document.title='owned'\\</script\\>\\|\\`x\\`\x0c"
    for comparison, run in ((lost, "old"), (won, "new")):
        ids = ", ".join(f"{evil}{n}" for n in range(9))
        line = f"13 questions only in the {run} run: still, {ids}, and 3 more"
        assert line in run_markdown(record, (), comparison).split("\n")
        page = run_html(record, (), comparison)
        assert f"<li>13 questions only in the {run} run: still, &lt;script&gt;" in page
        assert EVIL not in page
        assert comparison_text(comparison)[-1].startswith(f"13 questions only in the {run} run: still, <script>")
    assert "questions only in" not in run_markdown(record, (), compare(record, record))
    assert "questions only in" not in run_html(record, (), compare(record, record))


def test_ids_of_questions_won_and_lost_stay_text_in_markdown(record: Record) -> None:
    old = record_of([replace(row, id=f"{row.id}{EVIL}") for row in record.rows], record.about)
    new = record_of([replace(row, failure="not found") for row in old.rows], record.about)
    assert "<script>" not in run_markdown(record, (), compare(old, new))


def test_page_says_what_was_quoted_and_what_was_wanted(record: Record) -> None:
    page = run_html(record)
    quoted = "<blockquote>The bridge opened in <mark>1932</mark>.</blockquote>"
    assert f"<td>1932{quoted}<td>1932{quoted}" in page
    assert "<i>silence</i>" in page
