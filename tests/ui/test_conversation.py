"""A conversation: what a browser keeps of it comes back, how it is answered, and what people say of answers."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Assistant, Library, Verdict
from rag.citations import cite
from rag.errors import DataError, DocumentNotFound, PinciteError
from rag.fakes import NumberReader
from rag.reading import Span
from rag.risk import Promise
from rag.ui.page.answering import STOPPED, Dials, answering, stopped
from rag.ui.page.conversation import LARGEST_KEPT, Conversation, Exchange, history, kept, restored
from rag.ui.page.judging import judged
from rag.ui.page.judging import placed as marked
from rag.ui.page.messages import messages
from rag.ui.page.place import Place, place_of
from rag.ui.page.settings import expected, promise_for
from rag.values import Answer, EveryAnswer, Turn
from tests.ui.answers import TIMINGS, answer, citation, every, other, refused
from tests.ui.markup import HOSTILE, markup, put_in, read

USUAL = Dials(threshold=None, passages=5, every=False)

# What the browser keeps

FIRST = citation("A bridge.", start=0, before="")
KINDS = {
    "answer": Exchange("When?", answer(citation(), others=(other(citation("1933")),), read_as="When did it?")),
    "judged": Exchange("When?", answer(), verdict=Verdict.RIGHT),
    "placed": Exchange("When?", answer(), verdict=Verdict.PLACE, place=citation("7")),
    "as typed": Exchange("When?", answer(citation(page=3, date="2020-01-02", heading=())), as_typed=True),
    "refusal": Exchange("Who?", refused(citation("A ferry."), FIRST), verdict=Verdict.WRONG),
    "refusal with nothing near": Exchange("Who?", refused()),
    "all": Exchange("What?", every((citation("7"), FIRST), (citation("8"),), disagree=True)),
    "none of all": Exchange("What?", every()),
    "note": Exchange("", note="That did not work. The question is empty."),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kept_exchange_comes_back_as_it_was(kind: str) -> None:
    (found,) = restored(kept((KINDS[kind],)))
    assert found == KINDS[kind]
    assert found.answer is None or found.answer.timings == TIMINGS  # equal answers may differ in these


def test_kept_conversation_comes_back_in_order() -> None:
    assert restored(kept(tuple(KINDS.values()))) == tuple(KINDS.values())
    assert restored(kept(())) == ()


@settings(deadline=None)
@given(markup | st.sampled_from(HOSTILE), markup)
def test_kept_text_comes_back_letter_for_letter(text: str, more: str) -> None:
    one = citation(text, title=more, source=text, heading=(more, text), before=more, after=text, start=100)
    conversation = (Exchange(text, answer(one, read_as=more)), Exchange(more, note=text), Exchange(text, every((one,))))
    assert restored(kept(conversation)) == conversation


def test_what_was_being_worked_on_is_not_restored() -> None:
    pending = Exchange("And then?", note="Reading them", is_pending=True)
    assert restored(kept((KINDS["answer"], pending, KINDS["note"]))) == (KINDS["answer"], KINDS["note"])


def changed(**values: object) -> str:
    """An answer as it is kept, with other values in its citation, its answer (`answer_`), or its exchange (`of_`)."""
    (exchange,) = json.loads(kept((Exchange("When?", answer()),)))
    for name, value in values.items():
        if name.startswith("of_"):
            exchange[name.removeprefix("of_")] = value
        elif name.startswith("answer_"):
            exchange["answer"][name.removeprefix("answer_")] = value
        else:
            exchange["answer"]["citations"][0][name] = value
    return json.dumps([exchange])


ONE = json.loads(kept((KINDS["judged"],)))[0]["answer"]["citations"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "true",
        "7",
        '"text"',
        "{}",
        "[null]",
        "[[]]",
        "[{}]",
        "[" * 100_000,
        '[{"question": 7}]',
        '[{"question": "\\ud800"}]',
        '[{"question": "\ud800"}]',
        '[{"question": "When?"',
        '[{"question": "When?", "answer": {}}]',
        '[{"question": "When?", "verdict": "good"}]',
        changed(of_question=None),
        changed(of_is_pending="perhaps"),
        changed(of_place={}),
        changed(of_place={**ONE[0], "start": 101}),
        changed(answer_refusal="because"),
        changed(answer_timings=None),
        changed(answer_confidence="sure"),
        changed(answer_confidence=None),
        changed(answer_confidence=-1),
        changed(answer_confidence=float("nan")),
        changed(answer_confidence=1e999),
        changed(answer_citations=[]),
        changed(answer_alternatives=[{"text": "1933", "confidence": 0.5, "citations": []}]),
        changed(answer_alternatives=[{"text": "1932", "confidence": 5, "citations": ONE}]),
        changed(heading="History"),
        changed(start=-1),
        changed(start=101),
        changed(start=104),
        changed(start=10**30),
        changed(end=103),
        changed(end=10**30),
        changed(sentence_start=101),
        changed(sentence_start=-13),
        changed(sentence="It opened."),
        changed(quote="1933"),
        changed(quote=""),
        changed(quote="", end=100),
    ],
)
def test_what_no_conversation_was_kept_as_is_an_empty_one(text: str) -> None:
    assert restored(text) == ()


def test_other_changes_to_what_was_kept_do_not_empty_it() -> None:
    assert [one.question for one in restored(changed(of_question="Why?", of_more=7))] == ["Why?"]
    others = [{"text": "1932", "confidence": 0.5, "citations": ONE}]
    assert len(restored(changed(answer_alternatives=others))[0].citations) == 2


def test_value_without_a_place_is_no_conversation() -> None:
    text = kept((Exchange("What?", every((citation("7"),))),))
    assert len(restored(text)) == 1
    (exchange,) = json.loads(text)
    exchange["answer"]["values"][0]["citations"] = []
    assert restored(json.dumps([exchange])) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_whatever_is_restored_can_be_shown(data: st.DataObject) -> None:
    """One value anywhere in what was kept is another: the conversation is an empty one, or can be shown."""
    found = json.loads(kept(tuple(KINDS.values())))
    inside, key = data.draw(st.sampled_from(list(_places(found))))
    inside[key] = data.draw(JSON)
    conversation = restored(json.dumps(found))
    read(messages(conversation, [], may_judge=True))
    assert restored(kept(conversation)) == conversation


def _places(value: object) -> Iterator[tuple[object, object]]:
    """Every list or dictionary with each of its keys."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in pairs:
        yield value, key
        yield from _places(inside)


def test_conversation_too_large_to_keep_loses_its_oldest_exchanges() -> None:
    conversation = tuple(Exchange(f"{number}", note="x" * (LARGEST_KEPT // 10)) for number in range(12))
    text = kept(conversation)
    assert LARGEST_KEPT / 2 < len(text) <= LARGEST_KEPT
    assert restored(text) == conversation[-len(restored(text)) :]
    many = tuple(Exchange(f"{number}", note="x" * 1000) for number in range(8000))
    assert restored(kept(many))[-1] == many[-1]
    assert LARGEST_KEPT / 2 < len(kept(many)) <= LARGEST_KEPT


def test_exchange_too_large_to_keep_is_not_kept_with_all_before_it() -> None:
    huge = Exchange("When?", note="x" * LARGEST_KEPT)
    assert kept((huge,)) == "[]"
    assert kept((KINDS["answer"], huge)) == "[]"
    assert restored(kept((huge, KINDS["answer"]))) == (KINDS["answer"],)


# What a later question may lean on


def test_history_holds_answered_and_refused_questions_as_they_were_typed() -> None:
    conversation = (
        Exchange("When?", answer()),
        Exchange("And then?", answer(citation("1933"), read_as="And in 1932?")),
        Exchange("Broken?", note="That did not work."),
        Exchange("Who?", refused(citation("A ferry."))),
        Exchange("What?", every((citation("7"),), (citation("8"),), read_as="What did the mill cost?")),
        Exchange("All?", every()),
        Exchange("Now?", note="Reading them", is_pending=True),
    )
    assert history(conversation) == [
        Turn("When did it open?", "1932"),
        Turn("When did it open?", "1933"),
        Turn("Who sank it?", ""),
        Turn("What did it cost?", "7"),
        Turn("What did it cost?", ""),
    ]


# Answering


@pytest.fixture
def asked(library: Library, tmp_path: Path) -> Assistant:
    """An assistant on two documents that name numbers."""
    (tmp_path / "bridge.txt").write_text("The bridge opened in 1932.")
    (tmp_path / "mill.txt").write_text("The mill has 7 wheels.")
    library.add(tmp_path)
    return Assistant(library, NumberReader())


def states(
    assistant: Assistant, question: str, before: Conversation = (), dials: Dials = USUAL, **how: object
) -> list[Conversation]:
    return list(answering(assistant, before, question, dials, **how))  # type: ignore[arg-type]


def test_each_stage_is_told_and_the_answer_is_the_assistants_own(asked: Assistant) -> None:
    before = (Exchange("Q", note="That did not work."),)
    finding, reading, done = states(asked, "When did the bridge open?", before)
    assert finding == (*before, Exchange("When did the bridge open?", note="Finding passages", is_pending=True))
    assert reading == (*before, Exchange("When did the bridge open?", note="Reading them", is_pending=True))
    assert done == (*before, Exchange("When did the bridge open?", asked.ask("When did the bridge open?")))
    assert isinstance(done[1].answer, Answer)
    assert done[1].answer.text == "1932"


@pytest.mark.parametrize(
    ("question", "note"),
    [
        (" ", "That did not work. The question is empty. Ask something"),
        ("word " * 300, "That did not work. The question has 300 tokens"),
        ("\ud800?", "That did not work. '\\ud800?' holds half of a surrogate pair"),
    ],
)
def test_error_is_shown_as_one_and_is_no_refusal(asked: Assistant, question: str, note: str) -> None:
    (done,) = states(asked, question)[-1]
    assert done.note.startswith(note)
    assert (done.answer, done.is_refused, done.is_pending) == (None, False, False)
    assert restored(kept((done,))) == (done,)


def test_library_that_was_built_again_is_an_error_to_be_shown(asked: Assistant) -> None:
    from rag import Cutting
    from rag.fakes import WordEmbedder

    Library.rebuild(asked.library.folder, embedder=WordEmbedder(), cutting=Cutting(budget=50))
    (done,) = states(asked, "When did the bridge open?")[-1]
    assert "was built again with other settings" in done.note


@pytest.mark.parametrize(
    ("threshold", "is_refused"), [(None, False), (0.0, False), (0.73, False), (0.74, True), (1.0, True)]
)
def test_threshold_decides_and_none_is_the_assistants_own(
    asked: Assistant, threshold: float | None, is_refused: bool
) -> None:
    (done,) = states(asked, "the bridge?", dials=replace(USUAL, threshold=threshold))[-1]
    assert done.answer is not None
    assert done.is_refused is is_refused  # the confidence is 0.7311
    strict = Assistant(asked.library, NumberReader(), threshold=0.9)
    assert states(strict, "the bridge?")[-1][0].is_refused


class Counting(NumberReader):
    """Notes how many passages it is given, and each question."""

    def __init__(self) -> None:
        self.passages: list[int] = []
        self.questions: list[str] = []

    def read(self, question: str, passages: Sequence[str]) -> list[Span]:
        self.passages.append(len(passages))
        self.questions.append(question)
        return super().read(question, passages)


@pytest.mark.parametrize(("passages", "every", "read"), [(1, False, 1), (7, False, 7), (7, True, 20), (22, True, 22)])
def test_so_many_passages_are_read_but_for_all_answers_twenty_at_least(
    library: Library, tmp_path: Path, passages: int, every: bool, read: int
) -> None:
    for number in range(25):
        (tmp_path / f"{number}.txt").write_text(f"The bridge number {number} of the town.")
    library.add(*tmp_path.glob("*.txt"))
    reader = Counting()
    (done,) = states(Assistant(library, reader), "Which bridge?", dials=Dials(0.0, passages, every))[-1]
    assert isinstance(done.answer, EveryAnswer if every else Answer)
    assert reader.passages == [read]


def test_question_is_read_with_what_was_said_before_unless_it_is_to_be_taken_as_typed(asked: Assistant) -> None:
    before = states(asked, "What about the Bridge?", dials=replace(USUAL, threshold=1.0))[-1]
    (_, leaning) = states(asked, "When did it open?", before)[-1]
    assert isinstance(leaning.answer, Answer)
    assert (leaning.answer.read_as, leaning.answer.text) == ("What about the Bridge? When did it open?", "1932")
    (_, typed) = states(asked, "When did it open?", before, as_typed=True)[-1]
    assert typed.answer == asked.ask("When did it open?")
    assert typed.as_typed
    assert {one.as_typed for (_, one) in states(asked, "When did it open?", before, as_typed=True)} == {True}


def test_question_asked_again_is_answered_in_its_place_with_what_was_before_it(asked: Assistant) -> None:
    reader = Counting()
    assistant = Assistant(asked.library, reader)
    first, old, last = (
        Exchange("What about the Mill?", note="Nothing."),
        Exchange("How many has it?", note="That did not work."),
        Exchange("Where is the Bridge?", answer()),
    )
    seen = states(assistant, "How many has it?", (first, old, last), at=1)
    assert [(len(state), state[0], state[2]) for state in seen] == [(3, first, last)] * 3
    assert seen[-1][1].answer == assistant.ask("How many has it?")
    assert set(reader.questions) == {"How many has it?"}  # what came later does not count
    seen = states(assistant, "How many has it?", (Exchange("The Mill", answer()), old, last), at=1)
    assert len(set(reader.questions)) > 1
    assert seen[-1][2] == last


def test_stopped_question_says_so_and_can_be_told_from_an_answer() -> None:
    pending = Exchange("And?", note="Reading them", is_pending=True, as_typed=True)
    conversation = (KINDS["judged"], pending, KINDS["note"])
    assert stopped(conversation) == (KINDS["judged"], Exchange("And?", note=STOPPED, as_typed=True), KINDS["note"])
    assert stopped(()) == ()


# Judging


def test_verdict_on_an_answer_is_kept_with_its_quote_and_the_same_again_takes_it_back(asked: Assistant) -> None:
    library = asked.library
    exchange = Exchange("When did the bridge open?", asked.ask("When did the bridge open?"))
    right = judged(library, exchange, Verdict.RIGHT)
    assert right == replace(exchange, verdict=Verdict.RIGHT)
    (label,) = library.labels()
    assert (label.question, label.verdict, label.quote) == ("When did the bridge open?", Verdict.RIGHT, "1932")
    wrong = judged(library, right, Verdict.WRONG)
    assert wrong == replace(exchange, verdict=Verdict.WRONG)
    assert [(one.verdict, one.quote) for one in library.labels()] == [(Verdict.WRONG, "1932")]
    assert judged(library, wrong, Verdict.WRONG) == exchange
    assert library.labels() == []


def test_verdict_on_a_follow_up_question_is_kept_under_what_it_was_read_as(asked: Assistant) -> None:
    found = replace(asked.ask("When did the bridge open?"), read_as="When did the bridge open?")
    exchange = judged(asked.library, Exchange("And when?", found), Verdict.RIGHT)
    assert [label.question for label in asked.library.labels()] == ["When did the bridge open?"]
    judged(asked.library, exchange, Verdict.RIGHT)
    assert asked.library.labels() == []


def test_verdict_on_a_refusal_is_kept_with_the_nearest_passage(asked: Assistant) -> None:
    refusal = asked.ask("Who sank the ferry?", threshold=1.0)
    exchange = judged(asked.library, Exchange("Who sank the ferry?", refusal), Verdict.RIGHT)
    (label,) = asked.library.labels()
    assert (label.verdict, label.start, label.context) == (Verdict.RIGHT, None, refusal.nearest[0].quote)
    assert judged(asked.library, exchange, Verdict.RIGHT).verdict is None
    nothing = replace(refusal, nearest=())
    assert judged(asked.library, Exchange("Who?", nothing), Verdict.WRONG).verdict is Verdict.WRONG
    assert [(label.question, label.context) for label in asked.library.labels()] == [("Who?", "")]


@pytest.mark.parametrize("kind", ["all", "none of all", "note"])
def test_what_is_no_single_answer_is_not_judged(library: Library, kind: str) -> None:
    assert judged(library, KINDS[kind], Verdict.RIGHT) == KINDS[kind]
    assert library.labels() == []


def test_right_place_is_kept_as_it_was_marked(asked: Assistant) -> None:
    library = asked.library
    exchange = Exchange("How many wheels has the mill?", asked.ask("wheels mill"), verdict=Verdict.WRONG)
    assert exchange.answer is not None
    place = place_of(exchange.citations[0], supports=True, number=0)
    placed = marked(library, exchange, place, 4, 8)
    with library.view() as view:
        right = cite(view.document(place.document_id), 4, 8)
    assert placed == replace(exchange, verdict=Verdict.PLACE, place=right)
    assert restored(kept((placed,))) == (placed,)
    (label,) = library.labels()
    assert (right.quote, judged(library, placed, Verdict.WRONG)) == ("mill", exchange)
    assert (label.question, label.verdict) == ("How many wheels has the mill?", Verdict.PLACE)
    assert (label.start, label.end, label.quote) == (4, 8, "mill")


@pytest.mark.parametrize(
    ("question", "dials", "how", "verdict", "still"),
    [
        ("wheels mill", USUAL, {}, Verdict.RIGHT, Verdict.RIGHT),
        ("wheels mill", USUAL, {"as_typed": True}, Verdict.WRONG, Verdict.WRONG),
        ("Who sank the ferry?", USUAL, {}, Verdict.RIGHT, Verdict.RIGHT),
        ("wheels mill", replace(USUAL, threshold=1.0), {}, Verdict.RIGHT, None),
        ("wheels mill", replace(USUAL, threshold=1.0), {}, Verdict.PLACE, Verdict.PLACE),
        ("wheels mill", replace(USUAL, every=True), {}, Verdict.PLACE, Verdict.PLACE),
        ("Did the mill burn?", USUAL, {}, Verdict.PLACE, None),
    ],
)
def test_what_is_asked_again_keeps_the_verdict_that_the_library_keeps(
    asked: Assistant, question: str, dials: Dials, how: dict[str, object], verdict: Verdict, still: Verdict | None
) -> None:
    first = states(asked, question if still else "wheels mill")[-1][0]
    if verdict is Verdict.PLACE:
        before = marked(asked.library, first, place_of(first.citations[0], supports=True, number=0), 4, 8)
    else:
        before = judged(asked.library, first, verdict)
    *_, (done, last) = states(asked, question, (before, KINDS["note"]), dials, at=0, **how)
    assert last == KINDS["note"]
    assert (done.verdict, done.place) == (still, before.place if still else None)
    assert [label.verdict for label in asked.library.labels()] == [verdict]


@pytest.mark.parametrize("span", [(4, 4), (8, 4), (0, 1000), (3, 4)])
def test_place_that_holds_no_words_is_an_error_and_what_was_judged_before_stays(
    asked: Assistant, span: tuple[int, int]
) -> None:
    exchange = judged(asked.library, Exchange("wheels mill", asked.ask("wheels mill")), Verdict.RIGHT)
    before = asked.library.labels()
    with pytest.raises(DataError):
        marked(asked.library, exchange, place_of(exchange.citations[0], supports=True, number=0), *span)
    assert asked.library.labels() == before


@pytest.mark.parametrize("is_gone", [True, False])
def test_document_that_changed_or_is_gone_cannot_be_judged_and_nothing_is_lost(
    asked: Assistant, tmp_path: Path, is_gone: bool
) -> None:
    library = asked.library
    exchange = judged(library, Exchange("wheels mill", asked.ask("wheels mill")), Verdict.RIGHT)
    before = library.labels()
    place = place_of(exchange.citations[0], supports=True, number=0)
    if is_gone:
        library.remove(tmp_path / "mill.txt")
    else:
        (tmp_path / "mill.txt").write_text("The mill has 8 wheels.")
        library.add(tmp_path / "mill.txt")
    why = "No document" if is_gone else "'mill' has changed since it answered. Ask again"
    with pytest.raises(DocumentNotFound, match=why):
        judged(library, exchange, Verdict.WRONG)
    for one in (place, replace(place, sha256=place.sha256[:16])):
        with pytest.raises(DocumentNotFound, match=why):
            marked(library, exchange, one, 4, 8)
    assert library.labels() == before
    assert judged(library, exchange, Verdict.RIGHT).verdict is None  # what was said can still be taken back
    assert library.labels() == []


def test_place_for_a_question_that_is_asked_again_meanwhile_is_an_error(library: Library) -> None:
    with pytest.raises(PinciteError, match=r"'When\?' has no answer now"):
        marked(library, Exchange("When?", note="Reading them", is_pending=True), Place("d", 0, 4, "ab"), 0, 4)


# How many answers are wrong at a setting


PROMISE = Promise(0.7, 0.1, 0.05, 1200, 800, 40, "ab", "2026-01-02", "cd", ((0.9, 0.01, 0.3), (0.5, 0.21, 0.9)))


@pytest.mark.parametrize(("threshold", "share"), [(0.9, "1%"), (1.0, "1%"), (0.7, "11%"), (0.5, "21%"), (0.0, "21%")])
def test_settings_say_how_many_answers_are_wrong_as_measured(threshold: float, share: str) -> None:
    assert read(expected(PROMISE, threshold)).text == (
        f"Of the answers given at this setting, about {share} are wrong, as measured on 1,200 labelled questions on "
        "2026-01-02. At 0.70 it is promised that at most 10% are."
    )


def test_settings_say_where_nothing_was_measured() -> None:
    for promise in (None, replace(PROMISE, curve=())):
        assert "is not known for this library" in read(expected(promise, 0.5)).text
    assert read(expected(PROMISE, 0.5, changed=True)).text.endswith("since: pincite calibrate measures again.")


@pytest.mark.parametrize("text", HOSTILE)
def test_promise_of_a_strangers_library_is_shown_as_text(text: str) -> None:
    put_in(lambda shown: expected(replace(PROMISE, date=shown), 0.5), text)


def test_what_was_promised_for_another_reader_is_not_told(library: Library) -> None:
    assistant = Assistant(library, NumberReader())
    ours = replace(PROMISE, reader=assistant.reader.sha256)
    assert promise_for(assistant, ours) == ours
    assert promise_for(assistant, PROMISE) is None
    assert promise_for(assistant, None) is None


def test_a_right_place_can_be_taken_back_where_all_answers_were_wanted(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The bridge opened in 1932.")
    library.add(tmp_path / "a.txt")
    said = Assistant(library, NumberReader()).ask("When did the bridge open?", every=True)
    exchange = Exchange("When did the bridge open?", said)
    at = place_of(said.values[0].citations[0], supports=True, number=0)
    placed = marked(library, exchange, at, 21, 25)
    assert (placed.verdict, len(library.labels())) == (Verdict.PLACE, 1)
    assert judged(library, exchange, Verdict.PLACE) == exchange  # nothing was marked there
    assert judged(library, placed, Verdict.PLACE) == exchange
    assert library.labels() == []
