"""Reports: what other programs read is read by them; hostile text stays text; the page is looked at in a browser."""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import ir_measures
import pytest
from axe_playwright_python.sync_playwright import Axe
from ir_measures import RR, R, nDCG
from playwright.sync_api import Browser, Page, expect

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
from tests.ui import conftest

browser = conftest.browser
MISS = Miss("HasAns F1", None, 0.5, 0.6, ("half", "silent"))
EVIL = "<script>document.title='owned'</script>|`x`\x0c"
BROKEN = "a\n::error::pwn\x1b[31m\u202e\n- b"


@pytest.fixture
def hostile(record: Record) -> Record:
    """The run, with a question and answers that try to be more than text."""
    rows = [replace(row, question=EVIL, gold=(EVIL,), answers=(EVIL,), tags=(EVIL,)) for row in record.rows]
    return record_of(rows, record.about)


@pytest.fixture(params=["light", "dark"])
def phone(record: Record, browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page of the run on a phone, with a long word in it."""
    rows = [replace(row, id=row.id + "x" * 99, ranks=dict.fromkeys(row.ranks, 99)) for row in record.rows]
    (tmp_path / "report.html").write_text(run_html(record_of(rows, record.about), [MISS]), encoding="utf-8")
    page = browser.new_page(viewport={"width": 380, "height": 800}, color_scheme=request.param)
    page.goto((tmp_path / "report.html").as_uri())
    yield page
    page.close()


def test_junit_has_a_case_for_each_question_and_each_missed_bar(record: Record) -> None:
    questions, gate = ElementTree.fromstring(run_junit(record, [MISS]))
    assert (questions.get("tests"), questions.get("failures"), gate.get("failures")) == ("5", "2", "1")
    failed = {case.get("name"): case[0].get("message") for case in questions if len(case)}
    assert failed == {
        "silent: Tell me nothing": "silent where there was an answer",
        "false: Which bridge opened?": "answered where silence was right",
    }
    assert gate[0][0].get("message") == "HasAns F1 is 0.500, 0.100 below 0.600: half, silent"


def test_junit_names_a_bar_of_a_tag_by_its_tag(record: Record) -> None:
    _, gate = ElementTree.fromstring(run_junit(record, [MISS, replace(MISS, tag="who")]))
    assert [case.get("name") for case in gate] == ["HasAns F1", "HasAns F1 [who]"]


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


def test_each_id_is_a_word_of_its_own_in_trec_files(outcomes: list[Outcome]) -> None:
    names = ["a b", "a_b", "a%20b", "a\u2003b", "a\nb\x1b", ""]
    words = ["a%20b", "a_b", "a%2520b", "a%E2%80%83b", "a%0Ab%1B", "%"]
    asked = [replace(outcomes[0], question=replace(outcomes[0].question, id=name)) for name in names]
    for lines in (trec_run(asked), trec_qrels(asked)):
        assert [line.split()[0] for line in lines.splitlines()] == words


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
    evil = "\\<script\\>document.title='owned'\\</script\\>\\|\\`x\\`"
    for comparison, run in ((lost, "old"), (won, "new")):
        ids = ", ".join(f"{evil} {n}" for n in range(9))
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


def test_line_breaks_and_escapes_of_a_set_reach_neither_terminal_nor_markdown(record: Record) -> None:
    old = record_of([replace(row, id=f"{BROKEN}{row.id}", question=BROKEN) for row in record.rows[1:]], record.about)
    new = [replace(row, failure="not found") for row in old.rows]
    comparison = compare(old, record_of([*new, replace(record.rows[0], id=BROKEN)], record.about))
    about = {**record.about, "set": {**record.about["set"], "name": BROKEN}}
    misses = [replace(MISS, tag=BROKEN, questions=(BROKEN,))]
    plain, marked = comparison_text(comparison), run_markdown(replace(record, about=about), misses, comparison)
    for text in ("\n".join(plain), marked):
        assert not {"\x1b", "\u202e"} & set(text)
        assert not [line for line in text.splitlines() if line.startswith(("::", "- b", "\\- b"))]
    assert "lost: a ::error::pwn\\x1b[31m\\u202e - bhalf: a ::error" in "\n".join(plain)
    assert "- a ::error::pwn\\\\x1b\\[31m\\\\u202e - bhalf: a ::error" in marked


def test_an_id_begins_no_list_in_markdown(record: Record) -> None:
    old = record_of([replace(row, id="- x", question="~~y~~ &lt;") for row in record.rows[:1]], record.about)
    new = record_of([replace(row, failure="not found") for row in old.rows], record.about)
    assert "\n- \\- x: \\~\\~y\\~\\~ \\&lt; (right → not found)\n" in run_markdown(record, (), compare(old, new))


def test_page_says_what_was_quoted_and_what_was_wanted(record: Record) -> None:
    page = run_html(record)
    quoted = "<blockquote>The bridge opened in <mark>1932</mark>.</blockquote>"
    assert f"<td>1932{quoted}<td>1932{quoted}" in page
    assert "<i>silence</i>" in page


def test_page_marks_the_gold_answer_that_has_the_place(record: Record) -> None:
    row = replace(record.rows[0], gold=("in the year 1932", "1932"), answers=())
    assert "opened in <mark>1932</mark>.</blockquote><td>" in run_html(record_of([row], record.about))


def test_page_shows_every_citation(record: Record) -> None:
    row = record.rows[0]
    cited = [{**row.citations[0], "start": n, "end": n + 1, "sentence_start": n} for n in range(5)]
    page = run_html(record_of([replace(row, citations=tuple(cited))], record.about))
    assert all(f"characters {n}–{n + 1}" in page for n in range(5))


def test_page_fits_a_phone_and_can_be_read_in_light_and_dark(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == 380
    for cell in phone.locator("#questions td:not(:empty), .figures:visible td:visible").all():
        box = cell.bounding_box()
        assert box
        assert 0 <= box["x"] < box["x"] + box["width"] <= 380
    assert not [found["nodes"] for found in Axe().run(phone).response["violations"] if found["id"] == "color-contrast"]
    phone.select_option("#tag", "none")
    expect(phone.locator("#questions tbody tr:visible")).to_have_count(2)


def test_marks_of_figures_and_labels_of_ranks_are_seen(phone: Page) -> None:
    phone.set_viewport_size({"width": 1280, "height": 800})
    ends = "boxes => boxes.map(box => box.getBoundingClientRect()).map(box => [box.left, box.right])"
    marks = phone.locator(".figures:visible .value").evaluate_all(ends)
    bars = phone.locator(".figures:visible svg").evaluate_all(ends)
    for (left, right), (first, last) in zip(marks, bars, strict=True):
        middle = (left + right) / 2
        assert first - 0.01 <= middle - 1 < middle + 1 <= last + 0.01  # a mark is 2 pixels wide
    labels = phone.locator("figure:last-of-type text").evaluate_all(ends)[2::2]  # between them stand the counts
    assert len(labels) == 10
    assert all(right < left for (_, right), (left, _) in pairwise(labels))
