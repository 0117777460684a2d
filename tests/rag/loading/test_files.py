"""Which kind a file is, and which files are refused."""

import io
import zipfile
from pathlib import Path

import docx
import pytest

from rag.errors import FileError
from rag.loading import load

from .make import docx_bytes, pdf, write, zipped


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.bin", "a"])
def test_kind_is_told_by_content(tmp_path: Path, name: str) -> None:
    assert load(write(tmp_path, name, pdf([(11, "Plain words.")]))).pages
    word = docx.Document()
    word.add_paragraph("In Word.")
    assert load(write(tmp_path, name, docx_bytes(word))).text == "In Word."


def without(part: str, removed: bytes) -> bytes:
    """A Word document one part of which is not what it should be."""
    source = io.BytesIO()
    docx.Document().save(source)
    buffer = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, removed if name == part else old.read(name))
    return buffer.getvalue()


def test_text_that_speaks_of_pdf_is_text(tmp_path: Path) -> None:
    assert load(write(tmp_path, "a.md", "A PDF begins with %PDF-1.7.\n")).pages == ()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.txt", b"", "it is empty"),
        ("a.txt", b" \n\t ", "holds no text"),
        ("a.md", b"---\ntitle: x\n---\n\n", "holds no text"),
        ("a.txt", bytes(range(256)) * 8, "binary"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "binary"),
        ("a.pdf", b"words", "its name says pdf"),
        ("a.docx", b"words", "its name says docx"),
        ("a.pdf", b"%PDF-1.7\nbroken", "broken"),
        ("a.pdf", pdf([]), "no text layer"),
        ("a.pdf", pdf([(11, "Secret.")], encrypt="pass"), "encrypted"),
        ("a.docx", b"PK\x03\x04broken", "broken"),
        ("a.docx", zipped(), "no Word document"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old or an encrypted Office file"),
        ("a.html", b"<!doctype html><html><body></body></html>", "no text"),
        ("a.md", b"---\na: " + b"[" * 5000 + b"\n---\nWords.\n", "broke the parser"),
        ("a.docx", without("word/document.xml", b"<w:body/>"), "broken|broke the parser"),
    ],
)
def test_file_that_cannot_be_read_is_refused_with_its_name_and_the_reason(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    path = write(tmp_path, name, data)
    with pytest.raises(FileError, match=reason) as raised:
        load(path)
    assert str(path) in str(raised.value)


def test_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="11 bytes, more than the limit of 10"):
        load(write(tmp_path, "a.txt", "x" * 11), max_bytes=10)


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w", force_zip64=True) as entry,
    ):
        for _ in range(1001):
            entry.write(b" " * 1_000_000)
    with pytest.raises(FileError, match="unpacks to more than"):
        load(write(tmp_path, "bomb.docx", buffer.getvalue()))
