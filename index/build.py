"""Builds a library: folders are kept in step, files are added, and on demand all is built again."""

from collections.abc import Sequence
from pathlib import Path

from rag.corpora import shipped_corpus
from rag.embedding import Embedder
from rag.intake import Report
from rag.library import Library
from rag.loading import locate
from rag.settings import Cutting


def build(
    folder: Path,
    paths: Sequence[Path] = (),
    *,
    rebuild: bool = False,
    embedder: Embedder | None = None,
    cutting: Cutting | None = None,
    progress: bool = False,
) -> Report:
    """Make the library in `folder` hold what the paths hold, and say what became of each file.

    Without paths it is the shipped corpus that is read; with `rebuild` and without paths, what the library has.
    Raises FileError for a path that is not there, before anything is written.
    """
    for path in paths:
        locate(path)
    reports = []
    if rebuild:
        reports.append(Library.rebuild(folder, embedder=embedder, cutting=cutting, progress=progress))
    if paths or not rebuild:
        with Library.open(folder, embedder=embedder, cutting=cutting) as library:
            for path in paths or [shipped_corpus()]:
                take = library.sync if path.is_dir() else library.add
                reports.append(take(path, progress=progress))
    return Report.total(reports)
