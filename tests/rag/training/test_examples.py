"""Examples of an epoch: spans that stay on their words, shares, kinds without an answer."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.fakes import WordEmbedder
from rag.labelled import LabelledParagraph, LabelledQuestion
from rag.training import Mix
from rag.training.examples import Examples

SENTENCES = [f"In {1900 + n} the bridge number {n} was opened by the mayor of Town {n}." for n in range(30)]
TEXT = " ".join(SENTENCES)
PLAIN = Mix({}, retrieved=0, exchanged=0, opposite=0, elsewhere=0, unpunctuated=0, keywords=0, slip=0, whole=0)


def paragraph(year: int, **changes: object) -> LabelledParagraph:
    at = TEXT.index(str(year))
    question = LabelledQuestion(f"q{year}", f"When was bridge number {year - 1900} opened in Town 3?", ((at, at + 4),))
    return LabelledParagraph("set", "Bridges", TEXT, (replace(question, **changes),))  # type: ignore[arg-type]


@given(seed=st.integers(0, 10_000), year=st.integers(1900, 1929))
def test_spans_stay_on_their_words_however_the_paragraph_is_cut(seed: int, year: int) -> None:
    (example,) = Examples([paragraph(year)], PLAIN, seed, None).epoch(0)
    assert [example.text[start:end] for start, end in example.spans] == [str(year)]
    assert example.text in TEXT
    assert len(example.text.split()) <= 170


def test_all_spans_stay_together_where_every_one_is_wanted() -> None:
    spans = tuple((at, at + 4) for at in (TEXT.index("1903"), TEXT.index("1906")))
    (example,) = Examples([paragraph(1903, spans=spans, every=True)], PLAIN, 1, None).epoch(0)
    assert [example.text[start:end] for start, end in example.spans] == ["1903", "1906"]
    assert example.every


def test_epochs_differ_and_come_again_with_the_seed() -> None:
    examples = Examples([paragraph(year) for year in range(1900, 1930)], PLAIN, 7, None)
    assert examples.epoch(0) == Examples([paragraph(year) for year in range(1900, 1930)], PLAIN, 7, None).epoch(0)
    assert examples.epoch(0) != examples.epoch(1)


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.5, 80, 120), (1.0, 200, 200), (2.0, 400, 400)])
def test_share_of_a_file(share: float, least: int, most: int) -> None:
    paragraphs = [paragraph(1900 + n % 30) for n in range(200)]
    count = len(Examples(paragraphs, replace(PLAIN, shares={"set": share}), 1, None).epoch(0))
    assert least <= count <= most


@pytest.mark.parametrize("kind", ["exchanged", "opposite"])
def test_copies_without_an_answer(kind: str) -> None:
    mix = replace(PLAIN, **{kind: 1.0})  # type: ignore[arg-type]
    made = Examples([paragraph(1905)], mix, 3, None).epoch(0)
    assert sorted(bool(example.spans) for example in made) == [False, True]
    changed, kept = sorted(made, key=lambda example: bool(example.spans))
    assert changed.question != kept.question


def test_a_question_without_an_answer_keeps_what_seems_to_answer_it() -> None:
    asked = paragraph(1900, text="Which mayor closed the bridge of Town 17?", spans=())
    for seed in range(20):
        (example,) = Examples([asked], PLAIN, seed, None).epoch(0)
        assert SENTENCES[17] in example.text


def test_retrieved_passages_hold_no_answer() -> None:
    other = LabelledParagraph("set", "Rivers", "When was the river opened in Town 3? Nobody knows.", ())
    made = [
        example
        for number in range(20)
        for example in Examples([paragraph(1905), other], replace(PLAIN, retrieved=1.0), 1, WordEmbedder()).epoch(
            number
        )
    ]
    negatives = [example for example in made if not example.spans]
    assert negatives
    assert all(example.text in other.text for example in negatives)


def test_typed_forms_are_mixed_in() -> None:
    (example,) = Examples([paragraph(1905)], replace(PLAIN, keywords=1.0), 1, None).epoch(0)
    assert example.question == "bridge number 5 opened town 3"
