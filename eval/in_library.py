"""Measures a reader where it is used: all paragraphs make a library, and a question is asked of it alone."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rag.assistant import Assistant
from rag.labelled import LabelledParagraph
from rag.library import Library
from rag.reading import Reader

from .calibration import Judged, judge


@contextmanager
def library_of(paragraphs: Sequence[LabelledParagraph]) -> Iterator[Library]:
    """A library, gone afterwards, in which each paragraph is a document."""
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder, "texts")
        texts.mkdir()
        for number, paragraph in enumerate(paragraphs):
            (texts / f"{number:06}.txt").write_text(paragraph.text, encoding="utf-8", newline="")
        with Library.open(Path(folder, "library")) as library:
            library.add(texts)
            yield library


def judge_in_library(reader: Reader, paragraphs: Sequence[LabelledParagraph], every: int = 1) -> list[Judged]:
    """Every so-many-th question of the paragraphs, asked of the library that they make."""
    asked = [(q.text, paragraph.answers(q)) for paragraph in paragraphs for q in paragraph.questions][::every]
    with library_of(paragraphs) as library:
        return judge(Assistant(library, reader), asked)
