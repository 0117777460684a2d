"""Asking: quotes that are exact, refusals that say why."""

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_overloads

import docx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from rag import Answer, Assistant, Cutting, Library, Refusal
from rag.errors import QuestionError
from rag.fakes import NumberReader, WordEmbedder
from rag.reading import Confidence, Span
from rag.values import Stage, Turn


def add(library: Library, folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.md").write_text(text)
        library.add(folder / f"{name}.md")


def assert_exact(answer: Answer, library: Library) -> None:
    """`document.text[start:end] == quote` for everything that is cited."""
    others = [c for alternative in answer.alternatives for c in alternative.citations]
    with library.view() as view:
        for citation in (*answer.citations, *others, *answer.nearest):
            document = view.document(citation.document_id)
            assert document.text[citation.start : citation.end] == citation.quote
            first = citation.sentence_start
            assert document.text[first : first + len(citation.sentence)] == citation.sentence
            assert first <= citation.start
            assert citation.end <= first + len(citation.sentence)
            assert (citation.title, citation.source, citation.sha256) == (
                document.title,
                document.source,
                document.sha256,
            )


def test_article_is_answered_in_its_own_words_with_the_place(article_assistant: Assistant) -> None:
    answer = article_assistant.ask("When did the czars conquer Crimea?")
    assert answer.text == "1783"
    (citation,) = answer.citations
    assert citation.quote == "1783"
    assert citation.sentence == "The czars conquered Crimea in 1783."
    assert citation.heading == ("The January 2022 standoff over Ukraine", "A longer history")
    assert citation.page is None
    assert Path(citation.source).read_text(encoding="utf-8")[citation.start : citation.end] == "1783"
    assert answer.refusal is None
    assert answer.nearest == ()
    assert 0.5 <= answer.confidence <= 1


def test_what_the_article_does_not_say_is_refused_with_the_nearest_passages(article_assistant: Assistant) -> None:
    answer = article_assistant.ask("Who won the football world cup in 1998?")
    assert (answer.text, answer.citations, answer.refusal) == ("", (), Refusal.NO_ANSWER)
    assert len(answer.nearest) == 3
    assert_exact(answer, article_assistant.library)


def test_half_of_a_surrogate_pair_is_no_question(article_assistant: Assistant) -> None:
    for question, said in (("\ud800?", ""), ("Why?", "\udfff")):
        with pytest.raises(QuestionError, match="half of a surrogate pair"):
            article_assistant.ask(question, history=[Turn("Who?", said)])


def test_same_question_same_answer(article_assistant: Assistant) -> None:
    question = "What does Russia want?"
    first = article_assistant.ask(question)
    assert article_assistant.ask_many([question, "Who is Stalin?", question]) == [
        first,
        article_assistant.ask("Who is Stalin?"),
        first,
    ]
    assert asyncio.run(article_assistant.aask(question)) == first
    every = article_assistant.ask(question, every=True)
    assert asyncio.run(article_assistant.aask(question, every=True)) == every


def test_equal_answers_in_several_places_are_one_with_every_place_cited(
    library: Library, assistant: Assistant, tmp_path: Path
) -> None:
    add(library, tmp_path, a="The bridge opened in 1932.", b="In 1932 the bridge opened. The bridge cost 40.")
    answer = assistant.ask("When was the bridge opened?")
    assert answer.text == "1932"
    assert {(Path(c.source).name, c.start, c.end) for c in answer.citations} == {("a.md", 21, 25), ("b.md", 3, 7)}
    assert [other.text for other in answer.alternatives] == ["40"]
    assert_exact(answer, library)


def test_equal_text_twice_in_one_document_is_told_apart_by_offsets(
    library: Library, assistant: Assistant, tmp_path: Path
) -> None:
    add(library, tmp_path, a="The bridge opened in 7.\n\nThe bridge has 7 arches.")
    answer = assistant.ask("bridge")
    assert [(c.start, c.end, c.quote) for c in answer.citations] == [(21, 22, "7"), (40, 41, "7")]


def test_a_place_found_in_two_overlapping_passages_is_cited_once(tmp_path: Path) -> None:
    text = "Words come first here. The bridge opened in 1932 at last. More words come after it."
    with Library.open(tmp_path / "l", embedder=WordEmbedder(), cutting=Cutting(budget=17, overlap=1)) as library:
        add(library, tmp_path, a=text)
        assert sum("1932" in passage.chunk.text for passage in library.search("bridge")) == 2
        (citation,) = Assistant(library, NumberReader()).ask("When was the bridge opened?").citations
    assert citation.start == text.index("1932")


class FixedReader:
    """Answers with the first word of each passage, with one score."""

    confidence = Confidence()
    sha256 = "0" * 64

    def __init__(self, score: float):
        self.score = score

    def read_every(self, question: str, passages: list[str]) -> list[Span]:
        return self.read(question, passages)

    def read(self, question: str, passages: list[str]) -> list[Span]:
        return [Span(n, 0, len(passage.split()[0]), self.score) for n, passage in enumerate(passages)]


@pytest.mark.parametrize(
    ("score", "threshold", "refusal"),
    [
        (3.0, 0.9, None),
        (3.0, 0.96, Refusal.BELOW_THRESHOLD),
        (-0.1, 0.5, Refusal.NO_ANSWER),
        (-0.1, 0.4, None),
        (-9.0, 0.0, None),
    ],
)
def test_refusal_says_whether_no_passage_or_too_weak_a_one_answers(
    library: Library, tmp_path: Path, score: float, threshold: float, refusal: Refusal | None
) -> None:
    add(library, tmp_path, a="Words here.")
    answer = Assistant(library, FixedReader(score)).ask("What?", threshold=threshold)
    assert answer.refusal == refusal
    assert answer.confidence == pytest.approx(1 / (1 + 2.718281828**-score))
    assert [c.quote for c in answer.nearest] == ([] if refusal is None else ["Words here."])


def test_empty_library_retrieves_nothing(assistant: Assistant) -> None:
    answer = assistant.ask("When?")
    assert (answer.refusal, answer.nearest, answer.confidence) == (Refusal.NOTHING_RETRIEVED, (), 0.0)


@pytest.mark.parametrize(
    ("question", "options", "message"),
    [
        ("", {}, "The question is empty"),
        (" \n", {}, "The question is empty"),
        (None, {}, "A question is text, and None is none"),
        (5, {}, "A question is text, and 5 is none"),
        (b"Who?", {}, "A question is text, and b'Who"),
        ("Who?", {"k": 0}, "Cannot read 0 passages"),
        ("Who?", {"k": 2.5}, "Cannot read 2.5 passages"),
        ("Who?", {"k": "3"}, "Cannot read '3' passages"),
        ("Who?", {"k": True}, "Cannot read True passages"),
        ("Who?", {"k": float("nan")}, "Cannot read nan passages"),
        ("Who?", {"threshold": 1.5}, "threshold of 1.5 is no confidence"),
        ("Who?", {"threshold": "0.5"}, "threshold of '0.5' is no confidence"),
        ("Who?", {"threshold": True}, "threshold of True is no confidence"),
        ("Who?", {"threshold": float("nan")}, "threshold of nan is no confidence"),
        ("Who?", {"history": None}, "history holds None, which is no earlier turn. Give a list, oldest first"),
        ("Who?", {"history": Turn("Who?", "Ada")}, "which is no earlier turn"),
        ("Who?", {"history": "Who?"}, "history holds 'W'"),
        ("Who?", {"history": [{"question": "Who?", "answer": "Ada"}]}, "history holds {'question': 'Who"),
        ("Who?", {"history": [("Who?", "Ada")]}, "which is no earlier turn"),
        ("Who?", {"history": [Turn("Who?", None)]}, "answer=None.*, both text"),  # type: ignore[arg-type]
    ],
)
def test_question_that_cannot_be_asked_is_an_error_and_no_refusal(
    assistant: Assistant, question: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(QuestionError, match=message):
        assistant.ask(question, **options)


def test_numbers_may_be_those_of_numpy(library: Library, assistant: Assistant, tmp_path: Path) -> None:
    add(library, tmp_path, a="The bridge opened in 1932.")
    assert assistant.ask("bridge", k=np.int64(1), threshold=np.float32(0.25)).text == "1932"  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("window", "message"),
    [(256, "^The question has 300 tokens, at most 128 can be read. Ask a shorter one.$"), (99, "at most 128 can be")],
)
def test_question_that_is_too_long_is_refused_by_the_reader_s_limit_before_anything_is_embedded(
    tmp_path: Path, window: int, message: str
) -> None:
    embedder = WordEmbedder(window)
    with Library.open(tmp_path / "l", embedder=embedder) as library:
        assistant = Assistant(library, NumberReader())
        with pytest.raises(QuestionError, match=message):
            next(assistant.asking("word " * 300))
        assert assistant.ask("word " * 90).refusal is Refusal.NOTHING_RETRIEVED
        before = embedder.embedded
        if window < 128:
            with pytest.raises(
                QuestionError, match="has 122 tokens, the embedding model takes 99. Ask a shorter one.$"
            ):
                next(assistant.asking("word " * 120))
        assert embedder.embedded == before


def test_a_turn_that_got_every_answer_is_read_as_one_that_got_the_surest(
    library: Library, assistant: Assistant, tmp_path: Path
) -> None:
    add(library, tmp_path, a="The bridge opened in 1932.", b="The bridge cost 40.", c="In 1932 the mill had 7 wheels.")
    every = assistant.ask("When was the bridge opened?", every=True, threshold=0.0)
    assert len(every.values) > 1
    after = assistant.ask("And what had the mill then?", history=[every])
    assert after.read_as is not None
    assert after == assistant.ask("And what had the mill then?", history=[Turn(every.question, every.values[0].text)])
    refused = assistant.ask("Who?", every=True, threshold=1.0)
    assert refused.values == ()
    unanswered = assistant.ask("And the mill?", history=[refused])
    assert unanswered == assistant.ask("And the mill?", history=[Turn("Who?", "")])


def test_aask_may_be_called_in_every_way_of_ask() -> None:
    def kinds(function: Any) -> list[Any]:
        return [overload.__annotations__["every"] for overload in get_overloads(function)]

    assert kinds(Assistant.aask) == kinds(Assistant.ask)
    assert kinds(Assistant.aask)[-1] is bool


FORKING = """
import multiprocessing, sys
from rag import Assistant, Library
from rag.errors import ModelError
assistant = Assistant(Library.open(sys.argv[1], create=False))
question, passage = "When did the czars conquer Crimea?", "The czars conquered Crimea in 1783."
def child(use):
    try:
        print(use())
    except ModelError as error:
        print(error)
uses = [
    lambda: assistant.ask(question).text,
    lambda: Assistant(Library.open(sys.argv[1])).reader.read(question, [passage])[0].score > 0,
    lambda: len(assistant.library.embedder.embed(["One.", "Two."])),
]
if "ask" in sys.argv:
    print(assistant.ask(question).text, flush=True)
for use in uses:
    process = multiprocessing.get_context("fork").Process(target=child, args=(use,))
    process.start()
    process.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    ("threads", "asked", "expected"),
    [("2", ["ask"], ["1783"]), ("1", ["ask"], ["1783", "1783", "True", "2"]), ("2", [], ["1783", "True", "2"])],
)
def test_a_process_that_was_forked_after_a_model_ran_is_told_so_and_does_not_wait_for_ever(
    article_folder: Path, threads: str, asked: list[str], expected: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING, str(article_folder), *asked],
        capture_output=True,
        text=True,
        timeout=150,
        env={**os.environ, "OMP_NUM_THREADS": threads},
    )
    told, said = [], []
    for line in done.stdout.splitlines():
        (told if line.startswith("This process was forked") else said).append(line)
    assert said == expected, done.stderr
    assert len(told) == 3 + len(asked) - len(expected)
    assert all('Start processes with "spawn"' in line for line in told)


def test_answer_is_ready_for_json(article_assistant: Assistant) -> None:
    answer = article_assistant.ask("When did the czars conquer Crimea?")
    read = json.loads(json.dumps(answer.to_dict()))
    assert read["citations"][0]["quote"] == "1783"
    assert set(read["timings"]) == {"embed", "dense", "lexical", "read", "rest", "total"}
    assert answer == replace(answer, timings=article_assistant.ask("Who?").timings)


def test_stages_add_up_to_the_total(article_assistant: Assistant) -> None:
    timings = article_assistant.ask("When did the czars conquer Crimea?").timings
    stages = timings.embed + timings.dense + timings.lexical + timings.read + timings.rest
    assert stages == pytest.approx(timings.total)
    assert min(timings.embed, timings.dense, timings.lexical, timings.read, timings.rest) > 0


def as_pdf(blocks: list[str]) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    for n, block in enumerate(blocks):
        text = canvas.beginText(50, 780)
        text.textLines(block)
        canvas.drawText(text)
        if n % 2:
            canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def as_docx(blocks: list[str]) -> bytes:
    document = docx.Document()
    for n, block in enumerate(blocks):
        document.add_heading(block, 2) if n % 4 == 3 else document.add_paragraph(block)
    document.add_table(1, 1).rows[0].cells[0].text = blocks[0]
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def as_html(blocks: list[str]) -> bytes:
    from html import escape

    body = "".join(f"<h2>{escape(b)}</h2>" if n % 4 == 3 else f"<p>{escape(b)}</p>" for n, b in enumerate(blocks))
    return f"<!doctype html><html><body><article>{body}</article></body></html>".encode()


def as_markdown(blocks: list[str]) -> bytes:
    return "\n\n".join(f"## {b}" if n % 4 == 3 else b for n, b in enumerate(blocks)).encode()


FORMATS = {
    "pdf": as_pdf,
    "docx": as_docx,
    "html": as_html,
    "md": as_markdown,
    "txt": lambda blocks: "\r\n\r\n".join(blocks).encode("utf-16"),
}
SAID = st.lists(
    st.sampled_from(
        "The bridge opened in 1932. It cost 8,500. “Łódź” é e\u0301 日本 😀 🏳️‍🌈 <b>&amp; | # - a.b 3.5% U.S.".split(" ")
    ),
    min_size=4,
    max_size=40,
).map(" ".join)


@pytest.mark.parametrize("suffix", FORMATS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blocks=st.lists(SAID, min_size=1, max_size=9), question=SAID)
def test_every_citation_quotes_its_document_exactly_in_every_format(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, blocks: list[str], question: str
) -> None:
    folder = tmp_path_factory.mktemp("exact")
    (folder / f"a.{suffix}").write_bytes(FORMATS[suffix](blocks))
    with Library.open(folder / "library", embedder=WordEmbedder()) as library:
        report = library.add(folder / f"a.{suffix}")
        if report.failed:
            assert report.failed[0].reason
            return
        for threshold in (0.0, 1.0):
            assert_exact(Assistant(library, NumberReader()).ask(question, threshold=threshold), library)


def test_every_distinct_answer_is_given_with_all_its_places(
    library: Library, assistant: Assistant, tmp_path: Path
) -> None:
    add(
        library,
        tmp_path,
        a="The old stone bridge over the river cost 1500 pounds.",
        b="The old stone bridge over the river cost 1600.",
        c="The old stone bridge over the river did cost 1500 then.",
    )
    every = assistant.ask("What did the old stone bridge over the river cost?", every=True)
    found = {value.normalized: sorted(Path(c.source).name for c in value.citations) for value in every.values}
    assert found == {"number 1500": ["a.md", "c.md"], "number 1600": ["b.md"]}
    assert_exact(replace(assistant.ask("bridge"), citations=every.values[0].citations), library)
    assert every.disagree
    assert every.refusal is None
    assert json.loads(json.dumps(every.to_dict()))["values"][1]["citations"][0]["quote"] in ("1500", "1600")


def test_documents_that_share_a_value_do_not_disagree(library: Library, assistant: Assistant, tmp_path: Path) -> None:
    add(library, tmp_path, a="The bridge cost 7, then 8.", b="The bridge cost 8.")
    every = assistant.ask("What did the bridge cost?", every=True)
    assert {value.text for value in every.values} == {"7", "8"}
    assert not every.disagree


def test_dates_of_documents_are_cited_where_known(library: Library, assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><head><title>Bridge</title><meta property='article:published_time' content='2021-05-03'></head>"
        "<body><article><p>The bridge of the town has 7 arches, as everybody knows who has been there.</p>"
        "<p>It is a fine bridge, of stone, and the river under it is wide and slow.</p></article></body></html>"
    )
    library.add(tmp_path / "a.html")
    add(library, tmp_path, b="The bridge has 9 arches.")
    every = assistant.ask("How many arches has the bridge?", every=True)
    assert {(value.text, value.citations[0].date) for value in every.values} == {("7", "2021-05-03"), ("9", None)}


def test_every_refuses_with_reason_and_nearest(library: Library, assistant: Assistant, tmp_path: Path) -> None:
    assert assistant.ask("Anything?", every=True).refusal is Refusal.NOTHING_RETRIEVED
    add(library, tmp_path, a="No figures here.")
    every = assistant.ask("How many?", every=True)
    assert (every.values, every.disagree, every.refusal) == ((), False, Refusal.NO_ANSWER)
    assert [c.quote for c in every.nearest] == ["No figures here."]


def test_every_passage_is_read_once(library: Library, tmp_path: Path) -> None:
    read: list[str] = []

    class Counting(NumberReader):
        def read(self, question: str, passages: Sequence[str]) -> list[Span]:
            read.extend(passages)
            return super().read(question, passages)

    add(library, tmp_path, a="The bridge cost 7.", b="The bridge cost 8.")
    for every in (False, True):
        read.clear()
        Assistant(library, Counting()).ask("What did the bridge cost?", every=every)
        assert sorted(read) == ["The bridge cost 7.", "The bridge cost 8."]


@pytest.mark.parametrize("every", [False, True])
def test_asking_tells_each_stage_when_it_begins_and_the_answer_of_ask_last(
    library: Library, tmp_path: Path, every: bool
) -> None:
    done: list[str] = []

    class Telling(NumberReader):
        def read(self, question: str, passages: Sequence[str]) -> list[Span]:
            done.append("read")
            return super().read(question, passages)

    add(library, tmp_path, a="The bridge opened in 1932.", b="The bridge cost 40.")
    assistant = Assistant(library, Telling())
    history = [Turn("What about the bridge?", "")]
    told = assistant.asking("When did it open?", history=history, k=2, threshold=0.1, every=every)
    assert next(told) is Stage.FINDING
    assert done == []
    assert next(told) is Stage.READING
    assert done == []
    answer = next(told)
    assert "read" in done
    assert list(told) == []
    assert answer == assistant.ask("When did it open?", history=history, k=2, threshold=0.1, every=every)


def test_asking_raises_before_any_stage_what_cannot_be_asked(assistant: Assistant) -> None:
    with pytest.raises(QuestionError, match="The question is empty"):
        next(assistant.asking(" "))
