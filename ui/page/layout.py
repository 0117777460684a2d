"""The page: three tabs, of which the first is for asking."""

from collections.abc import Callable
from typing import Any

from rag.assistant import Assistant
from rag.values import Answer, EveryAnswer

from ..access import Access
from ..uploads import SECONDS_TO_ARRIVE, Limits
from .asking import asking_tab
from .documents import documents_tab
from .settings import settings_tab

_HEAD = "<h1>Pincite</h1><p>Your documents answer in their own words, each quote with its exact place.</p>"


def page(
    assistant: Assistant,
    access: Access,
    limits: Limits,
    examples: Callable[[], list[str]],
    answered: Callable[[Answer | EveryAnswer], None],
) -> Any:
    """The Gradio page that asks the assistant: it begins with `examples`, and tells `answered` of every answer."""
    import gradio as gr

    forgotten = (SECONDS_TO_ARRIVE // 24, SECONDS_TO_ARRIVE)  # looked for so often, deleted when so old, and at the end
    with gr.Blocks(title="Pincite", fill_width=True, analytics_enabled=False, delete_cache=forgotten) as blocks:
        gr.HTML(_HEAD, elem_id="head", apply_default_css=False)
        with gr.Tabs():
            ask = gr.Tab("Ask")
            with gr.Tab("Documents"):
                documents_tab(blocks, assistant.library, access, limits)
            with gr.Tab("Settings"):
                dials = settings_tab(blocks, assistant)
            with ask:
                asking_tab(blocks, assistant, access, examples, dials, answered)
    return blocks
