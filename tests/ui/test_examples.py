"""Example questions: which sentences give one, and which of them the library keeps."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import Assistant, Cutting, Library
from rag.fakes import NumberReader, WordEmbedder
from rag.reading import Confidence
from rag.ui.examples import Examples, drafts, examples
from tests.ui.running import Patient


def add(library: Library, folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    library.add(*sorted(folder.glob("*.md")))


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("Ada Cole, the president of Borduria, said nothing.", "Who is the president of Borduria?", "Ada Cole"),
        ("It failed, said Jan van Dorn, head of the Ys Museum.", "Who is the head of the Ys Museum?", "Jan van Dorn"),
        (
            "I met Ada B. Cole, the Bordurian foreign minister.",
            "Who is the Bordurian foreign minister?",
            "Ada B. Cole",
        ),
        ("Ada Cole, who chairs the Dockers' Union, stood up.", "Who chairs the Dockers' Union?", "Ada Cole"),
        ("The Arch Bridge was designed by Ada Cole, not by him.", "Who designed the Arch Bridge?", "Ada Cole"),
        ("The Arch Bridge was built in 1932.", "When was the Arch Bridge built?", "1932"),
        (
            "The Arch Bridge was opened to the public on 3 May 1932.",
            "When was the Arch Bridge opened to the public?",
            "3 May 1932",
        ),
        ("In April 2021, five Crimean Tatars were arrested.", "When were five Crimean Tatars arrested?", "April 2021"),
        ("On May 3, 1932, Ada Cole was elected mayor of Ys.", "When was Ada Cole elected mayor of Ys?", "May 3, 1932"),
        ("They saw the Arch Bridge, which was built in 1932.", "When was the Arch Bridge built?", "1932"),
        ("The poet Ada Cole (born 3 May 1932) lives there.", "When was Ada Cole born?", "3 May 1932"),
        ("The czars conquered Crimea in 1783.", "When did the czars conquer Crimea?", "1783"),
        ("In 1932 Borduria left the League.", "When did Borduria leave the League?", "1932"),
        ("On 3 May Ada Cole resigned.", "When did Ada Cole resign?", "3 May"),
        ("The Arch Bridge closed in 1932.", "When did the Arch Bridge close?", "1932"),
        (
            "On the other side, Russia has massed 120,000 soldiers along the Ukrainian border, it said.",
            "How many soldiers has Russia massed along the Ukrainian border?",
            "120,000",
        ),
        ("At least 42 people were killed in Borduria.", "How many people were killed in Borduria?", "At least 42"),
        (
            "The Union has more than 9,000 members in Borduria.",
            "How many members does the Union have in Borduria?",
            "more than 9,000",
        ),
        ("The Arch Bridge is 318 metres long.", "How long is the Arch Bridge?", "318 metres"),
        ("The Dockers Union is based in Old Ys.", "Where is the Dockers Union based?", "Old Ys"),
        ("The Arch Bridge cost £48.6 million.", "How much did the Arch Bridge cost?", "£48.6 million"),
    ],
)
def test_sentence_of_a_known_form_gives_a_question_and_its_answer(sentence: str, question: str, answer: str) -> None:
    assert drafts(sentence) == [(question, answer)]


@pytest.mark.parametrize(
    "sentence",
    [
        "The old bridge was built in 1932.",  # no name
        "The town was invaded by Borduria in 1932.",  # which town
        "In 1932 Borduria opened the new bridge.",  # which bridge
        "It joined the Bordurian League in 1932.",
        "The Arch Bridge was closed after he left in 1932.",
        "The army that left Borduria returned in 1932.",
        "Ada Cole, the former president of Borduria, said nothing.",
        "Ada Cole, the company's director for Borduria, said nothing.",
        "Ada Cole, the Lieutenant Governor, said nothing.",
        "A bridge to Borduria was opened in 1932.",
        "The Arch Bridge won in 1932.",  # what
        "In 1932 Borduria left the League and Ada Cole resigned.",
        "The Arch Bridge opened late in 1932.",
        "The Bordurian League has about 300 " + "very " * 60 + "old members.",
        "The " + "Old " * 5 + "Bordurian" + "s" * 90 + " League was founded in 1932.",
        "The Arch Bridge was built in the 1930s.",
        "Die Arch Bridge wurde 1932 eröffnet.",
        "",
    ],
)
def test_sentence_that_says_too_little_or_too_much_gives_none(sentence: str) -> None:
    assert drafts(sentence, {"Die", "Borduria"}) == []


@pytest.mark.parametrize(
    ("sentence", "inside", "questions"),
    [
        ("Borduria joined the League in 1932.", {"Borduria"}, ["When did Borduria join the League?"]),
        ("Borduria joined the League in 1932.", set(), []),
        ("Today Borduria joined the League in 1932.", {"Today", "Borduria"}, []),
        ("Bridge engineers joined the League in 1932.", {"Bridge", "bridge"}, []),
        ("Work on the Arch Bridge began in 1932.", {"work"}, ["When did work on the Arch Bridge begin?"]),
        ("President Ada Cole died in 1932.", {"President", "president"}, ["When did President Ada Cole die?"]),
        ("After years of war Borduria joined the League in 1932.", {"after"}, []),
    ],
)
def test_first_word_is_a_name_where_the_text_writes_it_as_one_inside_a_sentence(
    sentence: str, inside: set[str], questions: list[str]
) -> None:
    assert [question for question, _ in drafts(sentence, inside)] == questions


def test_who_holds_an_office_is_not_asked_of_earlier_times() -> None:
    assert drafts("Ada Cole, the president of Borduria, said nothing.", recent=False) == []


@given(st.text(alphabet="The Arch Bordurian was opened in 1932, by Ada Cole of () 3,5.£-'’ÉıŁ\n\u202e", max_size=320))
def test_any_text_gives_questions_whose_answers_stand_in_it(sentence: str) -> None:
    for question, answer in drafts(sentence):
        assert question.endswith("?")
        assert answer in sentence


FACTS = {
    "a": (
        "# Ys\n\nThe Arch Bridge was opened in 1932.\n\n# Oz\n\nThe Oz Bridge on Old Canal was closed to cars in 1950."
    ),
    "b": "The Dockers Union was founded in 1890 in Borduria.",
    "c": "Nothing is dated here.",
}


def test_examples_come_from_different_documents_the_surest_first(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, **FACTS)
    assistant = Assistant(library, NumberReader())
    assert examples(assistant, most=2) == [
        "When was the Oz Bridge on Old Canal closed to cars?",
        "When was the Dockers Union founded?",
    ]
    assert examples(assistant) == [
        "When was the Oz Bridge on Old Canal closed to cars?",
        "When was the Arch Bridge opened?",
        "When was the Dockers Union founded?",
    ]
    assert examples(assistant, most=0) == []


def test_order_of_adding_changes_nothing(library: Library, tmp_path: Path) -> None:
    for name in "cba":
        add(library, tmp_path, **{name: FACTS[name]})
    assert examples(Assistant(library, NumberReader()), most=2) == [
        "When was the Oz Bridge on Old Canal closed to cars?",
        "When was the Dockers Union founded?",
    ]


def test_examples_are_of_different_kinds_where_one_document_gives_them_all(library: Library, tmp_path: Path) -> None:
    bridges = "# Ys\n\nThe Arch Bridge on Old Canal was opened in 1932.\n\n# Oz\n\nThe Oz Bridge was opened in 1950."
    add(library, tmp_path, a=f"{bridges}\n\n# Two\n\nThe Union has sent 300 soldiers to Ys.")
    assert examples(Assistant(library, NumberReader()), most=2) == [
        "When was the Arch Bridge on Old Canal opened?",
        "How many soldiers has the Union sent to Ys?",
    ]


def test_question_that_the_library_answers_otherwise_is_left_out(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, **FACTS, d="When was the Dockers Union founded? In 1891.")
    assert examples(Assistant(library, NumberReader())) == [
        "When was the Oz Bridge on Old Canal closed to cars?",
        "When was the Arch Bridge opened?",
    ]


def test_answer_below_the_threshold_gives_no_example(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, **FACTS)
    assert examples(Assistant(library, NumberReader(), threshold=0.99)) == [
        "When was the Oz Bridge on Old Canal closed to cars?"
    ]
    assert examples(Assistant(library, NumberReader(), threshold=1.0)) == []


def test_answer_that_is_less_than_sure_gives_no_example_at_a_low_threshold(library: Library, tmp_path: Path) -> None:
    class Unsure(NumberReader):
        confidence = Confidence(bias=-5.0)  # 0.27 for a score of 4

    add(library, tmp_path, **FACTS)
    assert examples(Assistant(library, Unsure(), threshold=0.1)) == [
        "When was the Oz Bridge on Old Canal closed to cars?"
    ]


def test_at_most_fifteen_questions_are_asked(tmp_path: Path) -> None:
    embedder = WordEmbedder()
    with Library.open(tmp_path / "library", embedder=embedder) as library:
        towns = {name: f"{name.title()}ville" for name in "abcdefghijklmnopqrst"}
        add(library, tmp_path, **{name: f"The Union of {town} was founded in 1890." for name, town in towns.items()})
        before = embedder.embedded
        assert len(examples(Assistant(library, NumberReader()))) == 3
        assert embedder.embedded - before == 15


def test_question_too_long_for_the_model_is_no_example(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=WordEmbedder(window=11)) as library:
        add(library, tmp_path, **FACTS)
        assert examples(Assistant(library, NumberReader())) == [
            "When was the Arch Bridge opened?",
            "When was the Dockers Union founded?",
        ]


def test_empty_library_and_odd_documents_give_none(library: Library, tmp_path: Path) -> None:
    assistant = Assistant(library, NumberReader())
    assert examples(assistant) == []
    add(
        library,
        tmp_path,
        long="The Arch Bridge " * 5000 + "was built in 1932.",
        lines="1932\n" * 3000,
        marks="{thing} \\ [0] (?P<x>) \u202e 😀 was built in {answer}.",
        front="---\nlanguage: de\n---\nThe Arch Bridge was built in 1932.",
        headings="# The Arch Bridge was built in 1932.\n" * 200,
    )
    assert examples(assistant) == []


def test_examples_follow_the_library_and_nobody_waits_for_them(library: Library, tmp_path: Path) -> None:
    reader = Patient()
    now = Examples(Assistant(library, reader))
    now.find()
    assert now() == []
    add(library, tmp_path, **FACTS)
    assert now() == []
    reader.may_go_on.set()
    now.find()
    assert now() == examples(Assistant(library, NumberReader())) != []
    for entry in library.documents():
        library.remove(entry.id)
    assert now() == []
    now.find()  # waits for the search that has begun
    assert now() == []


def test_library_that_was_built_again_with_other_settings_has_none(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        now = Examples(Assistant(library, NumberReader()))
        Library.rebuild(tmp_path / "library", embedder=WordEmbedder(), cutting=Cutting(budget=50))
        assert now() == []


def test_shipped_article_gives_three_questions_that_read_well(article_assistant: Assistant) -> None:
    found = examples(article_assistant)
    assert len(found) == 3
    assert set(found) <= {  # all that its sentences give
        "Who is the President of France?",
        "Who is the President of Ukraine?",
        "Who is the American Secretary of State?",
        "Who heads the Mejlis?",
        "When did the czars conquer Crimea?",
        "When were five Crimean Tatars arrested?",
        "How many soldiers does the United States keep in Europe?",
        "How many soldiers has Russia massed along the Ukrainian border?",
    }
    answers = article_assistant.ask_many(found)
    assert all(answer.refusal is None and answer.confidence >= 0.5 for answer in answers)
    confidences = [answer.confidence for answer in answers]
    assert confidences == sorted(confidences, reverse=True)
