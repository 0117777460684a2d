"""A conversation as a file to keep: Markdown, JSON, or one HTML page that needs nothing else."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version

from rag.citations import literal, quoted, reference
from rag.values import Answer, Citation, EveryAnswer

from .conversation import Conversation, Exchange

_STYLE = (
    "body{max-width:44rem;margin:2rem auto;padding:0 1rem;font:1rem/1.6 system-ui,sans-serif;color-scheme:light dark}"
    "h2{font-size:1.1rem;margin:2rem 0 .5rem}blockquote{margin:.5rem 0;padding-left:1rem;border-left:3px solid #b58900}"
    "mark{background:#ffe58a;color:#1a1a1a}.source{font-size:.85rem;overflow-wrap:anywhere}"
)


@dataclass(frozen=True, slots=True)
class File:
    """A file to be saved by the browser."""

    name: str
    type: str
    text: str


def as_file(conversation: Conversation, kind: str) -> File:
    """The answered part of a conversation; kind is "markdown", "json" or "html"."""
    suffix, media_type, written = _KINDS[kind]
    at = datetime.now(UTC).isoformat(timespec="seconds")
    answered = [exchange for exchange in conversation if exchange.answer is not None]
    return File(f"pincite-{at[:19].replace(':', '')}.{suffix}", media_type, written(answered, at))


def _json(exchanges: list[Exchange], at: str) -> str:
    kept = [{"question": e.question, "verdict": e.verdict, "answer": e.answer.to_dict()} for e in exchanges if e.answer]
    return json.dumps({"program": _program(), "at": at, "exchanges": kept}, ensure_ascii=False, indent=2)


def _markdown(exchanges: list[Exchange], at: str) -> str:
    parts = [f"# Questions and quotes\n\n{_program()}, {at}"]
    for exchange in exchanges:
        parts.append(f"## {literal(_one_line(exchange.question))}")
        parts.extend(map(literal, _remarks(exchange)))
        parts.extend(quoted(citation, markdown=True) for citation in _support(exchange))
    return "\n\n".join(parts) + "\n"


def _html(exchanges: list[Exchange], at: str) -> str:
    sections = "".join(
        f"<section><h2>{escape(exchange.question)}</h2>"
        f"{''.join(f'<p>{escape(line)}</p>' for line in _remarks(exchange))}"
        f"{''.join(map(_quote, _support(exchange)))}</section>"
        for exchange in exchanges
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Questions and quotes</title><style>{_STYLE}</style></head><body><h1>Questions and quotes</h1>"
        f"<p>{escape(_program())}, {at}</p>{sections}</body></html>\n"
    )


_KINDS: dict[str, tuple[str, str, Callable[[list[Exchange], str], str]]] = {
    "markdown": ("md", "text/markdown", _markdown),
    "json": ("json", "application/json", _json),
    "html": ("html", "text/html", _html),
}
KINDS = tuple(_KINDS)


def _quote(citation: Citation) -> str:
    offset = citation.start - citation.sentence_start
    before, after = citation.sentence[:offset], citation.sentence[offset + len(citation.quote) :]
    return (
        f"<blockquote>{escape(before)}<mark>{escape(citation.quote)}</mark>{escape(after)}</blockquote>"
        f'<p class="source">{escape(reference(citation))}</p>'
    )


def _remarks(exchange: Exchange) -> Iterator[str]:
    answer = exchange.answer
    assert answer is not None
    if answer.read_as:
        yield f"Read as: {_one_line(answer.read_as)}"
    if answer.refusal:
        yield f"The documents do not answer this: {answer.refusal}."
    elif isinstance(answer, Answer):
        yield f"{_one_line(answer.text)} (confidence {answer.confidence:.2f})"
    elif answer.disagree:
        yield "The documents disagree."
    if exchange.verdict:
        yield f"Judged: {exchange.verdict}."


def _support(exchange: Exchange) -> tuple[Citation, ...]:
    """The citations of the answer itself: nothing of a refusal, and no alternatives."""
    match exchange.answer:
        case Answer() as one:
            return one.citations
        case EveryAnswer() as every:
            return tuple(citation for value in every.values for citation in value.citations)
    return ()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _program() -> str:
    return f"Pincite {version('pincite')}"
