"""Labelled questions: what is read, what is reported, what is held out."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from rag.errors import DataError
from rag.labelled import Fault, LabelledQuestion, hold_out, paragraph_hash, read_labelled
from tests.rag.training.data import TEXT, squad


def write(path: Path, data: Any) -> Path:
    raw = json.dumps(data).encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def question(**changes: Any) -> dict[str, Any]:
    return {"id": "q", "question": "When?", "answers": [{"text": "1932", "answer_start": 21}]} | changes


@pytest.mark.parametrize("name", ["set.json", "set.json.gz"])
def test_plain_and_gzip_are_read(tmp_path: Path, name: str) -> None:
    labelled = read_labelled([write(tmp_path / name, squad([question()]))])
    (paragraph,) = labelled.paragraphs
    assert (paragraph.file, paragraph.article, paragraph.text) == ("set", "Bridges", TEXT)
    assert paragraph.questions == (LabelledQuestion("q", "When?", ((21, 25),)),)
    assert paragraph.answers(paragraph.questions[0]) == ["1932"]


def test_places_are_counted_in_the_text_as_a_file_of_it_would_be_read(tmp_path: Path) -> None:
    paragraph = {"context": "One\r\nTwo\rThree", "qas": [question(answers=[{"text": "Three", "answer_start": 9}])]}
    path = write(tmp_path / "set.json", {"data": [{"title": "a", "paragraphs": [paragraph]}]})
    (found,) = read_labelled([path]).paragraphs
    assert (found.text, found.answers(found.questions[0])) == ("One\nTwo\nThree", ["Three"])


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (question(is_impossible=True, answers=[]), LabelledQuestion("q", "When?", ())),
        (question(answers=[]), LabelledQuestion("q", "When?", ())),  # SQuAD 1.1 has no mark
        (question(wants="every span"), LabelledQuestion("q", "When?", ((21, 25),), every=True)),
        (question(wants="Every"), LabelledQuestion("q", "When?", ((21, 25),), every=True)),
    ],
)
def test_forms_of_a_question(tmp_path: Path, entry: dict[str, Any], expected: LabelledQuestion) -> None:
    (paragraph,) = read_labelled([write(tmp_path / "set.json", squad([entry]))]).paragraphs
    assert paragraph.questions == (expected,)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (question(id="bad", answers=[{"text": "1932", "answer_start": 20}]), "answer '1932' is not at 20"),
        (question(id="bad", answers=[{"text": "1932", "answer_start": -4}]), "answer '1932' is not at -4"),
        (question(id="bad", question="  "), "the question is empty"),
        (question(id="bad", wants="all"), "it has another shape (ValueError: it wants 'all'; write \"every\""),
        (question(id="bad", question=7), "it has another shape (AttributeError"),
        (question(id="bad", question="Where \ud83d?"), "the question or its paragraph holds half of a surrogate pair"),
        (question(id="bad", question="where " * 400), "The question has 400 tokens, at most 128 can be read"),
        (question(id="bad", answers=[{"text": "1932"}]), "it has another shape (KeyError: 'answer_start')"),
        (question(id="bad", answers=[], is_impossible=False), "it has no answer and is not marked as impossible"),
    ],
)
def test_bad_question_is_reported_by_file_and_id_and_the_rest_is_read(
    tmp_path: Path, entry: dict[str, Any], reason: str
) -> None:
    path = write(tmp_path / "set.json", squad([question(), entry]))
    labelled = read_labelled([path])
    (fault,) = labelled.faults
    assert (fault.file, fault.question) == (str(path), "bad")
    assert fault.reason.startswith(reason)
    assert labelled.questions == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is no JSON"),
        (b"[]", r"has another shape \(TypeError"),
        (b'{"data": [{"paragraphs": [{"context": "a"}]}]}', r"has another shape \(KeyError: 'qas'"),
        (b'{"data": []}', "There is no question to use"),
        (b"", "is no JSON"),
    ],
)
def test_file_that_is_none_is_an_error_that_names_it(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "set.json").write_bytes(content)
    with pytest.raises(DataError, match=message) as raised:
        read_labelled([tmp_path / "set.json"])
    assert "set.json" in str(raised.value)


def test_missing_and_damaged_files_are_errors(tmp_path: Path) -> None:
    (tmp_path / "set.json.gz").write_bytes(b"no gzip")
    damaged = bytearray(gzip.compress(b"x" * 1000))
    damaged[12:16] = b"\xff\xff\xff\xff"
    (tmp_path / "damaged.json.gz").write_bytes(damaged)
    for path in (tmp_path / "none.json", tmp_path / "set.json.gz", tmp_path / "damaged.json.gz"):
        with pytest.raises(DataError, match="Cannot read the questions in"):
            read_labelled([path])


def test_lines_ask_more_about_paragraphs_of_other_files(tmp_path: Path) -> None:
    data = write(tmp_path / "set.json", squad([question()]))
    lines = [
        {"paragraph": paragraph_hash(TEXT), "question": "Where?", "answers": []},
        {
            "paragraph": paragraph_hash(TEXT),
            "question": "What two?",
            "answers": [[4, 10], [21, 25]],
            "wants": "every span",
        },
        {
            "paragraph": paragraph_hash(TEXT),
            "history": [{"question": "Who came", "answer": "Two men."}, {"question": "Why?", "answer": ""}],
            "question": "when was that",
            "answers": [],
        },
        {"paragraph": "0" * 16, "question": "Of another paragraph?", "answers": []},
        {"paragraph": paragraph_hash(TEXT), "question": "Beyond?", "answers": [[20, 99]]},
    ]
    more = tmp_path / "more.jsonl"
    more.write_text("\n".join(map(json.dumps, lines)))
    labelled = read_labelled([more, data])
    assert [(q.text, q.spans, q.every) for q in labelled.paragraphs[0].questions[1:]] == [
        ("Where?", (), False),
        ("What two?", ((4, 10), (21, 25)), True),
        ("Who came? Two men. Why? when was that", (), False),
    ]
    assert labelled.faults == (
        Fault(str(more), "more.jsonl:5", "an answer of ((20, 99),) is not inside the paragraph"),
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"history": [{"question": "Who?", "answer": None}]}, "the line has another shape (AttributeError"),
        ({"paragraph": None, "question": 5}, ""),  # of another paragraph
        ({"question": 5}, "the line has another shape (AttributeError"),
        ({"question": " "}, "the question is empty"),
        ({"question": "Where \ud83d?"}, "the question or its paragraph holds half of a surrogate pair"),
        ({"question": "where " * 129}, "The question has 129 tokens, at most 128 can be read"),
        ({"wants": "all"}, "the line has another shape (ValueError: it wants 'all'"),
        ({"answers": 7}, "the line has another shape (TypeError"),
    ],
)
def test_bad_line_is_reported_by_file_and_line_and_the_rest_is_read(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    data = write(tmp_path / "set.json", squad([question()]))
    line = {"paragraph": paragraph_hash(TEXT), "question": "Where?", "answers": []}
    more = tmp_path / "more.jsonl"
    more.write_text(f"{json.dumps(line)}\n{json.dumps(line | change)}\n")
    labelled = read_labelled([more, data])
    assert [asked.text for asked in labelled.paragraphs[0].questions] == ["When?", "Where?"]
    assert [fault.question for fault in labelled.faults] == ["more.jsonl:2"] * bool(reason)
    assert all(fault.reason.startswith(reason) for fault in labelled.faults)


def test_paragraph_with_half_a_surrogate_pair_is_left_out_and_its_questions_are_reported(tmp_path: Path) -> None:
    broken = {"context": "Opened \ud83d in 1932.", "qas": [question(id="lost", answers=[])]}
    data = squad([question()])
    data["data"][0]["paragraphs"].append(broken)
    labelled = read_labelled([write(tmp_path / "set.json", data)])
    assert [paragraph.text for paragraph in labelled.paragraphs] == [TEXT]
    assert [fault.question for fault in labelled.faults] == ["lost"]


def test_held_out_articles_are_on_one_side_only(tmp_path: Path) -> None:
    data = {"data": [squad([question()], title=f"Article {n % 50}")["data"][0] for n in range(200)]}
    paragraphs = read_labelled([write(tmp_path / "set.json", data)]).paragraphs
    kept, held = hold_out(paragraphs, 0.2, seed=1)
    assert len(kept) + len(held) == 200
    assert 20 <= len(held) <= 60
    assert not {p.article for p in kept} & {p.article for p in held}
    assert hold_out(paragraphs, 0.2, seed=1) == (kept, held)
    assert hold_out(paragraphs, 0.2, seed=2) != (kept, held)
