"""Follow-up questions: which lean on what was said, what they may mean, and that the others stay as they are."""

from pathlib import Path

import pytest

from rag import Assistant, Library, Turn
from rag.followups import Meaning, continued, leans, meanings, search_query, was_said

MILL = "The mill of Tarnby has 7 wheels and 9 doors."
HISTORY = [Turn("Where was Ilse Brandt born?", "Tarnby"), Turn("When did she move to Aarhus?", "1923")]


def tell(library: Library, text: str, folder: Path) -> None:
    """Put a text into a library."""
    (folder / "a.txt").write_text(text)
    library.add(folder / "a.txt")


@pytest.mark.parametrize(
    "question",
    [
        "How old was she then?",
        "Why?",
        "And the second?",
        "Where is that?",
        "When was that?",
        "how many of them",
        "What was her father's trade?",
        "And in 1931?",
        "What about the harbour?",
        "At a conference in which town?",
        "Who lived there?",
    ],
)
def test_questions_that_lean(question: str) -> None:
    assert leans(question)


@pytest.mark.parametrize(
    "question",
    [
        "When did the czars conquer Crimea?",
        "population of warsaw 2010",
        "In which city did Beyoncé live when she was depressed?",
        "How many bridges are there in Pellmouth?",
        "Which author says that the bridge was late?",
        "Who was the second president of Estonia?",
        "What was promised to those who left the city?",
        "who designed the tower",
        "In 2013, how many people lived in New York City?",
    ],
)
def test_questions_that_stand_alone(question: str) -> None:
    assert not leans(question)
    assert meanings(question, HISTORY) == [Meaning(question)]
    assert search_query(question, HISTORY) == question


@pytest.mark.parametrize(
    ("question", "reading"),
    [
        ("How old was she then?", "How old was Ilse Brandt then?"),
        ("What was her father's trade?", "What was Ilse Brandt's father's trade?"),
        ("Who lived there?", "Who lived in Aarhus?"),
        ("What happened then?", "What happened in 1923?"),
        ("And her mother's?", "Ilse Brandt's mother's?"),
        ("Why?", "Where was Ilse Brandt born? Tarnby. When did she move to Aarhus? 1923. Why?"),
    ],
)
def test_what_a_question_may_mean(question: str, reading: str) -> None:
    found = meanings(question, HISTORY)
    assert reading in [meaning.text for meaning in found[1:]]
    assert (found[0].text, found[1]) == (question, Meaning(continued(question, HISTORY)))
    assert len(found) <= 5
    assert all(meaning.doubt > 0 for meaning in (found[0], *found[2:]))
    assert meanings(question, []) == [Meaning(question)]


def test_what_was_answered_is_less_sure_but_may_be_the_answer_again(
    library: Library, assistant: Assistant, tmp_path: Path
) -> None:
    tell(library, "The mill of Tarnby has 7 wheels.", tmp_path)
    first = assistant.ask("How many wheels has the mill of Tarnby?")
    again = assistant.ask("And how many of them?", history=[first], threshold=0)
    assert (first.text, again.text) == ("7", "7")
    unsaid = assistant.ask("And how many of them?", history=[Turn(first.question, "some")])
    assert again.confidence < unsaid.confidence


def test_one_answer_and_every_answer_are_equally_sure(library: Library, assistant: Assistant, tmp_path: Path) -> None:
    tell(library, MILL, tmp_path)
    history = [assistant.ask("How many wheels has the mill of Tarnby?")]
    one = assistant.ask("And how many doors has it?", history=history, threshold=0)
    every = assistant.ask("And how many doors has it?", history=history, threshold=0, every=True)
    assert one.read_as == every.read_as is not None
    assert (one.text, one.confidence) == (every.values[0].text, every.values[0].confidence)
    assert [value.text for value in every.values] == ["9", "7"]


def test_a_long_conversation_can_go_on(article_assistant: Assistant) -> None:
    history = [Turn("Where is it? " + "https://example.org/a/very/long/address?of=nothing " * 12, "over there")]
    for question in ("Who is the President of France?", *["And then?", "What did he propose?", "Why?", "When?"] * 2):
        answer = article_assistant.ask(question, history=history)
        history.append(Turn(answer.question, answer.text))
        assert (answer.read_as or "").count("Who is the President of France?") <= 1


def test_time_to_see_whether_a_question_leans_grows_with_its_length_only() -> None:
    question = "Bob thought that cats eat fish, " * 10_000
    assert not leans(question)  # minutes, where each "that" looked through all before it


def test_a_question_is_put_after_the_last_two_turns() -> None:
    turns = [Turn("Who?", "Ada"), Turn("when was that ?", "in 1923."), Turn("Where?", "")]
    assert continued("Why?", turns) == "when was that? in 1923. Where? Why?"
    assert continued("Why?", []) == "Why?"
    assert len(continued("Why?", [Turn("word " * 500, "")]).split()) == 70


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("computer", True),
        ("Computer classes", True),
        ("classes", True),
        ("class", False),
        ("two computer classes", False),
    ],
)
def test_words_of_an_earlier_answer_were_said(text: str, found: bool) -> None:
    assert was_said(text, ["1932", "the computer-classes."]) is found
    assert not was_said(text, [])


def test_a_follow_up_is_not_answered_with_what_was_said(library: Library, assistant: Assistant, tmp_path: Path) -> None:
    tell(library, MILL, tmp_path)
    first = assistant.ask("How many wheels has the mill of Tarnby?")
    assert first.text == "7"
    assert assistant.ask("And of what else?", history=[first]).text == "9"


def test_passages_are_looked_for_with_the_last_two_turns() -> None:
    assert search_query("Why?", [Turn("Who?", ""), *HISTORY]) == (
        "Where was Ilse Brandt born? Tarnby When did she move to Aarhus? 1923 Why?"
    )
    assert len(search_query("Why?", [Turn("word " * 500, "")]).split()) == 100


def test_a_follow_up_is_read_with_the_history_and_says_how(
    library: Library, assistant: Assistant, tmp_path: Path
) -> None:
    tell(library, "The mill of Tarnby has 7 wheels.\n\nThe mill of Aarhus has 9 wheels.", tmp_path)
    first = assistant.ask("How many wheels has the mill of Aarhus?")
    assert (first.text, first.read_as) == ("7", None)  # this reader counts words: both have as many in one passage
    turns = [Turn("Which mill is in Aarhus?", "")]
    follow = assistant.ask("How many wheels has it?", history=turns)
    assert follow.read_as is not None
    assert "Aarhus" in follow.read_as
    alone = assistant.ask("How many wheels has the mill?", history=turns)
    assert (alone.read_as, alone) == (None, assistant.ask("How many wheels has the mill?"))


def test_an_answer_can_be_the_history(library: Library, assistant: Assistant, tmp_path: Path) -> None:
    tell(library, MILL, tmp_path)
    first = assistant.ask("How many wheels has the mill of Tarnby?")
    follow = assistant.ask("How many doors has it?", history=[first])
    assert follow.read_as is not None
    assert "Tarnby" in follow.read_as
