"""What the tests of several rooms share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import Assistant, Library
from rag.corpora import shipped_corpus
from rag.fakes import NumberReader, WordEmbedder

TOP = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def article_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the shipped article, made with the real models."""
    folder = tmp_path_factory.mktemp("article")
    with Library.open(folder) as library:
        library.add(shipped_corpus())
    return folder


@pytest.fixture(scope="session")
def article_assistant(article_folder: Path) -> Iterator[Assistant]:
    """The real assistant on the shipped article."""
    with Library.open(article_folder, create=False) as library:
        yield Assistant(library)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library with an embedder that counts words."""
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        yield library


@pytest.fixture
def assistant(library: Library) -> Assistant:
    """An assistant on the empty library, with a reader that answers with numbers."""
    return Assistant(library, NumberReader())
