"""Answers as HTML. Every character that comes from a document or a person is escaped, for HTML and for Markdown."""

from collections.abc import Iterable
from html import escape

from rag.structure import bounds_at
from rag.values import Alternative, Answer, Citation, Document

AROUND = 900  # characters of the document shown on either side of a quote


def message(answer: Answer) -> str:
    """An answer as a chat message: the quote in its sentence with its places, or the reason for a refusal."""
    read_as = f'<p class="source">Read as: {literal(answer.read_as)}</p>' if answer.read_as else ""
    if answer.refusal:
        return (
            f"{read_as}<p><strong>The documents do not answer this.</strong></p>"
            f"<p>Why: {literal(str(answer.refusal))}. "
            "The nearest passages stand beside the conversation; they do not support an answer.</p>"
        )
    parts = [read_as, _finding(Alternative(answer.text, answer.confidence, answer.citations))]
    if answer.alternatives:
        others = "".join(map(_finding, answer.alternatives))
        parts.append(f"<details><summary>Other answers ({len(answer.alternatives)})</summary>{others}</details>")
    return "".join(parts)


def places(citations: Iterable[tuple[Document, Citation]], *, supports: bool) -> str:
    """Each citation in its document, the quote marked, or just outlined when it supports nothing."""
    title = "Where it stands" if supports else "Nearest passages, not an answer"
    tag = "mark" if supports else "span"
    sections = [
        f'<section class="place"><h3>{number}. {escape(_path(citation))}</h3>'
        f'<p class="source">{escape(_source(citation))}</p>'
        f'<div class="text">{_in_context(document, citation, tag)}</div></section>'
        for number, (document, citation) in enumerate(citations, 1)
    ]
    return f'<div class="places"><h2>{title}</h2>{"".join(sections)}</div>'


def literal(text: str) -> str:
    """`text` so that neither Markdown nor HTML sees anything in it but text."""
    return "".join(c if c.isalnum() or c == " " else f"&#{ord(c)};" for c in text)


def _finding(found: Alternative) -> str:
    first = found.citations[0]
    offset = first.start - first.sentence_start
    before, after = first.sentence[:offset], first.sentence[offset + len(first.quote) :]
    sources = "".join(
        f'<li>{literal(_path(citation))}<br><span class="source">{literal(_source(citation))}</span></li>'
        for citation in found.citations
    )
    return (
        f'<p class="sentence">{literal(before)}<mark>{literal(first.quote)}</mark>{literal(after)}</p>'
        f'<ol class="sources">{sources}</ol>'
        f'<p class="confidence">Confidence {found.confidence:.2f}</p>'
    )


def _path(citation: Citation) -> str:
    return " › ".join(dict.fromkeys((citation.title, *citation.heading)))


def _source(citation: Citation) -> str:
    page = f"page {citation.page}, " if citation.page else ""
    return f"{citation.source}, {page}characters {citation.start}–{citation.end}"


def _in_context(document: Document, citation: Citation, tag: str) -> str:
    low, high = bounds_at(document, citation.start)
    start, end = max(low, citation.start - AROUND), min(max(high, citation.end), citation.end + AROUND)
    before, after = document.text[start : citation.start], document.text[citation.end : end]
    lead, tail = "… " if start > low else "", " …" if end < high else ""
    quote = f"<{tag}>{escape(citation.quote)}</{tag}>"
    return f"{lead}{escape(before.lstrip())}{quote}{escape(after.rstrip())}{tail}"
