"""The library that a set is asked of, where it brings its own documents: SQuAD's paragraphs, a BEIR folder."""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import EvaluationError, files_of
from rag.labelled import LabelledParagraph, read_labelled
from rag.library import Library

from .questions import Question, paragraph_file, parsed

CORPUS, QUERIES, QRELS = "corpus.jsonl", "queries.jsonl", "qrels"
_LONGEST_NAME = 200  # bytes of a file name


def brings_documents(path: Path) -> bool:
    """Whether a set holds its documents, so that no library need be named."""
    return path.is_dir() or path.suffix != ".jsonl"


@contextmanager
def library_of(path: Path, progress: bool = False) -> Iterator[Library]:
    """A library, gone afterwards, of the documents that a set brings."""
    texts = _beir_texts(path) if path.is_dir() else paragraph_texts(read_labelled([path]).paragraphs)
    with library_of_texts(texts, progress) as library:
        yield library


@contextmanager
def library_of_texts(texts: dict[str, str], progress: bool = False) -> Iterator[Library]:
    """A library, gone afterwards, of texts by their file names."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "texts")
        files.mkdir()
        for name, text in texts.items():
            (files / name).write_text(text, encoding="utf-8-sig", newline="")  # a mark that the text begins with stays
        with Library.open(Path(folder, "library")) as library:
            report = library.add(files, relative_to=files, progress=progress)
            if report.failed:
                name, reason = Path(report.failed[0].source).name, report.failed[0].reason
                raise EvaluationError(f"The text {name!r} of the set cannot be used: {reason}. Take it out.")
            yield library


def paragraph_texts(paragraphs: Sequence[LabelledParagraph]) -> dict[str, str]:
    """Each paragraph as a text file."""
    return {paragraph_file(number): paragraph.text for number, paragraph in enumerate(paragraphs)}


def read_beir(folder: Path) -> list[Question]:
    """The queries of a BEIR folder (Thakur et al. 2021) that its qrels judge, with the documents to be found."""
    wanted: dict[str, list[str]] = {}
    places: dict[str, str] = {}
    for path in sorted((folder / QRELS).glob("*.tsv")) or _missing(folder / QRELS / "test.tsv"):
        for number, line in enumerate(_read_lines(path), 1):
            cells = line.split("\t")
            if not line.strip() or (number == 1 and cells[-1] == "score"):
                continue
            if len(cells) != 3 or not cells[2].lstrip("-").isdigit():
                raise EvaluationError(
                    f"{path}:{number} is no judgement. A line reads QUERY, DOCUMENT, SCORE, parted by tabs."
                )
            places.setdefault(cells[0], f"{path}:{number}")
            if int(cells[2]) > 0:
                wanted.setdefault(cells[0], []).append(cells[1])
    queries = {str(query["_id"]): query["text"] for query in _objects(folder / QUERIES, blank=False)}
    for name, place in places.items():
        if name not in queries:
            raise EvaluationError(
                f"{place} judges the query {name!r}, which {str(folder / QUERIES)!r} lacks. Add it, or take the "
                "judgement out."
            )
    found = [
        Question(name, text, (), documents=tuple(dict.fromkeys(wanted[name])))
        for name, text in queries.items()
        if name in wanted
    ]
    if not found:
        raise EvaluationError(
            f"No query in {str(folder / QUERIES)!r} is judged by the files in {str(folder / QRELS)!r}. "
            "At least one judgement must have a score above 0."
        )
    return found


def names_of(path: Path) -> dict[str, str]:
    """What the documents of a set are called in it, by the names of their files in `library_of`: the ids of BEIR."""
    ids = [str(one["_id"]) for one in _objects(path / CORPUS, blank=True)] if path.is_dir() else []
    return {_file_name(name): name for name in ids}


def _beir_texts(folder: Path) -> dict[str, str]:
    documents = _objects(folder / CORPUS, blank=True)
    return {
        _file_name(str(one["_id"])): f"{one.get('title') or ''}\n\n{one['text']}".strip() or "-" for one in documents
    }


def _file_name(name: str) -> str:
    """A BEIR id as a file name: what may not stand in one, or begin one, by its number; a long one by its hash too."""
    safe = "".join(
        c if c.isalnum() or c in "-_" or (c == "." and at) else f"%{ord(c):06x}" for at, c in enumerate(name)
    )
    if len(safe.encode()) > _LONGEST_NAME:
        safe = f"{safe[: _LONGEST_NAME // 4]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return f"{safe}.txt"


def _objects(path: Path, *, blank: bool) -> Iterator[dict[str, Any]]:
    """The entries of a file, each with an `_id` of its own and a `text`, which may be `blank`."""
    if not path.is_file():
        _missing(path)
    lines: dict[str, int] = {}
    for number, line in enumerate(_read_lines(path), 1):
        if not line.strip():
            continue
        try:
            found = parsed(line)
            if any(name not in found for name in ("_id", "text")):
                raise ValueError("it has not all of _id, text")
            if not isinstance(found["_id"], str | int) or not str(found["_id"]).strip():
                raise ValueError(f"its _id {found['_id']!r} is none")
            if not isinstance(found["text"], str) or not (blank or found["text"].strip()):
                raise ValueError(f"its text {found['text']!r} is none")
            if (first := lines.setdefault(str(found["_id"]), number)) != number:
                raise ValueError(f"its _id {found['_id']!r} is that of line {first}; give each its own")
        except (ValueError, TypeError, RecursionError) as error:
            raise EvaluationError(f"{path}:{number} is no entry of a BEIR folder: {error}.") from error
        yield found


def _read_lines(path: Path) -> list[str]:
    with files_of(EvaluationError, f"read {str(path)!r}", "A BEIR folder holds text in UTF-8."):
        return path.read_text(encoding="utf-8").split("\n")


def _missing(path: Path) -> list[Path]:
    raise EvaluationError(
        f"{str(path)!r} is not there. A folder with a set holds {CORPUS}, {QUERIES} and {QRELS}/*.tsv, as BEIR's do."
    )
