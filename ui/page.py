"""The page: a conversation, and beside it the cited passages with the quotes marked."""

from pathlib import Path
from typing import Any

from rag.assistant import Assistant
from rag.errors import PinciteError
from rag.values import Answer, Turn

from .render import literal, message, places

Said = dict[str, Turn]  # what a session has asked, as it was read, by the words that were typed

STYLE = Path(__file__).with_name("page.css")
AT_ONCE = 4  # questions worked on at the same time; the models take turns
WAITING = "<p class='hint'>Ask something: the passage that holds the answer appears here, the quote marked.</p>"


def page(assistant: Assistant, examples: list[str]) -> Any:
    """The Gradio page that asks the assistant."""
    import gradio as gr

    def respond(question: str, messages: list[Any], said: Said) -> tuple[str, str, Said]:
        asked = [_text(one["content"]) for one in messages if one["role"] == "user"]
        shown, panel, turn = reply(assistant, question, [said[earlier] for earlier in asked if earlier in said])
        return shown, panel, {**said, question: turn} if turn else said

    with gr.Blocks(title="Pincite", fill_height=True, analytics_enabled=False) as blocks:
        gr.HTML("<h1>Pincite</h1><p>Your documents answer in their own words, each quote with its exact place.</p>")
        panel = gr.HTML(WAITING, elem_id="places", render=False)
        said = gr.State({})
        with gr.Row():
            with gr.Column(scale=3):
                gr.ChatInterface(
                    respond,
                    chatbot=gr.Chatbot(
                        height="62vh",
                        label="Conversation",
                        latex_delimiters=[],
                        feedback_options=None,
                        buttons=["copy"],
                        placeholder="Ask the documents a question.",
                    ),
                    textbox=gr.Textbox(
                        placeholder="Your question",
                        show_label=False,
                        max_length=1000,
                        container=False,
                        submit_btn=True,
                        stop_btn=True,
                    ),
                    additional_inputs=[said],
                    additional_outputs=[panel, said],
                    examples=[[example, None] for example in examples] or None,
                    concurrency_limit=AT_ONCE,
                    api_name="ask",
                )
            with gr.Column(scale=2, min_width=300):
                panel.render()  # type: ignore[no-untyped-call]
    return blocks


def reply(assistant: Assistant, question: str, turns: list[Turn]) -> tuple[str, str, Turn | None]:
    """The chat message, the panel beside it, and the turn to remember; an error is shown as one, never as a refusal."""
    try:
        answer = assistant.ask(question, history=turns)
    except PinciteError as error:
        return f"<p><strong>That did not work.</strong></p><p>{literal(str(error))}</p>", WAITING, None
    return message(answer), _panel(assistant, answer), Turn(answer.read_as or question, answer.text)


def _text(content: Any) -> str:
    """What a person typed, from a message's content, which is a text or a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content if isinstance(part, dict))


def _panel(assistant: Assistant, answer: Answer) -> str:
    citations = answer.nearest if answer.refusal else answer.citations
    if not citations:
        return WAITING
    with assistant.library.view() as view:
        held = {(entry.id, entry.sha256) for entry in view.entries()}  # a document may have changed meanwhile
        found = [(view.document(c.document_id), c) for c in citations if (c.document_id, c.sha256) in held]
    return places(found, supports=answer.refusal is None)
