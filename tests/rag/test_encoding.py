"""The tokens that the budget is counted in."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.encoding import RANKS, SHIPPED, count_tokens, encoding
from rag.errors import EncodingError
from rag.index.encoding import learn_ranks


def test_shipped_encoding_counts_the_same_everywhere() -> None:
    assert count_tokens("On Jan. 21 about 8,500 soldiers left.") == 13
    assert RANKS.stat().st_size < 300_000


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_every_text_survives_encoding(text: str) -> None:
    assert encoding().decode(encoding().encode_ordinary(text)) == text


def test_names_of_special_tokens_are_plain_text() -> None:
    assert count_tokens("<|endoftext|>") > 1


def test_unknown_encoding_lists_the_known_ones() -> None:
    with pytest.raises(EncodingError, match=rf"no encoding 'nope'.*{SHIPPED}.*o200k_base"):
        encoding("nope")


def test_encoding_that_must_be_downloaded_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nothing listens there
    with pytest.raises(EncodingError, match="could not be downloaded.*TIKTOKEN_CACHE_DIR"):
        encoding("r50k_base")


def test_learning_joins_what_is_most_frequent_first() -> None:
    ranks = learn_ranks(iter(["low low low lower"]), 259)
    assert sorted(list(ranks)[:256]) == [bytes([byte]) for byte in range(256)]
    assert len(ranks) == 259
    assert set(list(ranks)[256:]) == {b"lo", b"low", b" low"}
