"""Documents to chunks."""

import base64
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.chunking import embedded_texts, split
from rag.embedding import SentenceEmbedder
from rag.encoding import count_tokens
from rag.fakes import WordEmbedder
from rag.structure import heading_path
from rag.values import Chunk, Document, Heading


def document(text: str, *headings: Heading, title: str = "T", **metadata: str) -> Document:
    return Document("id", title, "t.txt", "0" * 64, text, headings=headings, metadata=metadata)


def cut(source: Document, budget: int, overlap: int = 1, window: int = 256) -> list[str]:
    embedder = WordEmbedder(window)
    chunks = split(source, window=window, count_window_tokens=embedder.count_tokens, budget=budget, overlap=overlap)
    return [chunk.text for chunk in chunks]


def test_whole_sentences_up_to_the_budget_with_the_last_one_repeated() -> None:
    text = "One is one. Two is two. Three is three. Four is four."  # four or five tokens each
    assert cut(document(text), budget=10) == [
        "One is one. Two is two.",
        "Two is two. Three is three.",
        "Three is three. Four is four.",
    ]
    assert cut(document(text), budget=10, overlap=0) == ["One is one. Two is two.", "Three is three. Four is four."]
    assert cut(document(text), budget=1000) == [text]


def test_no_chunk_crosses_a_heading_of_the_top_levels() -> None:
    text = "Before.\n\nHead\n\nAfter.\n\nLow\n\nLast."
    top, low = Heading(3, "Head", 9, 13), Heading(4, "Low", 23, 26)
    assert cut(document(text, top, low), budget=1000) == ["Before.", "After.\n\nLow\n\nLast."]


def test_heading_with_nothing_below_it_is_kept() -> None:
    text = "A\n\nB\n\nC\n\nwords"
    headings = (Heading(1, "A", 0, 1), Heading(2, "B", 3, 4), Heading(2, "C", 6, 7))
    assert cut(document(text, *headings), budget=1000) == ["B", "words"]


def test_sentence_over_the_budget_is_cut_between_words() -> None:
    text = " ".join(["word"] * 30)  # the first of a piece may take two tokens
    pieces = cut(document(text), budget=10)
    assert [len(piece.split()) for piece in pieces] == [10, 9, 10, 1]


BREAKERS = {
    "url": "See https://example.org/" + "/".join(f"path-{n:04}" for n in range(900)) + " for more.",
    "base64": base64.b64encode(random.Random(1).randbytes(6000)).decode(),
    "cjk": "外交官在日內瓦會面討論軍隊問題" * 300,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈👍🏽" * 300,
    "one letter words": "a " * 3000,
    "punctuation": "!?.,;" * 800,
    "accents": "e\u0301\u0327\u0323" * 800,
    "rare": "ꙮ𒐫﷽ᚠᛇᚻ" * 300,
}


@pytest.fixture(scope="module")
def minilm() -> SentenceEmbedder:
    return SentenceEmbedder()


@pytest.mark.parametrize("name", BREAKERS)
@pytest.mark.parametrize("budget", [128, 5000])
def test_nothing_is_longer_than_the_models_window_by_its_own_tokenizer(
    minilm: SentenceEmbedder, name: str, budget: int
) -> None:
    text = f"It began so. {BREAKERS[name]} And so it ended."
    source = document(text, Heading(1, "H" * 900, 0, 0), title="A title " * 60)
    chunks = split(source, window=minilm.window, count_window_tokens=minilm.count_tokens, budget=budget)
    for chunk in chunks:
        embedded = embedded_texts(source, chunk, minilm.window, minilm.count_tokens)
        assert embedded[0].endswith(chunk.text)
        assert all(minilm.count_tokens(each) <= minilm.window == 256 for each in embedded)
        assert count_tokens(chunk.text) <= budget
    assert_complete(text, chunks)


def assert_complete(text: str, chunks: list[Chunk]) -> None:
    covered = {n for chunk in chunks for n in range(chunk.start, chunk.end)}
    assert all(n in covered or text[n].isspace() for n in range(len(text)))


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=400)
    | st.text("ab. \n-1#", min_size=1, max_size=400),
    st.integers(4, 40),
    st.integers(0, 3),
)
def test_chunks_are_slices_within_the_budget_that_leave_nothing_out(text: str, budget: int, overlap: int) -> None:
    source = document(text)
    embedder = WordEmbedder()
    chunks = split(source, window=40, count_window_tokens=embedder.count_tokens, budget=budget, overlap=overlap)
    assert all(chunk.text == text[chunk.start : chunk.end] for chunk in chunks)
    assert all(count_tokens(chunk.text) <= budget for chunk in chunks)
    assert_complete(text, chunks)


def test_title_and_headings_go_with_a_chunk_but_not_into_its_text() -> None:
    text = "A\n\nB\n\nSome words. Others."
    source = document(text, Heading(1, "A", 0, 1), Heading(2, "B", 3, 4), title="Report")
    assert cut(source, 100) == ["Some words. Others."]
    chunk = Chunk(source.id, 6, len(text), text[6:])
    titles = "Report > A > B"
    assert embedded_texts(source, chunk, 256, WordEmbedder().count_tokens) == [
        f"{titles}\n{part}" for part in ("Some words. Others.", "Some words.", "Others.")
    ]
    alone = Chunk(source.id, 6, 17, text[6:17])
    assert embedded_texts(source, alone, 256, WordEmbedder().count_tokens) == [f"{titles}\nSome words."]


def test_long_text_without_an_end_is_cut_in_time_that_grows_with_its_length() -> None:
    def calls(length: int) -> int:
        embedder, counted = WordEmbedder(), 0

        def count(text: str) -> int:
            nonlocal counted
            counted += len(text)
            return embedder.count_tokens(text)

        split(document("1234 " * length), window=256, count_window_tokens=count, budget=128)
        return counted

    assert calls(8000) < 6 * calls(2000)


def test_headings_above_a_place_are_found_among_many() -> None:
    headings = [Heading(1 + (n % 3 > 0) + (n % 3 > 1), f"H{n}", 10 * n, 10 * n + 2) for n in range(300)]
    source = document("x" * 3000, *headings)
    assert heading_path(source, 2995) == ("H297", "H298", "H299")
    assert heading_path(source, 2975) == ("H297",)
