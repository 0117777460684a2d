"""A span of a document to a citation: the quote, and all that is needed to find it again."""

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
