"""Follow-up questions: which lean on what was said, what they may mean, and that the others stay as they are."""

from pathlib import Path

import pytest

from rag import Assistant, Library, Turn
from rag.followups import leans, readings, search_query

HISTORY = [Turn("Where was Ilse Brandt born?", "Tarnby"), Turn("When did she move to Aarhus?", "1923")]


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
        "who designed the tower",
        "In 2013, how many people lived in New York City?",
    ],
)
def test_questions_that_stand_alone(question: str) -> None:
    assert not leans(question)
    assert readings(question, HISTORY) == []
    assert search_query(question, HISTORY) == question


@pytest.mark.parametrize(
    ("question", "reading"),
    [
        ("How old was she then?", "How old was Ilse Brandt then?"),
        ("What was her father's trade?", "What was Ilse Brandt's father's trade?"),
        ("Who lived there?", "Who lived in Aarhus?"),
        ("What happened then?", "What happened in 1923?"),
        ("And her mother's?", "Ilse Brandt's mother's?"),
        ("Why?", "When did she move to Aarhus? Why?"),
    ],
)
def test_what_a_question_may_mean(question: str, reading: str) -> None:
    assert reading in readings(question, HISTORY)
    assert len(readings(question, HISTORY)) <= 4
    assert readings(question, []) == []


def test_passages_are_looked_for_with_the_last_turn() -> None:
    assert search_query("Why?", HISTORY) == "When did she move to Aarhus? 1923 Why?"
    assert len(search_query("Why?", [Turn("word " * 500, "")]).split()) == 100


def test_a_follow_up_is_read_with_the_history_and_says_how(
    library: Library, assistant: Assistant, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("The mill of Tarnby has 7 wheels.\n\nThe mill of Aarhus has 9 wheels.")
    library.add(tmp_path / "a.txt")
    first = assistant.ask("How many wheels has the mill of Aarhus?")
    assert (first.text, first.read_as) == ("7", None)  # this reader counts words: both have as many in one passage
    turns = [Turn("Which mill is in Aarhus?", "")]
    follow = assistant.ask("How many wheels has it?", history=turns)
    assert follow.read_as is not None
    assert "Aarhus" in follow.read_as
    alone = assistant.ask("How many wheels has the mill?", history=turns)
    assert (alone.read_as, alone) == (None, assistant.ask("How many wheels has the mill?"))


def test_an_answer_can_be_the_history(library: Library, assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The mill of Tarnby has 7 wheels, and 9 doors.")
    library.add(tmp_path / "a.txt")
    first = assistant.ask("How many wheels has the mill of Tarnby?")
    follow = assistant.ask("How many doors has it?", history=[first])
    assert follow.read_as is not None
    assert "Tarnby" in follow.read_as
