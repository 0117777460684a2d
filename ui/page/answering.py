"""A question of a conversation, from being asked to its answer."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rag.assistant import EVERY_PASSAGES, Assistant
from rag.errors import PinciteError
from rag.values import Stage

from ..problems import told
from .conversation import Conversation, Exchange, history

_LOG = logging.getLogger(__name__)
STOPPED = "Stopped before there was an answer."


@dataclass(frozen=True, slots=True)
class Dials:
    """How questions are answered: the confidence to reach, 0 to 1, the passages to read, and whether all are wanted.

    A threshold of None is the assistant's own.
    """

    threshold: float | None
    passages: int
    every: bool


def answering(
    assistant: Assistant,
    conversation: Conversation,
    question: str,
    dials: Dials,
    *,
    at: int | None = None,
    as_typed: bool = False,
) -> Iterator[Conversation]:
    """The conversation at each stage of the work, and with the answer last. An error is shown as one, not as a refusal.

    `at`: the number of the exchange that is asked again; `as_typed`: without what was said before.
    """
    number = len(conversation) if at is None else at
    turns = [] if as_typed else history(conversation[:number])
    typed = question.encode(errors="replace").decode()  # half of a surrogate pair can be neither shown nor kept

    def going(exchange: Exchange) -> Conversation:
        return (*conversation[:number], exchange, *conversation[number + 1 :])

    k = max(dials.passages, EVERY_PASSAGES) if dials.every else dials.passages
    try:
        for step in assistant.asking(question, history=turns, k=k, threshold=dials.threshold, every=dials.every):
            if isinstance(step, Stage):
                yield going(Exchange(typed, note=step.capitalize(), is_pending=True, as_typed=as_typed))
            else:
                done = Exchange(typed, step, as_typed=as_typed)
                yield going(done if at is None else _still_judged(done, conversation[at]))
    except PinciteError as error:
        yield going(Exchange(typed, note=f"That did not work. {told(error)}", as_typed=as_typed))
    except Exception as error:  # the page must not wait for ever for what has failed
        _LOG.exception("A question could not be answered.")
        kind = type(error).__name__
        yield going(Exchange(typed, note=f"Pincite failed ({kind}); its log says more.", as_typed=as_typed))


def _still_judged(exchange: Exchange, before: Exchange) -> Exchange:
    """What was asked again, with the verdict on it where that still holds; the library keeps it in any case.

    A right place is that of the question, whatever is answered now. Any other verdict is on the answer.
    """
    is_same = (before.is_refused, before.citations[:1]) == (exchange.is_refused, exchange.citations[:1])
    if before.meant != exchange.meant or not (is_same or before.place):
        return exchange
    return replace(exchange, verdict=before.verdict, place=before.place)


def stopped(conversation: Conversation) -> Conversation:
    """The conversation after a person stopped the work on it."""
    return tuple(
        Exchange(exchange.question, note=STOPPED, as_typed=exchange.as_typed) if exchange.is_pending else exchange
        for exchange in conversation
    )
