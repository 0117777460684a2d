"""The tab to ask in: a conversation, and beside it the place of the quote that was chosen last."""

from collections.abc import Callable, Iterator
from typing import Any

from rag.assistant import Assistant
from rag.values import Answer, EveryAnswer

from ..access import Access
from ..api import AT_ONCE
from ..tools import LONGEST
from .assets import SCRIPT
from .conversation import Conversation
from .handlers import Handlers, Parts, Shown, Stops
from .messages import messages
from .place import EMPTY, Place

_SAVE = "(file) => { if (file) window.pincite.save(JSON.parse(file)) }"
_KEEP = "(text) => { if (text) sessionStorage.setItem('pincite', text) }"
_SEND = "(question, ...rest) => [window.pincite.take(question), ...rest]"
_GIVE_BACK = "() => window.pincite.giveBack()"
_FOUND = "(now) => [now, sessionStorage.getItem('pincite') || '', location.hash]"


def asking_tab(
    blocks: Any,
    assistant: Assistant,
    access: Access,
    examples: Callable[[], list[str]],
    dials: list[Any],
    answered: Callable[[Answer | EveryAnswer], None],
) -> None:
    """Conversation, question and place, and what is done when one of them is used."""
    import gradio as gr

    parts = _parts()
    stops, address = gr.State(Stops()), gr.Textbox(visible=False)
    handlers = Handlers(assistant, access, examples, answered, parts)

    def ask(
        now: Conversation, copy: str, stopping: Stops, sure: float, passages: int, which: str, data: gr.EventData
    ) -> Iterator[Shown]:
        yield from handlers.click_to_ask(now, copy, stopping, (sure, passages, which), *_clicked(data))

    def click(now: Conversation, copy: str, data: gr.EventData) -> Shown:
        return handlers.click(now, copy, *_clicked(data))

    def click_beside(now: Conversation, copy: str, at: Place | None, data: gr.EventData) -> Shown:
        return handlers.click_beside(now, copy, at, *_clicked(data))

    everything = [getattr(parts, name) for name in Parts.__slots__]
    talked = [parts.conversation, parts.memory]
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    asking = {**private, "concurrency_limit": AT_ONCE, "concurrency_id": "asking", "trigger_mode": "multiple"}
    at_once = {**private, "concurrency_limit": None, "trigger_mode": "multiple"}
    asked = parts.box.submit(handlers.submit, [parts.box, *talked, stops, *dials], everything, js=_SEND, **asking)
    asked.failure(None, js=_GIVE_BACK, **private)
    parts.talk.submit(ask, [*talked, stops, *dials], everything, **asking)
    parts.box.stop(handlers.stop, [*talked, stops], everything, **at_once)
    parts.talk.click(click, talked, everything, **at_once)
    parts.panel.click(click_beside, [*talked, parts.place], everything, **at_once)
    parts.memory.change(None, parts.memory, js=_KEEP, **private)
    parts.file.change(None, parts.file, js=_SAVE, **private)
    blocks.load(handlers.load, [*talked, address], everything, js=_FOUND, **at_once)


def _parts() -> Parts:
    """The tab as it is laid out: the conversation over the box for a question, the place beside them."""
    import gradio as gr

    html: dict[str, Any] = {"js_on_load": SCRIPT, "apply_default_css": False}
    conversation, place = gr.State(()), gr.State(None)
    memory, file = (gr.Textbox(visible=False) for _ in range(2))
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            talk = gr.HTML(messages((), [], may_judge=False), elem_id="talk", **html)
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
            panel = gr.HTML(EMPTY, elem_id="place", **html)
    return Parts(conversation, talk, box, memory, file, place, panel)


def _clicked(data: Any) -> tuple[str, str]:
    """What was clicked; nothing that comes from a browser is taken for granted."""
    said = data._data if isinstance(data._data, dict) else {}
    return str(said.get("do", "")), str(said.get("value", ""))
