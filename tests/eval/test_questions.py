"""Question sets: what is read, and what is said of what cannot be."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from rag import Assistant, Library
from rag.corpora import shipped_corpus
from rag.errors import EvaluationError
from rag.eval.draft import draft
from rag.eval.library import library_of, names_of, read_beir
from rag.eval.measure import Failure, failure
from rag.eval.questions import Gold, Question, located, read_questions
from rag.eval.record import about, record_of
from rag.eval.reports.exchange import trec_qrels, trec_run
from rag.eval.reports.html import run_html
from rag.eval.rows import rows_of
from rag.eval.run import run
from rag.fakes import NumberReader, WordEmbedder
from rag.loading import load
from rag.values import Turn
from tests.conftest import TOP

SETS = TOP / "eval" / "sets"


def in_folder(folder: Path) -> tuple[Callable[[str], str], Callable[[str, str], int]]:
    """The texts of a folder's files, and where words stand in them."""
    texts = cache(lambda name: load(folder / name).text)
    return texts, lambda name, words: texts(name).find(words)


def test_article_set_is_complete_and_every_gold_answer_stands_where_it_is_said_to() -> None:
    questions = read_questions(SETS / "article.jsonl")
    follow_ups = [q for q in questions if "follow-up" in q.tags]
    others = [q for q in questions if "follow-up" not in q.tags]
    counts = (len([q for q in others if q.answers]), len([q for q in others if not q.answers]), len(follow_ups))
    assert counts == (100, 30, 20)
    assert all(q.history for q in follow_ups)
    text_of, find = in_folder(shipped_corpus())
    assert located(questions, text_of, find) == questions


def test_harbour_set_names_answers_that_stand_in_its_documents() -> None:
    folder = SETS / "harbour" / "documents"
    questions = read_questions(SETS / "harbour" / "questions.jsonl")
    placed = located(questions, *in_folder(folder))
    assert len(placed) == 60
    assert all(answer.start is not None for question in placed for answer in question.answers)
    assert {Path(answer.document or "").suffix for q in placed for answer in q.answers} == {
        ".md",
        ".txt",
        ".html",
        ".docx",
        ".pdf",
    }


def test_forms_of_a_line(tmp_path: Path) -> None:
    lines = [
        {"question": "Who?", "answers": ["Ada"]},
        {"id": 7, "question": "Who?", "answers": [{"text": "Ada", "start": 3}], "document": "a.md", "tags": ["who"]},
        {"id": "e", "question": "Who all?", "answers": [{"text": "Ada", "document": "b.md"}], "wants": "every"},
        {"id": "h", "question": "When?", "answers": [], "history": [{"question": "Who?", "answer": "Ada"}]},
        {"id": "s", "question": "Who all?", "answers": ["Ada"], "wants": "Every span"},
        {"id": "n", "question": "Who?", "answers": ["Ada"], "wants": None, "document": None},
    ]
    (tmp_path / "set.jsonl").write_text("\n\n".join(map(json.dumps, lines)))
    assert read_questions(tmp_path / "set.jsonl") == [
        Question("1", "Who?", (Gold("Ada"),)),
        Question("7", "Who?", (Gold("Ada", 3, "a.md"),), tags=("who",)),
        Question("e", "Who all?", (Gold("Ada", None, "b.md"),), every=True),
        Question("h", "When?", (), history=(Turn("Who?", "Ada"),)),
        Question("s", "Who all?", (Gold("Ada"),), every=True),
        Question("n", "Who?", (Gold("Ada"),)),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"set.jsonl:2 is no question \(JSONDecodeError"),
        ('{"id": "1", "answers": []}', r"set.jsonl:2 is no question \(KeyError: 'question'"),
        ('{"question": " ", "answers": []}', r"set.jsonl:2 is no question \(ValueError: ' ' is no text"),
        ('{"question": "Who?", "answers": [{"start": 1}]}', r"set.jsonl:2 is no question \(KeyError: 'text'"),
        ("[]", r"set.jsonl:2 is no question \(ValueError: \[\] is no object"),
        (
            '{"question": "Who?", "answers": [], "want": "every"}',
            "set.jsonl:2 .* the key 'want'; there may be id, question, answers, document, wants, history, tags",
        ),
        (
            '{"question": "Who?", "answers": [{"text": "Ada", "doc": "a.md"}]}',
            "'doc'; there may be text, start, document",
        ),
        (
            '{"question": "Who?", "answers": [], "history": [{"question": "Who?", "answers": "Ada"}]}',
            "set.jsonl:2 .* the key 'answers'; there may be question, answer",
        ),
        ('{"id": " ", "question": "Who?", "answers": []}', "The id of 'Who\\?' in .*set.jsonl' is blank"),
        ('{"question": "Who?", "answers": "Ada"}', r"set.jsonl:2 is no question \(ValueError: 'Ada' is no list"),
        ('{"question": "Who?", "answers": [], "tags": "draft"}', "'draft' is no list"),
        ('{"question": "Who?", "answers": [], "history": [{"question": 1}]}', "1 is no text"),
        ('{"question": "Who?", "answers": [{"text": "Ada", "start": 12}]}', "the start 12 of 'Ada' is in no document"),
        ('{"id": "a", "question": "Who?", "answers": []}', "two questions with the id 'a'"),
        ('{"question": "Who?", "answers": ["Ada"], "wants": "all"}', "set.jsonl:2 .* it wants 'all'; write \"every\""),
        ('{"question": "Who?", "answers": ["Ada"], "wants": true}', "set.jsonl:2 .* it wants True"),
        ('{"question": "Who?", "answers": ["Ada"], "document": ["a.md"]}', r"set.jsonl:2 .* \['a.md'\] is no text"),
        (
            '{"question": "Who?", "answers": [{"text": "Ada", "start": 1e999, "document": "a"}]}',
            "set.jsonl:2 .*OverflowError",
        ),
    ],
)
def test_broken_line_is_named_by_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    good = json.dumps({"id": "a", "question": "Who?", "answers": []})
    (tmp_path / "set.jsonl").write_text(f"{good}\n{line}\n")
    with pytest.raises(EvaluationError, match=message):
        read_questions(tmp_path / "set.jsonl")


@pytest.mark.parametrize(
    "line",
    [
        r'{"question": "Who \ud83d?", "answers": []}',
        r'{"question": "Who?", "answers": ["Ada \udc00"]}',
        r'{"question": "Who?", "answers": [], "tags": ["\ud83d"]}',
        r'{"question": "Who?", "answers": ["Ada"], "document": "\ud83d.md"}',
        r'{"question": "Who?", "answers": [], "history": [{"question": "Who?", "answer": "\ud83d"}]}',
    ],
)
def test_half_of_a_surrogate_pair_is_named_by_file_and_line(tmp_path: Path, line: str) -> None:
    whole = r'{"id": "a", "question": "Who \ud83d\ude00?", "answers": []}'
    (tmp_path / "set.jsonl").write_text(f"{whole}\n{line}\n")
    with pytest.raises(EvaluationError, match="set.jsonl:2 is no question .* half of a surrogate pair"):
        read_questions(tmp_path / "set.jsonl")


@pytest.mark.parametrize("part", ["context", "id", "question"])
def test_half_of_a_surrogate_pair_in_squad_is_an_error_that_names_the_question(tmp_path: Path, part: str) -> None:
    texts = {"context": "It opened in 1932.", "id": "q", "question": "When?"}
    texts[part] += "\ud83d"
    entry = {"id": texts["id"], "question": texts["question"], "answers": [{"text": "1932", "answer_start": 13}]}
    paragraphs = [
        {"context": "It opened in 1932.", "qas": [{**entry, "id": "good", "question": "When?"}]},
        {"context": texts["context"], "qas": [entry]},
    ]
    (tmp_path / "set.json").write_text(json.dumps({"data": [{"title": "A", "paragraphs": paragraphs}]}))
    with pytest.raises(EvaluationError, match="'q.*half of a surrogate pair"):
        read_questions(tmp_path / "set.json")


def test_empty_set_and_missing_file_are_errors(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text("\n")
    with pytest.raises(EvaluationError, match="is empty"):
        read_questions(tmp_path / "set.jsonl")
    with pytest.raises(EvaluationError, match="Cannot read the question set"):
        read_questions(tmp_path / "none.jsonl")
    with pytest.raises(EvaluationError, match=r"Cannot read the questions in .*none.json'"):
        read_questions(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("gold", "message"),
    [
        (Gold("1932", 3, "a.txt"), "'1932' of question 'q' is not in 'a.txt' at 3"),
        (Gold("1933", None, "a.txt"), "'1933' of question 'q' is not in 'a.txt'"),
        (Gold("1932", None, "b.txt"), "'q' names the document 'b.txt', which the library does not hold"),
    ],
)
def test_gold_answer_that_is_not_in_its_document_is_an_error_that_names_it(gold: Gold, message: str) -> None:
    text = "It opened in 1932."
    with pytest.raises(EvaluationError, match=message):
        located([Question("q", "When?", (gold,))], {"a.txt": text}.get, lambda _, words: text.find(words))


@pytest.mark.parametrize("name", ["set.JSONL", "set.ndjson", "set.json", "set.jsonl.gz"])
def test_lines_of_json_in_a_file_of_another_name_are_told_their_name(tmp_path: Path, name: str) -> None:
    lines = "".join(f'{{"id": "{n}", "question": "Who?", "answers": []}}\n' for n in range(2)).encode()
    (tmp_path / name).write_bytes(gzip.compress(lines) if name.endswith(".gz") else lines)
    with pytest.raises(EvaluationError, match="A file with lines of JSON must be named .jsonl"):
        read_questions(tmp_path / name)


def test_blank_id_in_squad_is_an_error(tmp_path: Path) -> None:
    qas = [{"id": "", "question": "When?", "answers": [{"text": "1932", "answer_start": 13}]}]
    data = {"data": [{"title": "a", "paragraphs": [{"context": "It opened in 1932.", "qas": qas}]}]}
    (tmp_path / "set.json").write_text(json.dumps(data))
    with pytest.raises(EvaluationError, match=r"The id of 'When\?' in .* is blank"):
        read_questions(tmp_path / "set.json")


def test_document_may_be_named_as_the_library_prints_it(library: Library, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("It opened in 1932.")
    library.add(tmp_path / "docs", relative_to=tmp_path)
    asked = [Question(name, "When?", (Gold("1932", None, name),)) for name in ("a.txt", "docs/a.txt")]
    by_name, by_source = run(Assistant(library, NumberReader()), asked)
    assert by_name.gold_places == by_source.gold_places
    assert by_name.wanted == by_source.wanted == (frozenset({"a.txt:0-18"}),)


def test_squad_brings_its_documents(tmp_path: Path) -> None:
    qas = [{"id": "1", "question": "When?", "answers": [{"text": "1932", "answer_start": 13}]}]
    data = {"data": [{"title": "a", "paragraphs": [{"context": "It opened in 1932.", "qas": qas}]}]}
    (tmp_path / "set.json").write_text(json.dumps(data))
    questions = read_questions(tmp_path / "set.json")
    assert questions == [Question("1", "When?", (Gold("1932", 13, "000000.txt"),))]
    with library_of(tmp_path / "set.json") as library, library.view() as view:
        (entry,) = view.entries()
        assert Path(entry.location).name == "000000.txt"
        assert view.document(entry.id).text == "It opened in 1932."


def beir(folder: Path, **files: str) -> Path:
    parts = {
        "corpus.jsonl": '{"_id": "d/1", "title": "Bridges", "text": "It opened in 1932."}\n'
        '{"_id": "2", "text": "Bread."}\n',
        "queries.jsonl": '{"_id": "q1", "text": "When?"}\n{"_id": "q2", "text": "Not judged"}\n',
        "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\td/1\t2\nq1\t2\t0\n",
    } | files
    (folder / "qrels").mkdir()
    for name, text in parts.items():
        if text:
            (folder / name).write_text(text)
    return folder


def test_beir_folder(tmp_path: Path) -> None:
    folder = beir(tmp_path)
    assert read_beir(folder) == [Question("q1", "When?", (), documents=("d/1",))]
    with library_of(folder) as library, library.view() as view:
        texts = {Path(entry.location).name: view.document(entry.id).text for entry in view.entries()}
    assert texts == {"d%00002f1.txt": "Bridges\n\nIt opened in 1932.", "2.txt": "Bread."}


def test_beir_reports_name_documents(tmp_path: Path) -> None:
    long = " ".join(f"The bridge number {n} opened a long time ago." for n in range(60))
    folder = beir(tmp_path, **{"corpus.jsonl": f'{{"_id": "d/1", "text": "{long}"}}\n{{"_id": "2", "text": "Bread."}}'})
    with library_of(folder) as library:
        assistant = Assistant(library, NumberReader())
        outcomes = run(assistant, read_beir(folder), names=names_of(folder))
        record = record_of(rows_of(outcomes), about(assistant, folder))
    assert len(outcomes[0].wanted[0]) > 2
    assert sorted(line.split()[2] for line in trec_run(outcomes).splitlines()) == ["2", "d/1"]
    assert trec_qrels(outcomes) == "q1 0 d/1 1\n"
    assert "a judged document" in run_html(record, [])


def test_beir_document_without_a_title_is_its_text(tmp_path: Path) -> None:
    folder = beir(tmp_path, **{"corpus.jsonl": '{"_id": "d/1", "title": null, "text": "It opened in 1932."}'})
    with library_of(folder) as library, library.view() as view:
        assert [view.document(entry.id).text for entry in view.entries()] == ["It opened in 1932."]


def test_document_that_two_files_judge_is_wanted_once(tmp_path: Path) -> None:
    folder = beir(tmp_path, **{"qrels/train.tsv": "q1\td/1\t1\n"})
    assert read_beir(folder)[0].documents == ("d/1",)
    with library_of(folder) as library:
        (outcome,) = run(Assistant(library, NumberReader()), read_beir(folder), names=names_of(folder))
    assert len(outcome.wanted) == 1


def test_beir_ids_become_file_names_that_are_read(tmp_path: Path) -> None:
    names = [".hidden", "x" * 300, "x" * 299 + "y", "MED 14", "MED\u2014"]
    lines = [
        json.dumps({"_id": name, "text": f"Text\u2028{number}."}, ensure_ascii=False)
        for number, name in enumerate(names)
    ]
    judged = "".join(f"q1\t{name}\t1\n" for name in names)
    folder = beir(tmp_path, **{"corpus.jsonl": "\n".join(lines), "qrels/test.tsv": judged})
    (question,) = read_beir(folder)
    with library_of(folder) as library:
        files = [Path(entry.location).name for entry in library.documents()]
    assert sorted(names_of(folder)[name] for name in files) == sorted(question.documents) == sorted(names)


def test_found_documents_are_right_and_those_that_are_not_there_are_named(tmp_path: Path) -> None:
    folder = beir(tmp_path)
    with library_of(folder) as library:
        assistant = Assistant(library, NumberReader())
        judged = Question("q1", "When did it open?", (), documents=("d/1",))
        (outcome,) = run(assistant, [judged], names=names_of(folder))
        assert (failure(outcome), rows_of([outcome])[0].failure) == (Failure.NONE, "right")
        with pytest.raises(EvaluationError, match="'q1' is judged by the document 'd%00002f1.txt', which is not there"):
            run(assistant, [replace(judged, documents=("d%00002f1.txt",))], names=names_of(folder))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"queries.jsonl": ""}, "queries.jsonl' is not there"),
        ({"qrels/test.tsv": ""}, "test.tsv' is not there"),
        ({"qrels/test.tsv": "q1\td1\n"}, "test.tsv:1 is no judgement"),
        (
            {"queries.jsonl": '{"_id": "q1"}\n'},
            "queries.jsonl:1 is no entry of a BEIR folder: it has not all of _id, text",
        ),
        ({"queries.jsonl": '{"_id": "q1", "text": null}\n'}, "queries.jsonl:1 .* its text None is none"),
        ({"queries.jsonl": '{"_id": "q1", "text": 1932}\n'}, "queries.jsonl:1 .* its text 1932 is none"),
        ({"queries.jsonl": '{"_id": "q1", "text": " "}\n'}, "queries.jsonl:1 .* its text ' ' is none"),
        ({"queries.jsonl": '{"_id": null, "text": "When?"}\n'}, "queries.jsonl:1 .* its _id None is none"),
        ({"queries.jsonl": r'{"_id": "q1", "text": "\ud83d?"}'}, "queries.jsonl:1 .* half of a surrogate pair"),
        ({"queries.jsonl": '{"_id": " ", "text": "When?"}\n'}, "queries.jsonl:1 .* its _id ' ' is none"),
        (
            {"queries.jsonl": '{"_id": "7", "text": "When?"}\n\n{"_id": 7, "text": "Who?"}\n'},
            "queries.jsonl:3 .* its _id 7 is that of line 1",
        ),
        (
            {"qrels/test.tsv": "q1\td1\t1\nq9\td1\t0\n"},
            "test.tsv:2 judges the query 'q9', which .*queries.jsonl' lacks",
        ),
        ({"qrels/test.tsv": "q1\td1\t0\n"}, "No query in .* is judged"),
    ],
)
def test_broken_beir_folder_is_an_error_that_names_the_place(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(EvaluationError, match=message):
        read_beir(beir(tmp_path, **files))


@pytest.mark.parametrize(
    "line",
    [
        r'{"_id": "d/1", "text": "\ud83d"}',
        '{"_id": "d/1", "text": null}',
        '{"_id": "", "text": "Bread."}',
        '{"_id": "2", "text": "Another."}',
    ],
)
def test_broken_document_of_a_beir_folder_is_named_by_file_and_line(tmp_path: Path, line: str) -> None:
    folder = beir(tmp_path, **{"corpus.jsonl": f'{{"_id": "2", "text": ""}}\n{line}\n'})
    with pytest.raises(EvaluationError, match="corpus.jsonl:2 is no entry"), library_of(folder):
        pass


def test_two_files_of_one_name_are_an_error_where_an_answer_names_them(library: Library, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.txt").write_text(f"The bridge of {folder} opened in 1932.")
    library.add(tmp_path / "a", tmp_path / "b")
    question = Question("q", "When?", (Gold("1932", None, "same.txt"),))
    with pytest.raises(EvaluationError, match="2 documents of files named 'same.txt'"):
        run(Assistant(library, NumberReader()), [question])


def test_answer_is_looked_for_in_passages_first(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# The bridge of Varn\n\nIt spans the Skarn at Varn.\n\n# Holm\n\nNothing.")
    library.add(tmp_path / "a.md")
    varn, holm = (Question(name, "Where?", (Gold(name, None, "a.md"),)) for name in ("Varn", "Holm"))
    found, lost = run(Assistant(library, NumberReader()), [varn, holm])
    assert found.gold_places[0][1] == len("# The bridge of Varn\n\nIt spans the Skarn at ")
    assert rows_of([found])[0].values["recall@5, hybrid"] == 1.0
    assert lost.wanted == (frozenset(),)  # it stands in a heading only
    assert rows_of([lost])[0].values["nDCG@10, hybrid"] == 0.0


def test_answer_is_looked_for_as_whole_words_first(library: Library, tmp_path: Path) -> None:
    text = "She was born in 1783. She had 3 children."
    (tmp_path / "a.txt").write_text(text)
    library.add(tmp_path / "a.txt")
    whole, inside = (Question(name, "How many?", (Gold(name, None, "a.txt"),)) for name in ("3", "hild"))
    outcomes = run(Assistant(library, NumberReader()), [whole, inside])
    assert [outcome.gold_places[0][1] for outcome in outcomes] == [text.index("3 children"), text.index("hild")]


def test_squad_file_with_a_broken_answer_is_an_error_that_names_it(tmp_path: Path) -> None:
    entries = [
        {"id": name, "question": "When?", "answers": [{"text": "1932", "answer_start": start}]}
        for name, start in (("good", 13), ("bad", 12))
    ]
    (tmp_path / "set.json").write_text(
        json.dumps({"data": [{"title": "A", "paragraphs": [{"context": "It opened in 1932.", "qas": entries}]}]})
    )
    with pytest.raises(EvaluationError, match=r"1 questions of .* cannot be used. The first: 'bad'"):
        read_questions(tmp_path / "set.json")


def test_question_too_long_with_what_was_said_before_is_measured_as_it_is_asked(
    library: Library, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("It opened in 1932.")
    library.add(tmp_path / "a.txt")
    said = (Turn("Which one? " + "Donaudampfschifffahrt " * 300, "it"),)
    outcome = run(Assistant(library, NumberReader()), [Question("q", "And when?", (Gold("1932"),), history=said)])[0]
    assert outcome.texts == ("1932",)


def test_questions_too_long_to_be_asked_are_named_before_any_is_asked(tmp_path: Path) -> None:
    embedder = WordEmbedder(window=200)
    with Library.open(tmp_path / "library", embedder=embedder) as library:
        for words, message in ((129, "has 129 tokens, at most 128 can be read"), (200, "has 202 tokens, .* takes 200")):
            asked = [Question("short", "When?", ()), Question("long", "why " * words, ())]
            with pytest.raises(EvaluationError, match=f"Question 'long' is too long.*{message}.*take it out"):
                run(Assistant(library), asked)
    assert embedder.embedded == 0


def test_reader_is_not_asked_where_documents_are_judged(tmp_path: Path) -> None:
    judged = Question("long", "opened " * 150, (), documents=("d/1",))
    folder = beir(tmp_path)
    with library_of(folder) as library:
        assistant = Assistant(library)
        (outcome,) = run(assistant, [judged], names=names_of(folder))
        with pytest.raises(EvaluationError, match="'long' is too long. It has 302 tokens, .* takes 256"):
            run(assistant, [replace(judged, question="opened " * 300)])
    assert (failure(outcome), outcome.best, outcome.timings["read"]) == (Failure.NONE, "", 0.0)
    assert rows_of([outcome])[0].values["recall@1, hybrid"] == 1.0


def test_set_drafted_from_files_of_one_name_can_be_run(library: Library, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "README.md").write_text(f"The bridge in the town of {folder.upper()}rn opened in 1932.")
    (tmp_path / "b" / "other.md").write_text("The bakery in the town of Holm opened in 1951.")
    library.add(tmp_path / "a", tmp_path / "b")
    (tmp_path / "set.jsonl").write_text("\n".join(draft(library, 9, seed=0)))
    drafted = read_questions(tmp_path / "set.jsonl")
    assert {answer.document for question in drafted for answer in question.answers} == {None, "other.md"}
    assert len(run(Assistant(library, NumberReader()), drafted)) == 3


def test_headings_are_not_drafted(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# The January 2022 standoff over the harbour of Varn\n\nThe bridge in the town of Holm opened in 1932.\n\n"
        "##### What the people of Varn said in the year 1951\n\nNothing.\n"
    )
    library.add(tmp_path / "a.md")
    (line,) = draft(library, 9, seed=0)
    assert json.loads(line)["question"].startswith("What belongs in the gap: The bridge in the town of")


def test_drafted_question_is_never_too_long_to_be_asked(library: Library, tmp_path: Path) -> None:
    short = "The bridge in the town of Varn opened in 1932."
    (tmp_path / "a.txt").write_text(f"{short}\n\n{'橋' * 200} 1932.")
    library.add(tmp_path / "a.txt")
    assert len(draft(library, 9, seed=0)) == 1
