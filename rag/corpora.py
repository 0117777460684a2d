"""Where the documents lie that ship with the project."""

from pathlib import Path


def shipped_corpus() -> Path:
    """The folder of documents that ships with the project: in a checkout beside this package, in a wheel inside it.

    Inside the current folder it is given as one would type it there.
    """
    import rag

    folder = next(path for parent in rag.__path__ if (path := Path(parent) / "corpus").is_dir())
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
