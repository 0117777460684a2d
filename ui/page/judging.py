"""What people say of answers, kept in the library."""

from dataclasses import replace

from rag.citations import cite
from rag.errors import DocumentNotFound, PinciteError
from rag.labels import Label, Verdict, label, refusal_label
from rag.library import Library
from rag.values import Answer, Citation, Document

from .conversation import Exchange
from .place import Place


def judged(library: Library, exchange: Exchange, verdict: Verdict) -> Exchange:
    """The exchange with a verdict that the library keeps; the same verdict again takes it back.

    Raises PinciteError where that cannot be kept.
    """
    answer = exchange.answer
    if answer is not None and exchange.verdict is verdict:
        library.forget_label(exchange.meant)
        return replace(exchange, verdict=None, place=None)
    if not isinstance(answer, Answer) or verdict is Verdict.PLACE:
        return exchange
    if answer.refusal:
        nearest = next(iter(answer.nearest), None)
        if nearest:
            _check(library, nearest)
        library.judge(refusal_label(exchange.meant, verdict, nearest))
    else:
        first = answer.citations[0]
        library.judge(_label(library, exchange, verdict, _check(library, first), first.start, first.end))
    return replace(exchange, verdict=verdict, place=None)


def placed(library: Library, exchange: Exchange, place: Place, start: int, end: int) -> Exchange:
    """The exchange after a person marked the span that answers it. Raises PinciteError."""
    if exchange.answer is None:
        raise PinciteError(f"{exchange.question!r} has no answer now. Ask it again, and judge what is said then.")
    document = _check(library, place)
    library.judge(_label(library, exchange, Verdict.PLACE, document, start, end))
    return replace(exchange, verdict=Verdict.PLACE, place=cite(document, start, end))


def _label(library: Library, exchange: Exchange, verdict: Verdict, document: Document, start: int, end: int) -> Label:
    with library.view() as view:
        chunks = view.passages(document.id)
    return label(document, chunks, exchange.meant, verdict, start, end)


def _check(library: Library, where: Citation | Place) -> Document:
    """The document of a place, which must be as it was quoted: a conversation comes back from the browser."""
    with library.view() as view:
        document = view.document(where.document_id)
    is_there = not isinstance(where, Citation) or document.text[where.start : where.end] == where.quote
    if not document.sha256.startswith(where.sha256) or not is_there:
        raise DocumentNotFound(
            f"{document.title!r} has changed since it answered. Ask again, and judge what it says now."
        )
    return document
