"""The conversation as HTML. Every character that comes from a document or a person is escaped."""

from collections.abc import Iterator
from html import escape
from itertools import count

from rag.citations import around_quote, path
from rag.labels import Verdict
from rag.values import Answer, Citation, EveryAnswer, Value

from .conversation import Conversation, Exchange
from .place import link, source

_WORDS = ((0.8, "Very likely right"), (0.6, "Likely right"), (0.4, "Uncertain"), (0.0, "Doubtful"))
_VERDICTS = ((Verdict.RIGHT, "Right"), (Verdict.WRONG, "Wrong"))


def messages(conversation: Conversation, examples: list[str], *, may_judge: bool) -> str:
    """All exchanges, oldest first; before the first one, what could be asked."""
    if not conversation:
        return _welcome(examples)
    shown = "".join(_exchange(number, one, may_judge) for number, one in enumerate(conversation))
    return f'<div class="exchanges" role="log" tabindex="0" aria-label="Conversation">{shown}</div>{_keeping()}'


def confidence(value: float) -> str:
    """A confidence, 0 to 1, in words and number."""
    words = next(words for least, words in _WORDS if value >= least)
    return f"{words} ({value:.2f})"


def _welcome(examples: list[str]) -> str:
    buttons = "".join(
        f'<li><button type="button" data-do="ask" data-value="{escape(question)}">{escape(question)}</button></li>'
        for question in examples
    )
    start = f"<p>For example:</p><ul>{buttons}</ul>" if buttons else ""
    return (
        '<div class="welcome"><h2>Ask your documents</h2><p>The answer is a quote, letter for letter, with the place '
        f"where it stands. Where the documents do not answer, you are told so.</p>{start}</div>"
    )


def _keeping() -> str:
    kinds = (("markdown", "Markdown"), ("html", "HTML"), ("json", "JSON"))
    saves = "".join(f'<button type="button" data-do="keep" data-value="{kind}">{name}</button>' for kind, name in kinds)
    clear = (
        '<button type="button" data-do="clear" data-value="" data-confirm="Begin a new conversation? '
        'This one is not kept unless you save it.">New conversation</button>'
    )
    return f'<p class="keep"><span>Save as</span> {saves} {clear}</p>'


def _exchange(number: int, exchange: Exchange, may_judge: bool) -> str:
    return (
        f'<article class="exchange"><h2 class="question"><span class="said">You asked: </span>'
        f"{escape(exchange.question)}</h2>{''.join(_reply(number, exchange, may_judge))}</article>"
    )


def _reply(number: int, exchange: Exchange, may_judge: bool) -> Iterator[str]:
    if exchange.answer is None:
        yield _note(number, exchange)
        return
    if exchange.answer.read_as:
        yield (
            f'<p class="read-as">Read as: {escape(exchange.answer.read_as)} '
            f'<button type="button" data-do="as-typed" data-value="{number}">Ask it as I typed it</button></p>'
        )
    if exchange.is_refused:
        yield from _refusal(number, exchange)
    else:
        numbers = count()
        match exchange.answer:
            case Answer() as answer:
                yield _finding(number, numbers, answer.confidence, answer.citations)
                if answer.alternatives:
                    others = "".join(_finding(number, numbers, o.confidence, o.citations) for o in answer.alternatives)
                    yield _folded(number, f"Other answers ({len(answer.alternatives)})", others)
            case EveryAnswer() as every:
                yield from _values(number, numbers, every)
    yield '<p class="judging">'
    if may_judge:
        yield _judging(number, exchange) if isinstance(exchange.answer, Answer) else ""
        yield _placed(number) if exchange.verdict is Verdict.PLACE else ""
    yield f"{_again(number)}</p>"


def _note(number: int, exchange: Exchange) -> str:
    if exchange.is_pending:
        return f'<p class="pending" role="status">{escape(exchange.note)} …</p>'
    return f'<p class="note" role="alert">{escape(exchange.note)}</p><p>{_again(number)}</p>'


def _again(number: int) -> str:
    return f'<button type="button" data-do="again" data-value="{number}">Ask again</button>'


def _refusal(number: int, exchange: Exchange) -> Iterator[str]:
    assert exchange.answer is not None
    yield '<p class="refusal"><strong>The documents do not answer this.</strong></p>'
    yield f"<p>Why: {escape(str(exchange.answer.refusal))}.</p>"
    if exchange.answer.nearest:
        listed = _sources(number, count(), exchange.answer.nearest, supports=False)
        yield f'<p class="hint">The nearest passages, to look at; they do not support an answer:</p>{listed}'


def _finding(number: int, numbers: "count[int]", sureness: float, citations: tuple[Citation, ...]) -> str:
    before, after = map(escape, around_quote(citations[0]))
    return (
        f'<blockquote class="sentence">{before}<mark>{escape(citations[0].quote)}</mark>{after}</blockquote>'
        f'{_sources(number, numbers, citations)}<p class="confidence">{confidence(sureness)}</p>'
    )


def _values(number: int, numbers: "count[int]", every: EveryAnswer) -> Iterator[str]:
    if every.disagree:
        yield '<p class="note" role="note">The documents disagree.</p>'
    yield f'<ol class="values">{"".join(_value(number, numbers, value) for value in every.values)}</ol>'


def _value(number: int, numbers: "count[int]", value: Value) -> str:
    return f"<li>{_finding(number, numbers, value.confidence, value.citations)}</li>"


def _sources(number: int, numbers: "count[int]", citations: tuple[Citation, ...], *, supports: bool = True) -> str:
    items = []
    for citation in citations:
        place = next(numbers)
        address = escape(link(citation, supports=supports))
        label = escape(f"[{place + 1}] {' › '.join(path(citation))}")
        items.append(
            f'<li><a href="{address}" data-do="place" data-value="{number}:{place}">{label}</a>'
            f'<br><span class="source">{escape(source(citation))}</span></li>'
        )
    return f'<ul class="sources">{"".join(items)}</ul>'


def _folded(number: int, title: str, inside: str) -> str:
    return f'<details data-key="{number}"><summary>{title}</summary>{inside}</details>'


def _judging(number: int, exchange: Exchange) -> str:
    buttons = "".join(
        f'<button type="button" data-do="judge" data-value="{number}:{verdict}" '
        f'aria-pressed="{str(exchange.verdict is verdict).lower()}">{words}</button>'
        for verdict, words in _VERDICTS
    )
    what = "Is it right that there is no answer?" if exchange.is_refused else "Is this the answer?"
    return f"<span>{what}</span> {buttons} "


def _placed(number: int) -> str:
    return (
        f'<span>The right place is marked.</span> <button type="button" data-do="judge" '
        f'data-value="{number}:{Verdict.PLACE}">Take it back</button> '
    )
