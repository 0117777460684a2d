"""A conversation as a file to keep: Markdown, JSON, or one HTML page that needs nothing else."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version

from rag.citations import around_quote, literal, quoted, reference
from rag.labels import Verdict
from rag.values import Alternative, Answer, Citation, Value

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
    kept = [
        {
            "question": e.question,
            "verdict": e.verdict,
            "place": e.place and asdict(e.place),
            "answer": e.answer.to_dict(),
        }
        for e in exchanges
        if e.answer
    ]
    return json.dumps({"program": _program(), "at": at, "exchanges": kept}, ensure_ascii=False, indent=2)


def _markdown(exchanges: list[Exchange], at: str) -> str:
    parts = [f"# Questions and quotes\n\n{_program()}, {at}"]
    for exchange in exchanges:
        parts.append(f"## {literal(_one_line(exchange.question))}")
        for remark, citations in _findings(exchange):
            parts.append(literal(remark))
            parts.extend(quoted(citation, markdown=True) for citation in citations)
    return "\n\n".join(parts) + "\n"


def _html(exchanges: list[Exchange], at: str) -> str:
    sections = "".join(
        f"<section><h2>{escape(exchange.question)}</h2>"
        f"{''.join(f'<p>{escape(remark)}</p>' + ''.join(map(_quote, cited)) for remark, cited in _findings(exchange))}"
        "</section>"
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
    before, after = map(escape, around_quote(citation))
    return (
        f"<blockquote>{before}<mark>{escape(citation.quote)}</mark>{after}</blockquote>"
        f'<p class="source">{escape(reference(citation))}</p>'
    )


def _findings(exchange: Exchange) -> Iterator[tuple[str, tuple[Citation, ...]]]:
    """What is to be said of an exchange, line by line, each with the citations that it is of: none for a refusal."""
    answer = exchange.answer
    assert answer is not None
    if exchange.verdict:
        yield f"Judged: {Verdict.WRONG if exchange.verdict is Verdict.PLACE else exchange.verdict}.", ()
    if exchange.place:
        yield "The right place:", (exchange.place,)
    if answer.read_as:
        yield f"Read as: {_one_line(answer.read_as)}", ()
    if answer.refusal:
        yield f"The documents do not answer this: {answer.refusal}.", ()
    elif isinstance(answer, Answer):
        yield _found("", answer), answer.citations
        yield from ((_found("Another answer: ", other), other.citations) for other in answer.alternatives)
    else:
        if answer.disagree:
            yield "The documents disagree.", ()
        yield from ((_found("", value), value.citations) for value in answer.values)


def _found(before: str, what: Answer | Alternative | Value) -> str:
    return f"{before}{_one_line(what.text)} (confidence {what.confidence:.2f})"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _program() -> str:
    return f"Pincite {version('pincite')}"
