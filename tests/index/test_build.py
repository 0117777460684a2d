"""Building a library."""

from pathlib import Path

import pytest

from rag import Library
from rag.errors import FileError
from rag.fakes import WordEmbedder
from rag.index.build import build


def sources(folder: Path) -> list[str]:
    with Library.open(folder, embedder=WordEmbedder()) as library:
        return [Path(entry.source).name for entry in library.documents()]


def test_without_paths_the_shipped_corpus_is_read(tmp_path: Path) -> None:
    report = build(tmp_path / "library", embedder=WordEmbedder())
    assert [Path(source).name for source in report.added] == ["ukraine-standoff-2022.md"]
    assert sources(tmp_path / "library") == ["ukraine-standoff-2022.md"]


def test_folders_are_kept_in_step_and_files_are_added(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.txt").write_text("A.")
    (tmp_path / "papers" / "b.txt").write_text("B.")
    (tmp_path / "c.txt").write_text("C.")
    paths = [tmp_path / "papers", tmp_path / "c.txt"]
    build(tmp_path / "library", paths, embedder=WordEmbedder())
    (tmp_path / "papers" / "b.txt").unlink()
    report = build(tmp_path / "library", paths, embedder=WordEmbedder())
    assert (len(report.unchanged), len(report.removed)) == (2, 1)
    assert sources(tmp_path / "library") == ["c.txt", "a.txt"]


def test_a_path_that_is_not_there_leaves_no_library(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="nowhere"):
        build(tmp_path / "library", [tmp_path / "nowhere"], embedder=WordEmbedder())
    assert not (tmp_path / "library").exists()
