"""What happens in the tab to ask in. Each handler returns the new values of the tab's parts, by part."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from html import escape
from typing import Any

from rag.assistant import PASSAGES, Assistant
from rag.errors import PinciteError
from rag.labels import Verdict
from rag.values import Answer, EveryAnswer

from ..access import Access
from ..tools import LONGEST
from .answering import Dials, answering, stopped
from .conversation import Conversation, Exchange, kept, restored
from .judging import judged, placed
from .keeping import KINDS, as_file
from .messages import messages
from .place import EMPTY, Place, linked, moved, place_of, shown
from .settings import EVERY, usual_threshold

Shown = dict[Any, Any]  # new values by part


@dataclass(slots=True)
class Stops:
    """How often a person has stopped the work in a session: what was begun before is shown no more.

    Gradio could cancel it too, but does so late: what is asked right after a stop would be cancelled with it.
    """

    count: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The parts of the tab that a handler changes: components of Gradio."""

    conversation: Any
    talk: Any
    box: Any
    memory: Any  # what the browser keeps of the conversation
    file: Any  # what the browser is to save
    place: Any
    panel: Any


@dataclass(frozen=True, slots=True, eq=False)
class Handlers:
    """`now` is the conversation as the server holds it, `copy` the browser's copy; `do` and `value` were clicked."""

    assistant: Assistant
    access: Access
    examples: Callable[[], list[str]]
    answered: Callable[[Answer | EveryAnswer], None]
    parts: Parts

    def submit(self, question: str, now: Conversation, copy: str, stops: Stops, *how: Any) -> Iterator[Shown]:
        """A question was typed."""
        yield from self._ask(_current(now, copy), question, how, stops)

    def click_to_ask(
        self, now: Conversation, copy: str, stops: Stops, how: tuple[Any, ...], do: str, value: str
    ) -> Iterator[Shown]:
        """An example was clicked, or a question is to be asked again, perhaps as it was typed."""
        now = _current(now, copy)
        if do == "ask":
            yield from self._ask(now, value, how, stops)
        elif value.isdecimal() and int(value) < len(now):
            chosen = now[int(value)]
            plain = chosen.as_typed or do == "as-typed"
            yield from self._ask(now, chosen.question, how, stops, at=int(value), plain=plain)

    def stop(self, now: Conversation, copy: str, stops: Stops) -> Shown:
        """The work is to be stopped."""
        stops.count += 1
        now = stopped(_current(now, copy))
        return {**self._told(now), self.parts.memory: kept(now), self.parts.box: _button(stops=False)}

    def click(self, now: Conversation, copy: str, do: str, value: str) -> Shown:
        """Anything else in the conversation was clicked."""
        now = _current(now, copy)
        if do == "keep" and value in KINDS:
            return {self.parts.file: json.dumps(asdict(as_file(now, value)))}
        if do == "clear":
            return {**self._told(()), self.parts.memory: "[]", **self._closed()}
        number, _, rest = value.partition(":")
        if not number.isdecimal() or int(number) >= len(now):
            return self._nothing()
        chosen = now[int(number)]
        if do == "place" and rest.isdecimal() and int(rest) < len(chosen.citations):
            at = place_of(chosen.citations[int(rest)], supports=not chosen.is_refused, number=int(number))
            return self._opened(at)
        if do == "judge" and self.access.may_judge and rest in [*Verdict] and not _is_answering(now):
            return self._judged(now, int(number), lambda: judged(self.assistant.library, chosen, Verdict(rest)))
        return self._nothing()

    def click_beside(self, now: Conversation, copy: str, at: Place | None, do: str, value: str) -> Shown:
        """Something beside the document was clicked, or a part of its text is to be marked."""
        now = _current(now, copy)
        if do == "link" and (found := linked(value)):
            return self._opened(_for_last(found, now))
        if at is None:
            return self._nothing()
        if do == "look":
            return self._opened(moved(at, value), is_opened=False)
        start, _, end = value.partition("-")
        known = at.number is not None and at.number < len(now) and start.isdecimal() and end.isdecimal()
        if do == "mark" and self.access.may_judge and at.number is not None and known and not _is_answering(now):
            exchange, library = now[at.number], self.assistant.library
            return self._judged(now, at.number, lambda: placed(library, exchange, at, int(start), int(end)))
        return self._nothing()

    def load(self, now: Conversation, text: str, address: str) -> Shown:
        """The conversation that the browser kept, unless one was begun already, and the place of the address."""
        found, current = linked(address), _current(now, text)
        talked = {} if now else {**self._told(current), self.parts.memory: text}
        place = self._opened(_for_last(found, current), is_opened=False) if found else {}
        return {**self._nothing(), **talked, **place}

    def _ask(
        self,
        now: Conversation,
        question: str,
        how: tuple[Any, ...],
        stops: Stops,
        *,
        at: int | None = None,
        plain: bool = False,
    ) -> Iterator[Shown]:
        """Everything that is shown while a question is worked on; the first citation is opened at the end."""
        import gradio as gr

        if _is_answering(now):
            gr.Info("Another question is being answered. Wait for it, or stop it.")
            raise gr.Error(visible=False, print_exception=False)  # for the page, which gives the question back
        if len(question) > LONGEST:  # the box takes no more, but whoever leaves it out could send it
            raise gr.Error(f"A question has at most {LONGEST:,} characters. Shorten it.", print_exception=False)
        parts, number, begun = self.parts, len(now) if at is None else at, stops.count
        dialled = _dials(how, usual_threshold(self.assistant))
        for state in answering(self.assistant, now, question, dialled, at=at, as_typed=plain):
            if stops.count != begun:
                yield self._nothing()  # or Gradio would show the last thing once more
                return
            last = state[number]
            if last.is_pending:
                yield {**self._told(state), parts.box: _button(stops=True)}
                continue
            if last.answer:
                self.answered(last.answer)
            yield {**self._told(state), parts.memory: kept(state), parts.box: _button(stops=False)}
            yield self._first(last, number)

    def _told(self, now: Conversation) -> Shown:
        offered = [] if now else self.examples()
        html = messages(now, offered, may_judge=self.access.may_judge)
        return {self.parts.conversation: now, self.parts.talk: html}

    def _first(self, exchange: Exchange, number: int) -> Shown:
        if not exchange.citations:
            return self._closed()
        at = place_of(exchange.citations[0], supports=not exchange.is_refused, number=number)
        return self._opened(at, is_opened=False)

    def _opened(self, at: Place, *, is_opened: bool = True) -> Shown:
        seen, html = shown(self.assistant.library, at, may_judge=self.access.may_judge, is_opened=is_opened)
        return {self.parts.place: seen, self.parts.panel: html}

    def _closed(self) -> Shown:
        return {self.parts.place: None, self.parts.panel: EMPTY}

    def _judged(self, now: Conversation, number: int, judge: Callable[[], Exchange]) -> Shown:
        import gradio as gr

        try:
            changed = (*now[:number], judge(), *now[number + 1 :])
        except PinciteError as error:
            gr.Warning(escape(str(error)))
            return self._nothing()
        return {**self._told(changed), self.parts.memory: kept(changed)}

    def _nothing(self) -> Shown:
        import gradio as gr

        return {self.parts.file: gr.skip()}  # an empty answer Gradio takes for a missing one


def _button(*, stops: bool) -> Any:
    """The box with the button that stops, or with the one that asks."""
    import gradio as gr

    return gr.update(submit_btn=not stops, stop_btn=stops)


def _is_answering(now: Conversation) -> bool:
    """Whether an answer is on its way, which would bring back the conversation as it was when it was asked for."""
    return any(exchange.is_pending for exchange in now)


def _current(now: Conversation, copy: str) -> Conversation:
    """The conversation as the server holds it, or the browser's copy where the server has let go of it."""
    return now or restored(copy)


def _for_last(place: Place, now: Conversation) -> Place:
    """A whole document as the place of the last exchange, so that the right answer to it can be marked there."""
    return place if place.is_quoted or not now or now[-1].answer is None else replace(place, number=len(now) - 1)


def _dials(how: tuple[Any, ...], usual: float) -> Dials:
    """The settings; a threshold that was not moved is the assistant's own, which is not rounded."""
    threshold, passages, which = how
    own = threshold is None or threshold == usual
    return Dials(None if own else float(threshold), int(passages or PASSAGES), which == EVERY)
