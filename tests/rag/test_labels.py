"""Labels: a judgement is kept with its text, whatever happens to the documents, and comes out as SQuAD 2.0."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import Assistant, Chunk, Cutting, Document, Heading, Label, Library, Verdict
from rag.errors import DataError, QuestionError
from rag.fakes import WordEmbedder
from rag.labelled import LabelledQuestion, read_labelled
from rag.labels import label, question_key, refusal_label, squad
from rag.record import FILE

BRIDGE = "The harbour bridge opened in 1932. It was built by Ada Berg."
QUESTION = "When did the bridge open?"


def one_label(
    question: str = QUESTION, verdict: Verdict = Verdict.RIGHT, at: str = "2026-01-02T03:04:05+00:00"
) -> Label:
    return Label(question, verdict, "d", "0" * 64, "Bridges", BRIDGE, 100, 129, 133, at)


def refused(question: str = "Who sank?", context: str = BRIDGE) -> Label:
    return Label(
        question, Verdict.RIGHT, "d", "0" * 64, "Bridges", context, 100, None, None, "2026-01-02T03:04:05+00:00"
    )


def document(text: str, *headings: Heading, body_start: int = 0) -> Document:
    return Document("d", "Bridges", "bridges.txt", "0" * 64, text, headings=headings, body_start=body_start)


def cut(text: str, *spans: tuple[int, int]) -> list[Chunk]:
    return [Chunk("d", start, end, text[start:end]) for start, end in spans]


def contexts(text: str, spans: list[tuple[int, int]], start: int, end: int, *headings: Heading) -> str:
    return label(document(text, *headings), cut(text, *spans), QUESTION, Verdict.PLACE, start, end).context


def rows(folder: Path, query: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(folder / FILE)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def bridge(library: Library, tmp_path: Path) -> Path:
    """A file in the library."""
    path = tmp_path / "bridge.txt"
    path.write_text(BRIDGE)
    library.add(path)
    return path


# What a label holds


def test_label_of_a_span_holds_its_passage_and_where_both_begin() -> None:
    text = "One is one. Two is two. Three is three."
    found = label(document(text), cut(text, (0, 23), (12, 39)), "What is two?", Verdict.RIGHT, 19, 22)
    assert (found.question, found.verdict) == ("What is two?", "right")
    assert (found.document_id, found.sha256, found.title) == ("d", "0" * 64, "Bridges")
    assert (found.context, found.context_start) == ("Two is two. Three is three.", 12)
    assert (found.start, found.end, found.quote) == (19, 22, "two")
    assert 0 <= (datetime.now(UTC) - datetime.fromisoformat(found.at)).total_seconds() < 60


@pytest.mark.parametrize(
    ("start", "end", "context"),
    [
        (0, 1, "abcdef"),  # only the first chunk holds it
        (4, 6, "cdefgh"),  # all three hold it, the first and the last at their very edge
        (5, 7, "cdefgh"),  # two have it as far inside: the first of them
        (6, 7, "efghij"),
        (9, 10, "efghij"),
        (1, 8, "abcdefghij"),  # no chunk holds it: all that it touches
        (1, 7, "abcdefghij"),
        (0, 10, "abcdefghij"),
    ],
)
def test_context_is_the_chunk_that_has_the_span_most_in_its_middle_or_all_that_it_touches(
    start: int, end: int, context: str
) -> None:
    assert contexts("abcdefghij", [(0, 6), (2, 8), (4, 10)], start, end) == context


def test_span_that_no_chunk_touches_has_its_section_as_context() -> None:
    text = "# Bridges\nOpened in 1932.\n# Ferries\nSank."
    headings = (Heading(1, "Bridges", 0, 9), Heading(1, "Ferries", 26, 35))
    assert contexts(text, [], 10, 16, *headings) == "\nOpened in 1932.\n"
    chunks = [(10, 25), (36, 41)]
    assert contexts(text, chunks, 28, 35, *headings) == "# Ferries"
    assert contexts(text, chunks, 28, 40, *headings) == "Ferries\nSank."  # it begins in a heading, outside all chunks


def test_span_in_front_matter_has_it_as_context() -> None:
    text = "title: Bridges\n---\nOpened in 1932."
    found = label(document(text, body_start=19), cut(text, (19, 34)), QUESTION, Verdict.PLACE, 7, 14)
    assert (found.context, found.quote) == ("title: Bridges\n---\n", "Bridges")


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (4, 3), (0, 11), (10, 11)])
def test_span_outside_the_document_is_an_error(start: int, end: int) -> None:
    with pytest.raises(DataError, match=f"The span {start}-{end} is empty or not inside 'Bridges', which has 10 char"):
        label(document("abcdefghij"), [], QUESTION, Verdict.RIGHT, start, end)


def test_blank_span_is_an_error() -> None:
    with pytest.raises(
        DataError, match="The span 1-3 is blank or not inside its context, which has the characters 0-4"
    ):
        label(document("a \nb"), [], QUESTION, Verdict.RIGHT, 1, 3)


@pytest.mark.parametrize("span", [(99, 133), (129, 161), (129, None), (None, 133), (133, 129)])
def test_label_whose_span_is_not_inside_its_context_cannot_be_made(span: tuple[int | None, int | None]) -> None:
    with pytest.raises(DataError, match="not inside its context, which has the characters 100-160"):
        replace(one_label(), start=span[0], end=span[1])


def test_right_place_without_a_span_cannot_be_made() -> None:
    with pytest.raises(DataError, match="No span is marked as the right place for 'When did"):
        replace(one_label(verdict=Verdict.PLACE), start=None, end=None)


@pytest.mark.parametrize("question", ["", " \n", "When \ud800?"])
def test_question_that_is_empty_or_no_text_is_an_error(question: str) -> None:
    with pytest.raises(QuestionError):
        one_label(question)


def test_label_of_a_refusal_holds_the_nearest_passage(library: Library, bridge: Path) -> None:
    answer = Assistant(library).ask("Who sank the ferry?", threshold=1.0)
    found = refusal_label(answer.question, Verdict.RIGHT, answer.nearest[0])
    (entry,) = library.documents()
    assert (found.document_id, found.sha256, found.title) == (entry.id, entry.sha256, "bridge")
    assert (found.context, found.context_start) == (BRIDGE, 0)
    assert (found.start, found.end, found.quote) == (None, None, "")


def test_label_of_a_refusal_with_nothing_near_holds_no_text() -> None:
    found = refusal_label("Who?", Verdict.RIGHT, None)
    assert (found.document_id, found.sha256, found.title, found.context, found.start) == (None, None, "", "", None)


# The record


def test_labels_come_back_as_they_were_kept_oldest_first(library: Library) -> None:
    kept = [
        one_label("Third?", at="2026-03-01T00:00:00+00:00"),
        one_label("First?", Verdict.WRONG, at="2026-01-01T00:00:00+00:00"),
        replace(refused("Second?"), document_id=None, sha256=None, at="2026-02-01T00:00:00+00:00"),
        one_label("Fourth?", Verdict.PLACE, at="2026-03-01T00:00:00+00:00"),
    ]
    for one in kept:
        library.judge(one)
    assert library.labels() == [kept[1], kept[2], kept[0], kept[3]]
    assert [type(one.verdict) for one in library.labels()] == [Verdict] * 4
    with Library.open(library.folder, embedder=WordEmbedder()) as again:
        assert again.labels() == library.labels()


def test_second_judgement_of_a_question_replaces_the_first_however_it_is_typed(library: Library) -> None:
    library.judge(one_label("Wie lang ist die Straße?", Verdict.RIGHT))
    library.judge(one_label("Other?"))
    second = one_label("  WIE LANG IST DIE STRASSE?\n", Verdict.WRONG)
    library.judge(second)
    assert library.labels() == [one_label("Other?"), second]
    assert question_key(" Straße ") == "strasse"


def test_label_that_is_forgotten_is_gone(library: Library) -> None:
    library.forget_label("Never judged?")
    library.judge(one_label())
    library.judge(refused())
    library.forget_label("when did the bridge open? ")
    assert library.labels() == [refused()]
    library.forget_label("Never judged?")
    assert library.labels() == [refused()]


def test_labels_change_neither_generation_nor_stamp(library: Library, bridge: Path) -> None:
    query = "SELECT key, value FROM meta WHERE key IN ('generation', 'stamp')"
    before = rows(library.folder, query)
    assert len(before) == 2
    library.judge(one_label())
    library.judge(one_label(verdict=Verdict.WRONG))
    library.forget_label(QUESTION)
    library.judge(one_label())
    assert rows(library.folder, query) == before


def test_labels_outlive_the_document_a_rebuild_and_a_sync(library: Library, bridge: Path) -> None:
    (entry,) = library.documents()
    with library.view() as view:
        kept = label(view.document(entry.id), view.passages(entry.id), QUESTION, Verdict.RIGHT, 29, 33)
    assert kept.quote == "1932"
    library.judge(kept)
    Library.rebuild(library.folder, embedder=WordEmbedder(), cutting=Cutting(budget=12))
    assert library.labels() == [kept]
    with Library.open(library.folder, embedder=WordEmbedder()) as rebuilt:
        bridge.write_text("Other words.")
        assert len(rebuilt.sync(bridge.parent).updated) == 1
        assert rebuilt.labels() == [kept]
        rebuilt.remove(bridge)
        assert rebuilt.documents() == []
        assert rebuilt.labels() == [kept]


def test_library_without_the_table_has_no_labels_and_gets_it_with_the_first(library: Library) -> None:
    query = "SELECT name FROM sqlite_master WHERE name = 'labels'"
    assert library.labels() == []
    library.forget_label(QUESTION)
    assert rows(library.folder, query) == []
    library.judge(one_label())
    assert rows(library.folder, query) == [("labels",)]
    assert library.labels() == [one_label()]


def test_threads_that_judge_at_once_lose_nothing(library: Library) -> None:
    def judge(number: int) -> None:
        for turn in range(5):
            library.judge(one_label(f"Question {number}.{turn}?"))

    threads = [Thread(target=judge, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {f"Question {number}.{turn}?" for number in range(4) for turn in range(5)}
    assert {one.question for one in library.labels()} == expected


def test_label_of_another_process_is_seen_at_once_and_may_be_replaced(library: Library) -> None:
    library.judge(one_label())
    program = (
        "import sys; from dataclasses import replace; from rag import Library, Verdict\n"
        "from rag.fakes import WordEmbedder\n"
        f"with Library.open({str(library.folder)!r}, embedder=WordEmbedder()) as library:\n"
        "    (label,) = library.labels()\n"
        "    library.judge(replace(label, verdict=Verdict.WRONG))\n"
        "    library.judge(replace(label, question='Another?'))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert library.labels() == [one_label(verdict=Verdict.WRONG), one_label("Another?")]
    library.judge(one_label(verdict=Verdict.PLACE))
    assert library.labels() == [one_label("Another?"), one_label(verdict=Verdict.PLACE)]


# The export


def test_export_is_grouped_by_title_and_context_and_leaves_out_what_says_nothing(tmp_path: Path) -> None:
    other = replace(one_label("Who built it?", Verdict.PLACE), start=151, end=159)
    elsewhere = replace(one_label("And when?"), title="Ferries", context="In 1932.", context_start=0, start=3, end=7)
    nowhere = refusal_label("Who?", Verdict.RIGHT, None)
    labels = [one_label(), elsewhere, refused(), one_label("Wrong?", Verdict.WRONG), other, nowhere]
    data, left_out = squad(labels)
    assert left_out == 2
    expected = {
        "version": "v2.0",
        "data": [
            {
                "title": "Bridges",
                "paragraphs": [
                    {
                        "context": BRIDGE,
                        "qas": [
                            {
                                "question": QUESTION,
                                "answers": [{"text": "1932", "answer_start": 29}],
                                "is_impossible": False,
                            },
                            {"question": "Who sank?", "answers": [], "is_impossible": True},
                            {
                                "question": "Who built it?",
                                "answers": [{"text": "Ada Berg", "answer_start": 51}],
                                "is_impossible": False,
                            },
                        ],
                    }
                ],
            },
            {
                "title": "Ferries",
                "paragraphs": [
                    {
                        "context": "In 1932.",
                        "qas": [
                            {
                                "question": "And when?",
                                "answers": [{"text": "1932", "answer_start": 3}],
                                "is_impossible": False,
                            }
                        ],
                    }
                ],
            },
        ],
    }
    ids = [entry.pop("id") for entry in entries(data)]
    assert data == expected
    assert len(set(ids)) == 4


def entries(data: dict[str, list[dict[str, list[dict[str, list[dict[str, object]]]]]]]) -> Iterator[dict[str, object]]:
    for article in data["data"]:
        for paragraph in article["paragraphs"]:
            yield from paragraph["qas"]


def test_id_hangs_on_question_and_context_alone() -> None:
    ids = [
        next(entries(squad([one])[0]))["id"]
        for one in (
            one_label(),
            replace(one_label(verdict=Verdict.PLACE), title="Other", at="2027-01-01T00:00:00+00:00", start=130),
            one_label("When?"),
            replace(one_label(), context=BRIDGE + " "),
        )
    ]
    assert ids[0] == "ab7ed6032359a3e4"
    assert ids[1] == ids[0]
    assert len(set(ids)) == 3


def test_nothing_to_export_is_an_empty_set() -> None:
    assert squad([]) == ({"version": "v2.0", "data": []}, 0)
    assert squad([one_label(verdict=Verdict.WRONG)]) == ({"version": "v2.0", "data": []}, 1)


def test_export_is_read_as_labelled_questions(tmp_path: Path) -> None:
    data, _ = squad([one_label(), refused()])
    (tmp_path / "labels.json").write_text(json.dumps(data))
    labelled = read_labelled([tmp_path / "labels.json"])
    assert labelled.faults == ()
    (paragraph,) = labelled.paragraphs
    assert (paragraph.article, paragraph.text) == ("Bridges", BRIDGE)
    found, impossible = paragraph.questions
    assert found == LabelledQuestion("ab7ed6032359a3e4", QUESTION, ((29, 33),))
    assert paragraph.answers(found) == ["1932"]
    assert (impossible.text, impossible.spans) == ("Who sank?", ())


@st.composite
def spans_of_documents(draw: st.DrawFn) -> tuple[Document, list[Chunk], int, int]:
    """A document with headings, front matter and chunks wherever, and a span of it that is not blank."""
    text = draw(st.text(st.sampled_from("ab é\n\u0301😀\x00"), min_size=1, max_size=40).filter(str.strip))
    offsets = st.integers(0, len(text))
    span = st.tuples(offsets, offsets).map(sorted).filter(lambda s: s[0] < s[1])
    cuts = draw(st.lists(offsets, unique=True, max_size=8).map(sorted))
    headings = [Heading(1, "h", *pair) for pair in zip(cuts[::2], cuts[1::2], strict=False)]
    chunks = cut(text, *sorted(map(tuple, draw(st.lists(span, max_size=5)))))
    start, end = draw(span.filter(lambda s: text[s[0] : s[1]].strip()))
    return document(text, *headings, body_start=draw(offsets)), chunks, start, end


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spans_of_documents())
def test_context_and_export_have_every_span_letter_for_letter(
    tmp_path: Path, drawn: tuple[Document, list[Chunk], int, int]
) -> None:
    of, chunks, start, end = drawn
    found = label(of, chunks, QUESTION, Verdict.PLACE, start, end)
    last = found.context_start + len(found.context)
    assert of.text[found.context_start : last] == found.context
    assert found.context[start - found.context_start : end - found.context_start] == of.text[start:end] == found.quote
    (tmp_path / "labels.json").write_text(json.dumps(squad([found])[0], ensure_ascii=False), encoding="utf-8")
    labelled = read_labelled([tmp_path / "labels.json"])
    (paragraph,) = labelled.paragraphs
    assert labelled.faults == ()
    assert paragraph.answers(paragraph.questions[0]) == [of.text[start:end]]


@settings(deadline=None)
@given(spans_of_documents())
def test_context_is_a_chunk_wherever_one_holds_the_span(drawn: tuple[Document, list[Chunk], int, int]) -> None:
    of, chunks, start, end = drawn
    holding = {(one.start, one.text) for one in chunks if one.start <= start and end <= one.end}
    found = label(of, chunks, QUESTION, Verdict.RIGHT, start, end)
    assert not holding or (found.context_start, found.context) in holding
