"""A span of a document to a citation: the quote, and all that is needed to find it again."""

import re
from pathlib import Path

from .sentences import around
from .structure import bounds_at, heading_path, page_at
from .values import Citation, Document


def cite(document: Document, start: int, end: int) -> Citation:
    """The citation of `document.text[start:end]`, with the page, the headings and the sentence that it stands in."""
    language = document.metadata.get("language", "en")
    first, last = around(document.text, start, end, bounds_at(document, start), language)
    return Citation(
        document_id=document.id,
        title=document.title,
        source=document.source,
        sha256=document.sha256,
        date=document.metadata.get("date"),
        page=page_at(document, start),
        heading=heading_path(document, start),
        start=start,
        end=end,
        quote=document.text[start:end],
        sentence=document.text[first:last],
        sentence_start=first,
    )


def path(citation: Citation) -> tuple[str, ...]:
    """Title and headings, outermost first, none twice."""
    return tuple(dict.fromkeys((citation.title, *citation.heading)))


def around_quote(citation: Citation) -> tuple[str, str]:
    """What stands before and after the quote in its sentence."""
    offset = citation.start - citation.sentence_start
    return citation.sentence[:offset], citation.sentence[offset + len(citation.quote) :]


def reference(citation: Citation) -> str:
    """Where a quote stands, in one line that can be checked: title, headings, date, file, page, characters, hash."""
    date = f" ({citation.date})" if citation.date else ""
    page = f"page {citation.page}, " if citation.page else ""
    place = f"{page}characters {citation.start}–{citation.end}"
    return " ".join(
        f"{' › '.join(path(citation))}{date}; {Path(citation.source).name}, {place}, SHA-256 {citation.sha256}".split()
    )


def quoted(citation: Citation, *, markdown: bool = False) -> str:
    """The quote with its reference, as plain text or as Markdown, to be pasted elsewhere."""
    if not markdown:
        return f"“{citation.quote}”\n{reference(citation)}"
    lines = "\n".join(f"> {literal(line.lstrip())}" for line in citation.quote.splitlines())
    return f"{lines}\n>\n> {literal(reference(citation))}"


def literal(text: str) -> str:
    """A line for Markdown that shows as it is: a backslash before whatever Markdown or HTML would take for its own."""
    plain = re.sub(r"([\\`*_\[\]<>#|$~&])", r"\\\1", text)
    return re.sub(r"^(\s*\d*)([-+=.)])", r"\1\\\2", plain)
