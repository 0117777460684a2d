"""The extractive reader and its decoder, with the weights that ship."""

import json
import time
from itertools import pairwise
from pathlib import Path

import pytest

from rag.corpora import shipped_corpus
from rag.errors import ModelError, QuestionError
from rag.models import find_model
from rag.reading import SHIPPED_READER, ExtractiveReader, Span
from rag.reading.decoding import apart, inside_word
from rag.reading.network import network_to_train
from rag.sentences import sentences

QUESTIONS = [
    "How many people has the fighting killed?",
    "Who leads the Mejlis?",
    "When did the czars conquer Crimea?",
    "what does russia want",
    "Where did the diplomats meet?",
]


@pytest.fixture(scope="module")
def reader() -> ExtractiveReader:
    return ExtractiveReader()


@pytest.fixture(scope="module")
def passages() -> list[str]:
    text = (shipped_corpus() / "ukraine-standoff-2022.md").read_text(encoding="utf-8")
    found = sentences(text)
    return [text[found[n][0] : found[min(n + 4, len(found) - 1)][1]] for n in range(0, len(found) - 4, 5)]


def test_answer_is_a_span_of_the_passage(reader: ExtractiveReader) -> None:
    passage = "The czars conquered Crimea in 1783. Stalin deported the Tatars in 1944."
    best = reader.read("When did the czars conquer Crimea?", [passage])[0]
    assert passage[best.start : best.end] == "1783"
    assert best.score > 0


def test_spans_lie_in_their_passage_end_after_they_start_and_do_not_overlap(
    reader: ExtractiveReader, passages: list[str]
) -> None:
    for question in QUESTIONS:
        spans = reader.read(question, passages)
        assert spans == sorted(spans, key=lambda s: -s.score)
        for index, passage in enumerate(passages):
            of_passage = sorted((s.start, s.end) for s in spans if s.passage == index)
            assert 1 <= len(of_passage) <= 3
            assert all(0 <= start < end <= len(passage) for start, end in of_passage)
            assert all(end <= start for (_, end), (start, _) in pairwise(of_passage))
            assert all(not inside_word(passage, p) for span in of_passage for p in span)


def test_what_is_read_beside_a_passage_does_not_change_its_spans(reader: ExtractiveReader, passages: list[str]) -> None:
    for question in QUESTIONS:
        together = reader.read(question, passages)
        alone = [Span(n, s.start, s.end, s.score) for n, p in enumerate(passages) for s in reader.read(question, [p])]
        best, best_alone = together[0], min(alone, key=lambda s: (-s.score, s.passage, s.start))
        assert (best.passage, best.start, best.end) == (best_alone.passage, best_alone.start, best_alone.end)
        assert best.score == pytest.approx(best_alone.score, abs=0.002)


def test_long_passage_is_read_to_its_end(reader: ExtractiveReader) -> None:
    filler = "The harbour was quiet and the boats lay still in the grey water. " * 60
    passage = f"{filler}The lighthouse keeper was named Ingrid Solberg. {filler}"
    best = reader.read("What was the lighthouse keeper named?", [passage])[0]
    assert passage[best.start : best.end] == "Ingrid Solberg"


def test_no_passages_and_passages_without_words_give_no_spans(reader: ExtractiveReader) -> None:
    assert reader.read("Who?", []) == []
    assert reader.read("Who?", [" "]) == []


def test_question_that_would_fill_the_window_is_refused(reader: ExtractiveReader) -> None:
    with pytest.raises(QuestionError, match="has 129 tokens, at most 128"):
        reader.read("why " * 129, ["Because."])


def test_offsets_hold_in_text_that_the_tokenizer_changes(reader: ExtractiveReader) -> None:
    passage = "Das Café Zürich öffnete\u00a0１９８４ in İstanbul\u200b 😀, said Łukasz Żółć."
    for span in reader.read("Who said it?", [passage]):
        assert 0 <= span.start < span.end <= len(passage)
        assert not passage[span.start : span.end][0].isspace()


@pytest.mark.parametrize(
    ("text", "position", "inside"),
    [
        ("8,500 men", 1, True),
        ("8,500 men", 2, True),
        ("8,500 men", 5, False),
        ("3.5", 1, True),
        ("in 2014. Then", 7, False),
        ("soldiers", 4, True),
        ("mother-in-law", 6, False),
        ("Rene\u0301 left", 4, True),
        ("x", 0, False),
        ("x", 1, False),
    ],
)
def test_words_and_numbers_are_not_cut_in_two(text: str, position: int, inside: bool) -> None:
    assert inside_word(text, position) is inside


def test_of_overlapping_spans_the_best_is_kept() -> None:
    spans = [Span(0, 0, 5, 1.0), Span(0, 4, 9, 2.0), Span(0, 9, 12, 0.5)]
    assert apart(spans) == [Span(0, 4, 9, 2.0), Span(0, 9, 12, 0.5)]


def test_shipped_weights_are_small_and_load_quickly(reader: ExtractiveReader) -> None:
    assert sum(path.stat().st_size for path in SHIPPED_READER.iterdir()) <= 25_000_000
    reader.read("Who?", ["Ada."])  # torch and transformers are imported
    begun = time.perf_counter()
    ExtractiveReader().read("Who?", ["Ada."])
    assert time.perf_counter() - begun < 2


def test_folder_without_weights_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({}))
    with pytest.raises(ModelError, match=tmp_path.name):
        ExtractiveReader(tmp_path)


def test_folder_of_another_model_is_no_reader() -> None:
    base, _ = find_model()
    with pytest.raises(ModelError, match="holds no extractive reader.*pincite train"):
        ExtractiveReader(base).read("Who?", ["Ada."])
    with pytest.raises(ModelError, match="holds no extractive reader"):
        network_to_train(base)
