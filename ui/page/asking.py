"""The tab to ask in: a conversation, and beside it the place of the quote that was chosen last."""

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
from ..api import AT_ONCE, LONGEST
from .answering import Dials, answering, stopped
from .assets import SCRIPT
from .conversation import Conversation, Exchange, kept, restored
from .judging import judged, placed
from .keeping import KINDS, as_file
from .messages import messages
from .place import EMPTY, Place, linked, moved, place_of, shown
from .settings import EVERY, usual_threshold

_SAVE = "(file) => { if (file) window.pincite.save(JSON.parse(file)) }"
_KEEP = "(text) => { if (text) sessionStorage.setItem('pincite', text) }"
_FOUND = "(now) => [now, sessionStorage.getItem('pincite') || '', location.hash]"

Shown = dict[Any, Any]  # new values by component


@dataclass(slots=True)
class Stops:
    """How often a person has stopped the work in a session: what was begun before is shown no more.

    Gradio could cancel it too, but does so late: what is asked right after a stop would be cancelled with it.
    """

    count: int = 0


def asking_tab(
    blocks: Any,
    assistant: Assistant,
    access: Access,
    examples: Callable[[], list[str]],
    dials: list[Any],
    answered: Callable[[Answer | EveryAnswer], None],
) -> None:
    """Conversation, question and place, and all that happens between them."""
    import gradio as gr

    conversation, place, stops = gr.State(()), gr.State(None), gr.State(Stops())
    memory, file, address = (gr.Textbox(visible=False) for _ in range(3))
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            talk = gr.HTML(
                messages((), [], may_judge=False), elem_id="talk", js_on_load=SCRIPT, apply_default_css=False
            )
            box = gr.Textbox(
                placeholder="Your question",
                label="Your question",
                show_label=False,
                container=False,
                max_length=LONGEST,
                lines=1,
                max_lines=5,
                submit_btn=True,
                elem_id="question",
                autofocus=True,
            )
        with gr.Column(scale=2, min_width=320):
            panel = gr.HTML(EMPTY, elem_id="place", js_on_load=SCRIPT, apply_default_css=False)

    nothing: Shown = {file: gr.skip()}  # an empty answer Gradio takes for a missing one

    def told(now: Conversation) -> Shown:
        offered = [] if now else examples()
        return {conversation: now, talk: messages(now, offered, may_judge=access.may_judge)}

    def opened(at: Place, *, is_opened: bool = True) -> Shown:
        seen, html = shown(assistant.library, at, may_judge=access.may_judge, is_opened=is_opened)
        return {place: seen, panel: html}

    def ask(
        now: Conversation, question: str, how: list[Any], stopping: Stops, at: int | None = None, plain: bool = False
    ) -> Iterator[Shown]:
        """Everything that is shown while a question is worked on; the first citation is opened at the end."""
        if any(exchange.is_pending for exchange in now):
            gr.Info("Another question is being answered. Wait for it, or stop it.")
            return
        number, begun = len(now) if at is None else at, stopping.count
        dialled = _dials(how, usual_threshold(assistant))
        for state in answering(assistant, now, question, dialled, at=at, as_typed=plain):
            if stopping.count != begun:
                yield nothing  # or Gradio would show the last thing once more
                return
            last = state[number]
            if last.is_pending:
                yield {**told(state), box: gr.update(value="", submit_btn=False, stop_btn=True)}
                continue
            if last.answer:
                answered(last.answer)
            yield {**told(state), memory: kept(state), box: gr.update(submit_btn=True, stop_btn=False)}
            yield _first(last, number)

    def _first(exchange: Exchange, number: int) -> Shown:
        if not exchange.citations:
            return {place: None, panel: EMPTY}
        at = place_of(exchange.citations[0], supports=not exchange.is_refused, number=number)
        return opened(at, is_opened=False)

    def submit(question: str, now: Conversation, copy: str, stopping: Stops, *how: Any) -> Iterator[Shown]:
        yield from ask(_current(now, copy), question, list(how), stopping)

    def slow(
        now: Conversation, copy: str, stopping: Stops, sure: float, passages: int, which: str, data: gr.EventData
    ) -> Iterator[Shown]:
        """What a click in the conversation has asked."""
        now, how = _current(now, copy), [sure, passages, which]
        do, value = _clicked(data)
        if do == "ask":
            yield from ask(now, value, how, stopping)
        elif value.isdecimal() and int(value) < len(now):
            chosen = now[int(value)]
            yield from ask(
                now, chosen.question, how, stopping, at=int(value), plain=chosen.as_typed or do == "as-typed"
            )

    def quick(now: Conversation, copy: str, data: gr.EventData) -> Shown:
        """What any other click in the conversation does."""
        now = _current(now, copy)
        do, value = _clicked(data)
        if do == "keep" and value in KINDS:
            return {file: json.dumps(asdict(as_file(now, value)))}
        if do == "clear":
            return {**told(()), memory: "[]", place: None, panel: EMPTY}
        number, _, rest = value.partition(":")
        if not number.isdecimal() or int(number) >= len(now):
            return nothing
        chosen = now[int(number)]
        if do == "place" and rest.isdecimal() and int(rest) < len(chosen.citations):
            return opened(place_of(chosen.citations[int(rest)], supports=not chosen.is_refused, number=int(number)))
        if do == "judge" and access.may_judge and rest in [*Verdict]:
            return kept_verdict(now, int(number), lambda: judged(assistant.library, chosen, Verdict(rest)))
        return nothing

    def look(now: Conversation, copy: str, at: Place | None, data: gr.EventData) -> Shown:
        """What a click beside the document does."""
        now = _current(now, copy)
        do, value = _clicked(data)
        if do == "link" and (found := linked(value)):
            return opened(_for_last(found, now))
        if at is None:
            return nothing
        if do == "look":
            return opened(moved(at, value), is_opened=False)
        start, _, end = value.partition("-")
        known = at.number is not None and at.number < len(now) and start.isdecimal() and end.isdecimal()
        if do == "mark" and access.may_judge and at.number is not None and known:
            exchange = now[at.number]
            return kept_verdict(now, at.number, lambda: placed(assistant.library, exchange, at, int(start), int(end)))
        return nothing

    def kept_verdict(now: Conversation, number: int, judge: Callable[[], Exchange]) -> Shown:
        try:
            changed = (*now[:number], judge(), *now[number + 1 :])
        except PinciteError as error:
            gr.Warning(escape(str(error)))
            return nothing
        return {**told(changed), memory: kept(changed)}

    def load(now: Conversation, text: str, hash_: str) -> Shown:
        """The conversation that the browser kept, unless one was begun already, and the place of the address."""
        found, current = linked(hash_), _current(now, text)
        talked = {} if now else {**told(current), memory: text}
        return {**nothing, **talked, **(opened(_for_last(found, current), is_opened=False) if found else {})}

    def stop(now: Conversation, copy: str, stopping: Stops) -> Shown:
        stopping.count += 1
        now = stopped(_current(now, copy))
        return {**told(now), memory: kept(now), box: gr.update(submit_btn=True, stop_btn=False)}

    everything = [conversation, talk, box, memory, file, place, panel]
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    asking = {**private, "concurrency_limit": AT_ONCE, "concurrency_id": "asking", "trigger_mode": "multiple"}
    at_once = {**private, "concurrency_limit": None, "trigger_mode": "multiple"}
    box.submit(submit, [box, conversation, memory, stops, *dials], everything, **asking)
    talk.submit(slow, [conversation, memory, stops, *dials], everything, **asking)
    box.stop(stop, [conversation, memory, stops], everything, **at_once)
    talk.click(quick, [conversation, memory], everything, **at_once)
    panel.click(look, [conversation, memory, place], everything, **at_once)
    memory.change(None, memory, js=_KEEP, **private)
    file.change(None, file, js=_SAVE, **private)
    blocks.load(load, [conversation, memory, address], everything, js=_FOUND, **at_once)


def _current(now: Conversation, copy: str) -> Conversation:
    """The conversation as the server holds it, or the browser's copy where the server has let go of it."""
    return now or restored(copy)


def _for_last(place: Place, now: Conversation) -> Place:
    """A whole document as the place of the last exchange, so that the right answer to it can be marked there."""
    return place if place.is_quoted or not now or now[-1].answer is None else replace(place, number=len(now) - 1)


def _dials(how: list[Any], usual: float) -> Dials:
    """The settings; a threshold that was not moved is the assistant's own, which is not rounded."""
    threshold, passages, which = how
    own = threshold is None or threshold == usual
    return Dials(None if own else float(threshold), int(passages or PASSAGES), which == EVERY)


def _clicked(data: Any) -> tuple[str, str]:
    """What was clicked; nothing that comes from a browser is taken for granted."""
    said = data._data if isinstance(data._data, dict) else {}
    return str(said.get("do", "")), str(said.get("value", ""))
