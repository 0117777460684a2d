"""Files of every kind, made for the tests."""

import io
import zipfile
from pathlib import Path

import docx
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas


def write(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def pdf(*pages: list[tuple[int, str]], title: str | None = None, encrypt: str | None = None, **kwargs: str) -> bytes:
    """A PDF whose pages are lists of (type size, line)."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, encrypt=encrypt)
    if title:
        canvas.setTitle(title)
    for lines in pages:
        y = 780
        for size, line in lines:
            canvas.setFont("Helvetica", size)
            canvas.drawString(60, y, line)
            y -= 2 * size
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def docx_bytes(build: "docx.document.Document") -> bytes:
    buffer = io.BytesIO()
    build.save(buffer)
    return buffer.getvalue()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    return buffer.getvalue()
